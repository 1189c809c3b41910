import type { ReadFile } from "../core/read-files.ts";
import type { Log } from "../telemetry/log.ts";
import { holdPort } from "./hold-port.ts";
import { limitHeads } from "./limit-heads.ts";
import { createUnixReplacement, reasonOf, type UnixReplacement } from "./replace-unix-server.ts";
import { type Application, createServers, type ListenAddress } from "./servers.ts";
import { clearStaleSocket } from "./stale-socket.ts";
import { loadTls, type TlsFiles, type TlsMaterial } from "./tls.ts";

/** The address on which the gateway listens, over all the servers that have stood there. */
export interface Listener {
  /**
   * Begins to listen. Throws if the address cannot be had.
   * @returns where clients reach it, without a trailing slash
   */
  listen(application: Application): Promise<string>;
  /** Lets the connection of a request be silent without limit. */
  suspendIdleTimeout(request: Request): void;
  /** Lets it be silent for the idle timeout, from now on. */
  restoreIdleTimeout(request: Request): void;
  /** Whether each answer is to be the last one of its connection, and to say so. */
  endsConnections(): boolean;
  /**
   * Serves new connections with another certificate, without refusing one meanwhile; requests under way go on over theirs,
   * which ends after them. Resolves when no connection gets the certificate of before any more. Rejects if the address
   * cannot be had with the new one; that of before then serves on.
   */
  replaceTls(tls: TlsMaterial): Promise<void>;
  /**
   * From now on every answer ends its connection and says so. Resolves a moment later, when nothing is accepted any more and
   * connections that carry nothing are closed: by then, clients with a next request at hand have sent it, and know.
   */
  leave(): Promise<void>;
  /** Accepts nothing any more; resolves when every connection has ended, or at once if they are to be cut. */
  stop(cut: boolean): Promise<void>;
}

/** The runtime looks at its connections this often, and without these seconds would close them up to so much too early. */
const TICK_SECONDS = 4;

/** The longest that the runtime takes. */
const MAX_IDLE_SECONDS = 255;

/**
 * For so long answers say that their connection ends before connections that carry nothing are closed, in milliseconds. The
 * request of a client that sends one after the other would otherwise meet the closing of its connection.
 */
const LEAVE_MS = 100;

export interface ListenerOptions {
  readonly address: ListenAddress;
  /** How long a connection may be silent, in milliseconds. */
  readonly idleTimeoutMs: number;
  readonly tls: TlsFiles;
}

export interface ListenerDependencies {
  /** Whether other processes may listen on the same port, and get some of its connections each. */
  readonly sharesPort: boolean;
  /** Reads the files of certificate and key. */
  readonly readFile?: ReadFile;
  readonly log: Pick<Log, "info">;
}

/** Listens to nothing yet. */
export function createListener(
  { address, idleTimeoutMs, tls: files }: ListenerOptions,
  { sharesPort, readFile, log }: ListenerDependencies,
): Listener {
  const { unix } = address;
  const idleSeconds = Math.min(Math.ceil(idleTimeoutMs / 1000) + TICK_SECONDS, MAX_IDLE_SECONDS);
  const servers = createServers({ address, idleSeconds });
  let replacement: UnixReplacement | undefined;
  /** The port that was had; 0 in the address is any. */
  let port = address.port;
  let leaving = 0;

  const leave = async (): Promise<void> => {
    if (!servers.last()) return;
    leaving += 1;
    await Bun.sleep(LEAVE_MS);
  };

  return {
    async listen(application) {
      if (unix !== undefined) await clearStaleSocket(unix);
      limitHeads();
      const tls = loadTls(files, readFile);
      // A running server keeps its certificate, so another one has to take its place, and both listen for a moment.
      const replacesServers = tls !== undefined && unix === undefined;
      servers.serve(application, sharesPort || replacesServers);
      if (unix !== undefined) replacement = createUnixReplacement(servers, tls, log);
      const first = servers.start(await portFor(address, replacesServers && !sharesPort), tls);
      // Kept, because a server that was stopped does not tell its port any more.
      port = first.port ?? address.port;
      return unix === undefined ? first.url.href.replace(/\/$/, "") : `unix:${unix}`;
    },
    suspendIdleTimeout: (request) => servers.last()?.timeout(request, 0),
    restoreIdleTimeout: (request) => servers.last()?.timeout(request, idleSeconds),
    endsConnections: () => leaving > 0,
    async replaceTls(tls) {
      if (replacement) return replacement.replace(tls);
      const old = servers.last();
      // Nothing listens yet, and what begins to will read the files itself.
      if (!old) return;
      try {
        servers.start(port, tls);
      } catch (error) {
        throw new Error(`cannot listen with the new certificate (${reasonOf(error)}); that of before is served on`);
      }
      // Timers run right after the runtime has accepted what waited for it, so that hardly a connection can wait for a
      // server that stops. Linux hands even that over to the new one, where net.ipv4.tcp_migrate_req is set.
      await leave();
      servers.stopAccepting(old);
      leaving -= 1;
    },
    leave,
    async stop(cut) {
      replacement?.stop();
      await servers.stop(cut);
    },
  };
}

/** The port to listen on; one that is to be shared is made sure of first, because sharing it would not fail. */
async function portFor(address: ListenAddress, isShared: boolean): Promise<number> {
  if (!isShared) return address.port;
  const held = holdPort(address);
  await held.release();
  return held.port;
}
