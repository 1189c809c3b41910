import http from "node:http";
import type { Settings } from "../config/settings-table.ts";
import { clearStaleSocket } from "./clear-stale-socket.ts";
import type { createApplication } from "./create-application.ts";
import { loadTls, type TlsMaterial } from "./load-tls.ts";

/** The address on which the gateway listens, over all the servers that have stood there. */
export interface Listener {
  /** Where clients reach it, without a trailing slash. */
  readonly url: string;
  /** Lets the connection of a request be silent without limit. */
  hold(request: Request): void;
  /** Lets it be silent for the idle timeout, from now on. */
  release(request: Request): void;
  /** Serves new connections with another certificate; requests under way go on over theirs, which ends after them. */
  replaceTls(tls: TlsMaterial): void;
  /** Accepts nothing any more; resolves when every connection has ended, or at once where they are to be cut. */
  stop(cut: boolean): Promise<void>;
}

/**
 * What a request line and its header section may take together. Beyond it the runtime answers a bare 431, and its own
 * limit, half of this, would be that of the longest token and the longest URL, which have answers of the gateway's.
 */
const MAX_HEAD_BYTES = 32 * 1024;

/** The runtime looks at its connections this often, and without these seconds would close them up to so much too early. */
const TICK_SECONDS = 4;

/** The longest that the runtime takes. */
const LONGEST_IDLE_SECONDS = 255;

type Application = ReturnType<typeof createApplication>;
type ListenOptions = Parameters<Application["listen"]>[0];

/**
 * Begins to listen. Throws where the address cannot be had.
 * @param sharesPort whether other processes may listen on the same port, and get some of its connections each.
 */
export async function openListener(
  application: Application,
  settings: Settings,
  { sharesPort }: { readonly sharesPort: boolean },
): Promise<Listener> {
  const unix = settings.SERVER_UNIX_SOCKET;
  if (unix !== undefined) await clearStaleSocket(unix);
  const idleSeconds = Math.min(Math.ceil(settings.SERVER_IDLE_TIMEOUT / 1000) + TICK_SECONDS, LONGEST_IDLE_SECONDS);
  Object.assign(http, { maxHeaderSize: MAX_HEAD_BYTES });
  const servers: Bun.Server<unknown>[] = [];

  const listen = (port: number, tls: TlsMaterial | undefined): Bun.Server<unknown> => {
    const address = unix === undefined ? { hostname: settings.SERVER_HOST, port } : { unix };
    application.listen({
      ...address,
      ...(tls && { tls }),
      // Each of these has another default in Elysia, or in Bun, that would harm: pages with source code in errors, a
      // second gateway on the same port, and a 413 without a body before the gateway's own limit can answer.
      development: false,
      reusePort: sharesPort,
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
      idleTimeout: idleSeconds,
    } as ListenOptions);
    const server = application.server as Bun.Server<unknown>;
    servers.push(server);
    return server;
  };

  const first = listen(settings.SERVER_PORT, loadTls(settings));
  // A server that was stopped does not tell its port any more.
  const port = first.port ?? settings.SERVER_PORT;
  return {
    url: unix === undefined ? first.url.href.replace(/\/$/, "") : `unix:${unix}`,
    hold: (request) => servers.at(-1)?.timeout(request, 0),
    release: (request) => servers.at(-1)?.timeout(request, idleSeconds),
    replaceTls(tls) {
      // A running server keeps its certificate, so another one takes its place on the same address. The address is free
      // as soon as the old one stops accepting, which it does before the last of its requests is answered.
      const old = servers.at(-1);
      void old?.stop();
      listen(port, tls);
    },
    async stop(cut) {
      await Promise.all(servers.map((server) => server.stop(cut)));
    },
  };
}
