import type { ClientRequest } from "../core/client-request.ts";
import type { Log } from "../telemetry/log.ts";
import { holdPort } from "./hold-port.ts";
import type { Application } from "./application.ts";
import { createServers, type ListenAddress } from "./servers.ts";
import { createUnixReplacement, reasonOf, type UnixReplacement, clearStaleSocket } from "./unix-socket.ts";
import type { TlsMaterial } from "./tls.ts";

/** The address on which the gateway listens, across all the servers that have served it. */
export interface Listener {
  /**
   * Starts to listen. Throws if the address cannot be listened on.
   * @param tls undefined to serve without TLS, for good
   * @returns where clients reach it, without a trailing slash
   */
  listen(application: Application, tls: TlsMaterial | undefined): Promise<string>;
  /** Lets the connection of a request be idle without limit. */
  suspendIdleTimeout(request: ClientRequest): void;
  /** Lets it be idle for the idle timeout, from now on. */
  restoreIdleTimeout(request: ClientRequest): void;
  /** The IP address at the other end of a request's connection; undefined over a unix socket. */
  addressOf(request: ClientRequest): string | undefined;
  /** Whether each response is the last one of its connection, and says so. */
  endsConnections(): boolean;
  /**
   * Serves new connections with another certificate, without refusing one meanwhile; requests in flight go on over
   * their connections, which end after them. Resolves when no connection gets the old certificate any more. Rejects if
   * it cannot listen with the new one; the old one then stays in use. Does nothing before it listens.
   */
  replaceTls(tls: TlsMaterial): Promise<void>;
  /**
   * From now on every response ends its connection and says so. Resolves a moment later, when nothing is accepted any
   * more and idle connections are closed: by then, clients with a next request ready have sent it, and know.
   */
  leave(): Promise<void>;
  /** Accepts nothing any more; resolves when every connection has ended, or at once if they are to be cut. */
  stop(cut: boolean): Promise<void>;
}

/**
 * Responses say this long that their connection ends before idle connections are closed, in milliseconds. Otherwise a
 * client that sends one request after the other could send one on a connection that is just closing.
 */
const LEAVE_MS = 100;

export interface ListenerOptions {
  readonly address: ListenAddress;
  /** How long a connection may be idle, in milliseconds. */
  readonly idleTimeoutMs: number;
}

export interface ListenerDependencies {
  /** Whether other processes may listen on the same port, and get some of its connections each. */
  readonly sharesPort: boolean;
  readonly log: Pick<Log, "info">;
}

/** Listens to nothing yet. */
export function createListener(
  { address, idleTimeoutMs }: ListenerOptions,
  { sharesPort, log }: ListenerDependencies,
): Listener {
  const { unix } = address;
  const servers = createServers({ address, idleMs: idleTimeoutMs });
  let replacement: UnixReplacement | undefined;
  /** The port in use; 0 in the address is any. */
  let port = address.port;
  let leaving = 0;

  const leave = async (): Promise<void> => {
    if (!servers.last) return;
    leaving += 1;
    await Bun.sleep(LEAVE_MS);
  };

  return {
    async listen(application, tls) {
      if (unix !== undefined) await clearStaleSocket(unix);
      // A running server keeps its certificate, so another one has to take its place, and both listen for a moment.
      const replacesServers = tls !== undefined && unix === undefined;
      servers.serve(application, sharesPort || replacesServers);
      if (unix !== undefined) replacement = createUnixReplacement(servers, tls, log);
      const first = servers.start(await portFor(address, replacesServers && !sharesPort), tls);
      // Kept, because a stopped server no longer reports its port.
      port = first.port ?? address.port;
      return unix === undefined ? first.url : `unix:${unix}`;
    },
    suspendIdleTimeout: (request) => servers.last?.mayBeSilent(request, Number.POSITIVE_INFINITY),
    restoreIdleTimeout: (request) => servers.last?.mayBeSilent(request, idleTimeoutMs),
    addressOf: (request) => servers.last?.addressOf(request),
    endsConnections: () => leaving > 0,
    async replaceTls(tls) {
      if (replacement) return replacement.replace(tls);
      const old = servers.last;
      if (!old) return;
      try {
        servers.start(port, tls);
      } catch (error) {
        throw new Error(`cannot listen with the new certificate (${reasonOf(error)}); that of before is served on`);
      }
      // Timers run right after the runtime has accepted the waiting connections, so that hardly any can wait for a
      // server that stops. Linux hands even those over to the new one, if net.ipv4.tcp_migrate_req is set.
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

/** The port to listen on; one that is to be shared is secured first, because sharing it would not fail. */
async function portFor(address: ListenAddress, isShared: boolean): Promise<number> {
  if (!isShared) return address.port;
  const held = holdPort(address);
  await held.release();
  return held.port;
}
