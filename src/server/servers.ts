import type { Application } from "./application.ts";
import type { PortAddress } from "./hold-port.ts";
import type { HttpServer } from "./http1/http-server.ts";
import type { TlsMaterial } from "./tls.ts";

/** Where to listen: at the unix socket if there is one, else at the port. */
export interface ListenAddress extends PortAddress {
  /** Path of a unix socket. */
  readonly unix?: string | undefined;
}

/**
 * Limit of a request line and its header section together, beyond which the answer is a bare 431. Half of it would also cut off
 * the longest token and the longest URL, for which the gateway has its own answers.
 */
const MAX_HEAD_BYTES = 32 * 1024;

export interface ServersParts {
  readonly address: ListenAddress;
  /** How long a connection may be silent, in milliseconds. */
  readonly idleMs: number;
}

/** All servers at one address: the one that accepts, and those whose connections have not ended. */
export interface Servers {
  /** Says what they serve, before the first is started; and whether another server may listen on the same port. */
  serve(application: Application, reusePort: boolean): void;
  /** The one that accepts. */
  readonly last: HttpServer | undefined;
  /** Starts another one, which is the last from then on. Throws if the address cannot be listened on. */
  start(port: number, tls: TlsMaterial | undefined): HttpServer;
  /** Lets one accept nothing any more; it is forgotten when its connections have ended. */
  stopAccepting(server: HttpServer | undefined): void;
  /** Stops all of them; resolves when every connection has ended, or at once if they are to be cut. */
  stop(cut: boolean): Promise<void>;
}

/** Starts nothing yet. */
export function createServers({ address, idleMs }: ServersParts): Servers {
  let served: Application | undefined;
  let reusePort = false;
  let open: HttpServer[] = [];
  const { hostname, unix } = address;
  const servers: Servers & { last: HttpServer | undefined } = {
    last: undefined,
    serve(application, mayReusePort) {
      served = application;
      reusePort = mayReusePort;
    },
    start(port, tls) {
      if (!served) throw new Error("nothing to serve");
      const server = served.listen({
        ...(unix === undefined ? { hostname, port } : { unix }),
        ...(tls && { tls }),
        reusePort,
        idleMs,
        maxHeadBytes: MAX_HEAD_BYTES,
      });
      open.push(server);
      servers.last = server;
      return server;
    },
    stopAccepting(old) {
      void old?.stop(false).then(() => {
        open = open.filter((server) => server !== old);
        servers.last = open.at(-1);
      });
    },
    async stop(cut) {
      await Promise.all(open.map((server) => server.stop(cut)));
    },
  };
  return servers;
}
