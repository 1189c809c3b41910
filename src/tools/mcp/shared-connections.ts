import { callEach } from "../../core/faults.ts";
import type { McpError } from "./errors.ts";
import type { ServerStatus } from "./connection-state.ts";
import { type ConnectionParts, openServerConnection, type ServerConnection } from "./server-connection.ts";
import type { McpServer, OpenSession, SessionOptions } from "./session.ts";

/** What makes a connection: those who want the same share one. */
export interface ConnectionOptions extends Pick<ConnectionParts, "limits" | "jsonLimits" | "fetch" | "reducesSchemas"> {
  readonly server: McpServer;
}

/** Whoever uses a connection. */
export interface ConnectionUser {
  /** Its status or its tools have changed. */
  refresh(): void;
  /** Its status has changed; only the user that came last hears of it. */
  report(connection: ServerConnection, problem: McpError | undefined): void;
}

/** A connection that others may use too. */
export interface ConnectionLease {
  readonly connection: ServerConnection;
  /** Closes the connection if nobody else uses it. Never throws. */
  release(): Promise<void>;
}

/** The connections to MCP servers: they outlive the settings for as long as these ask for the same. */
export interface SharedConnections {
  /** Connects to nothing yet. */
  lease(options: ConnectionOptions, user: ConnectionUser): ConnectionLease;
}

export interface SharedConnectionsParts extends Pick<SessionOptions, "client" | "timers" | "memory"> {
  /** Called with the tools of a server that are left out or cut, and why, whenever these are other ones than before. */
  readonly onToolFaults?: (server: string, faults: readonly string[]) => void;
  readonly openSession?: OpenSession;
}

interface Shared {
  readonly options: ConnectionOptions;
  readonly connection: ServerConnection;
  users: readonly ConnectionUser[];
  told: ServerStatus;
}

// The protocol's library is large; a gateway without MCP must not have it in memory.
const loadAndOpen: OpenSession = async (options) => (await import("./open-session.ts")).openSession(options);

/** Opens no connection yet. */
export function createSharedConnections({
  onToolFaults = () => {},
  openSession = loadAndOpen,
  ...parts
}: SharedConnectionsParts): SharedConnections {
  let all: readonly Shared[] = [];

  const open = (options: ConnectionOptions): Shared => {
    const { server, ...rest } = options;
    const shared: Shared = {
      options,
      connection: openServerConnection(server, {
        ...parts,
        ...rest,
        openSession,
        onToolFaults: (faults) => onToolFaults(server.name, faults),
        onChange(connection, problem) {
          callEach(shared.users, (user) => user.refresh());
          if (connection.status() === shared.told) return;
          shared.told = connection.status();
          shared.users.at(-1)?.report(connection, problem);
        },
      }),
      users: [],
      told: "connecting",
    };
    all = [...all, shared];
    return shared;
  };

  return {
    lease(options, user) {
      const shared = all.find((known) => Bun.deepEquals(known.options, options)) ?? open(options);
      shared.users = [...shared.users, user];
      return {
        connection: shared.connection,
        async release() {
          if (!shared.users.includes(user)) return;
          shared.users = shared.users.filter((other) => other !== user);
          if (shared.users.length > 0) return;
          all = all.filter((other) => other !== shared);
          await shared.connection.close();
        },
      };
    },
  };
}
