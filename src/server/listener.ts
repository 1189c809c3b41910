import { lstatSync, unlinkSync } from "node:fs";
import type { ReadFile } from "../config/read-files.ts";
import type { Settings } from "../config/settings-table.ts";
import type { Log } from "../telemetry/log.ts";
import type { createApplication } from "./application.ts";
import { holdPort } from "./hold-port.ts";
import { limitHeads } from "./limit-heads.ts";
import { loadTls, type TlsMaterial } from "./tls.ts";

/**
 * Removes the unix socket that a process left behind when it was killed, so that its successor can listen there.
 * A file that is not a socket, and a socket where somebody answers, are left alone: listening then fails, as it should.
 */
export async function clearStaleSocket(path: string): Promise<void> {
  const file = lstatSync(path, { throwIfNoEntry: false });
  if (!file?.isSocket()) return;
  if (await answers(path)) return;
  unlinkSync(path);
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    Bun.connect({
      unix: path,
      socket: {
        open(socket) {
          resolve(true);
          socket.end();
        },
        data() {},
        connectError: () => resolve(false),
      },
    }).catch(() => resolve(false));
  });
}

/** The address on which the gateway listens, over all the servers that have stood there. */
export interface Listener {
  /** Where clients reach it, without a trailing slash. */
  readonly url: string;
  /** Lets the connection of a request be silent without limit. */
  suspendIdleTimeout(request: Request): void;
  /** Lets it be silent for the idle timeout, from now on. */
  restoreIdleTimeout(request: Request): void;
  /** Whether each answer is to be the last one of its connection, and to say so. */
  endsConnections(): boolean;
  /**
   * Serves new connections with another certificate, without refusing one meanwhile; requests under way go on over theirs,
   * which ends after them. Resolves when no connection gets the certificate of before any more. Rejects where the address
   * cannot be had with the new one; that of before then serves on.
   */
  replaceTls(tls: TlsMaterial): Promise<void>;
  /**
   * From now on every answer ends its connection and says so. Resolves a moment later, when nothing is accepted any more and
   * connections that carry nothing are closed: by then, clients with a next request at hand have sent it, and know.
   */
  leave(): Promise<void>;
  /** Accepts nothing any more; resolves when every connection has ended, or at once where they are to be cut. */
  stop(cut: boolean): Promise<void>;
}

/** The runtime looks at its connections this often, and without these seconds would close them up to so much too early. */
const TICK_SECONDS = 4;

/** The longest that the runtime takes. */
const LONGEST_IDLE_SECONDS = 255;

/** How long after a failure it is tried again to listen on a unix socket. */
const RETRY_MS = 1000;

/**
 * For so long answers say that their connection ends before connections that carry nothing are closed, in milliseconds. The
 * request of a client that sends one after the other would otherwise meet the closing of its connection.
 */
const LEAVE_MS = 100;

type Application = ReturnType<typeof createApplication>;
type ListenOptions = Parameters<Application["listen"]>[0];

export interface ListenerOptions {
  /** Whether other processes may listen on the same port, and get some of its connections each. */
  readonly sharesPort: boolean;
  /** Reads the files of certificate and key. */
  readonly readFile?: ReadFile;
  readonly log: Pick<Log, "info">;
}

/** Begins to listen. Throws where the address cannot be had. */
export async function openListener(
  application: Application,
  settings: Settings,
  { sharesPort, readFile, log }: ListenerOptions,
): Promise<Listener> {
  const unix = settings.SERVER_UNIX_SOCKET;
  if (unix !== undefined) await clearStaleSocket(unix);
  const idleSeconds = Math.min(Math.ceil(settings.SERVER_IDLE_TIMEOUT / 1000) + TICK_SECONDS, LONGEST_IDLE_SECONDS);
  limitHeads();
  /** The one that accepts stands last; before it, those whose connections have not ended. */
  let servers: Bun.Server<unknown>[] = [];
  let current = loadTls(settings, readFile);
  let retry: Timer | undefined;
  let leaving = 0;
  // A running server keeps its certificate, so another one has to take its place, and both listen for a moment.
  const replacesServers = current !== undefined && unix === undefined;

  const listen = (port: number, tls: TlsMaterial | undefined): Bun.Server<unknown> => {
    const address = unix === undefined ? { hostname: settings.SERVER_HOST, port } : { unix };
    application.listen({
      ...address,
      ...(tls && { tls }),
      // Each of these has another default in Elysia, or in Bun, that would harm: pages with source code in errors, a
      // second gateway on the same port, and a 413 without a body before the gateway's own limit can answer.
      development: false,
      reusePort: sharesPort || replacesServers,
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
      idleTimeout: idleSeconds,
    } as ListenOptions);
    const server = application.server as Bun.Server<unknown>;
    servers.push(server);
    return server;
  };

  const stopAccepting = (old: Bun.Server<unknown> | undefined): void => {
    void old?.stop().then(() => (servers = servers.filter((server) => server !== old)));
  };

  const leaveFor = async (milliseconds: number): Promise<void> => {
    leaving += 1;
    await Bun.sleep(milliseconds);
  };

  const replaceUnix = (tls: TlsMaterial): void => {
    if (retry) {
      current = tls;
      throw new Error("nothing listens yet; the new certificate is served as soon as the address can be had again");
    }
    // The path is free as soon as the old one stops accepting, which it does before the last of its requests is answered.
    stopAccepting(servers.at(-1));
    try {
      listen(0, tls);
      current = tls;
    } catch (error) {
      const reason = `cannot listen with the new certificate (${reasonOf(error)})`;
      try {
        listen(0, current);
      } catch {
        retry = setTimeout(tryAgain, RETRY_MS);
        throw new Error(`${reason}, nor with that of before: until that can be had again, nothing listens`);
      }
      throw new Error(`${reason}; that of before is served on`);
    }
  };

  const tryAgain = (): void => {
    try {
      listen(0, current);
      retry = undefined;
      log.info("listening again");
    } catch {
      retry = setTimeout(tryAgain, RETRY_MS);
    }
  };

  const first = listen(await portFor(settings, replacesServers && !sharesPort), current);
  // A server that was stopped does not tell its port any more.
  const port = first.port ?? settings.SERVER_PORT;
  return {
    url: unix === undefined ? first.url.href.replace(/\/$/, "") : `unix:${unix}`,
    suspendIdleTimeout: (request) => servers.at(-1)?.timeout(request, 0),
    restoreIdleTimeout: (request) => servers.at(-1)?.timeout(request, idleSeconds),
    endsConnections: () => leaving > 0,
    async replaceTls(tls) {
      if (unix !== undefined) return replaceUnix(tls);
      const old = servers.at(-1);
      try {
        listen(port, tls);
      } catch (error) {
        throw new Error(`cannot listen with the new certificate (${reasonOf(error)}); that of before is served on`);
      }
      // Timers run right after the runtime has accepted what waited for it, so that hardly a connection can wait for a
      // server that stops. Linux hands even that over to the new one, where net.ipv4.tcp_migrate_req is set.
      await leaveFor(LEAVE_MS);
      stopAccepting(old);
      leaving -= 1;
    },
    leave: () => leaveFor(LEAVE_MS),
    async stop(cut) {
      clearTimeout(retry);
      await Promise.all(servers.map((server) => server.stop(cut)));
    },
  };
}

/** The port to listen on; one that is to be shared is made sure of first, because sharing it would not fail. */
async function portFor(settings: Settings, isShared: boolean): Promise<number> {
  if (!isShared) return settings.SERVER_PORT;
  const held = holdPort(settings);
  await held.release();
  return held.port;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? ("code" in error ? String(error.code) : error.message) : String(error);
}
