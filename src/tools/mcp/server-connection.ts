import type { JsonObject } from "../../core/json/parse.ts";
import { callTool } from "./call-in-session.ts";
import { McpError, tookTooLong } from "./errors.ts";
import { createSessionHolder, type HeldSession, holdSession } from "./held-session.ts";
import { keepConnected } from "./keep-connected.ts";
import { createPause } from "./pause.ts";
import { createConnectionState, type ServerStatus } from "./connection-state.ts";
import { bindSignal, type CallHeaders } from "./session-requests.ts";
import type { McpServer, OpenSession, RemoteTool, SessionOptions } from "./session.ts";
import { redactionOf } from "../../core/redact/redact.ts";
import type { SecretPatterns } from "../../core/redact/secret-patterns.ts";
import { openCredentials } from "./server-credentials.ts";
import { watchSession } from "./watch-session.ts";

/** One MCP server, connected to whenever it is available. */
export interface ServerConnection {
  readonly server: McpServer;
  /** Begins to connect, in the background. */
  start(): void;
  status(): ServerStatus;
  /** The server's tools as last heard, also while it is away. Another array after each change. */
  tools(): readonly RemoteTool[];
  /** What must not be seen of what the server says, as it is now. */
  secrets(): readonly SecretPatterns[];
  /**
   * Runs a tool, once more in a new session if the old one is gone.
   * @param headers further ones, sent with the call
   * @throws McpError, or the signal's reason once it is aborted.
   */
  call(tool: RemoteTool, args: JsonObject, signal: AbortSignal, headers?: CallHeaders): Promise<JsonObject>;
  /** Ends the session, which takes two seconds at most, and every wait. Never throws. */
  close(): Promise<void>;
}

export interface ConnectionLimits {
  /** One call of a tool. All in milliseconds. */
  readonly callMs: number;
  /** Connecting with one transport, or one page of the list of tools. */
  readonly connectMs: number;
  /** Longest wait before a server that is away is tried again. */
  readonly reconnectMs: number;
  /** Between two checks of the tools; 0 for never. */
  readonly pollMs: number;
}

export interface ConnectionParts extends Pick<
  SessionOptions,
  "client" | "fetch" | "timers" | "memory" | "jsonLimits" | "reducesSchemas"
> {
  readonly openSession: OpenSession;
  readonly limits: ConnectionLimits;
  /** Called when the status or the tools have changed; `problem` says why a server is away. */
  readonly onChange: (connection: ServerConnection, problem: McpError | undefined) => void;
  /** Called when other tools than before are left out or cut, and why, without secrets. */
  readonly onToolFaults: (faults: readonly string[]) => void;
}

export function openServerConnection(server: McpServer, parts: ConnectionParts): ServerConnection {
  const { openSession, onToolFaults, onChange, limits, ...shared } = parts;
  const { timers } = shared;
  const { fetch, secrets } = openCredentials(server, { ...shared, timeoutMs: limits.connectMs });
  const shutdown = new AbortController();
  const stop = shutdown.signal;
  const pause = createPause(timers, stop);
  const sessions = createSessionHolder();
  const state = createConnectionState(
    (problem) => onChange(connection, problem),
    (faults) => onToolFaults(faults.map(redactionOf(secrets()))),
  );
  let running: Promise<void> | undefined;

  const lose = (losing: HeldSession | undefined, problem: McpError): void => {
    if (!losing || losing.lost) return;
    losing.lost = problem;
    pause.wake();
  };

  const open = async (): Promise<HeldSession> => {
    let opened: HeldSession | undefined;
    const events = {
      onToolsChanged: pause.wake,
      onToolFaults: state.setToolFaults,
      onDoubt: pause.wake,
      onLost: () => lose(opened, new McpError("disconnected", "closed the connection")),
    };
    const session = await openSession({ ...shared, fetch, server, timeoutMs: limits.connectMs, signal: stop, events });
    opened = holdSession(session);
    try {
      state.setTools(await session.listTools(stop));
      return opened;
    } catch (error) {
      await session.close();
      throw error;
    }
  };

  const { reconnectMs, pollMs } = limits;
  const watch = (opened: HeldSession): Promise<McpError> =>
    watchSession(opened, { timers, pause, stop, pollMs, onTools: state.setTools });

  const connection: ServerConnection = {
    server,
    start() {
      running ??= keepConnected({ open, watch, sessions, state, pause, stop, reconnectMs }).catch(() => {});
    },
    status: state.status,
    tools: state.tools,
    secrets,
    async call(tool, args, signal, headers) {
      const bound = bindSignal(timers, signal, limits.callMs, () => tookTooLong(limits.callMs, "MCP_REQUEST_TIMEOUT"));
      try {
        if (state.status() !== "connected") throw new McpError("disconnected", "is not connected");
        return await callTool({ tool, args, headers, bound, sessions, lose, doubt: pause.wake });
      } finally {
        bound.release();
      }
    },
    async close() {
      shutdown.abort(new McpError("disconnected", "is not connected any more"));
      await Promise.all([sessions.close(), running]);
      state.end();
    },
  };
  return connection;
}
