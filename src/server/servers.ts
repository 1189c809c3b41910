import type { Application } from "./application.ts";
import type { PortAddress } from "./hold-port.ts";
import type { TlsMaterial } from "./tls.ts";

/** Where to listen: at the unix socket if there is one, else at the port. */
export interface ListenAddress extends PortAddress {
  /** Path of a unix socket. */
  readonly unix?: string | undefined;
}

export interface ServersParts {
  readonly address: ListenAddress;
  readonly idleSeconds: number;
}

/** All the runtime's servers at one address: the one that accepts, and those whose connections have not ended. */
export interface Servers {
  /** Says what they serve, before the first is started; and whether another server may listen on the same port. */
  serve(application: Application, reusePort: boolean): void;
  /** The one that accepts. */
  readonly last: Bun.Server<unknown> | undefined;
  /** Starts another one, which is the last from then on. Throws if the address cannot be listened on. */
  start(port: number, tls: TlsMaterial | undefined): Bun.Server<unknown>;
  /** Lets one accept nothing any more; it is forgotten when its connections have ended. */
  stopAccepting(server: Bun.Server<unknown> | undefined): void;
  /** Stops all of them; resolves when every connection has ended, or at once if they are to be cut. */
  stop(cut: boolean): Promise<void>;
}

/** Starts nothing yet. */
export function createServers({ address, idleSeconds }: ServersParts): Servers {
  let served: Application | undefined;
  let reusePort = false;
  let open: Bun.Server<unknown>[] = [];
  const { hostname, unix } = address;
  const servers: Servers & { last: Bun.Server<unknown> | undefined } = {
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
        // Each of these has another default that would do harm: pages with source code in errors, a second gateway on the same
        // port, and a 413 without a body before the gateway's own limit can answer.
        development: false,
        reusePort,
        maxRequestBodySize: Number.MAX_SAFE_INTEGER,
        idleTimeout: idleSeconds,
      });
      open.push(server);
      servers.last = server;
      return server;
    },
    stopAccepting(old) {
      void old?.stop().then(() => {
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
