import { lstatSync, unlinkSync } from "node:fs";
import type { Settings } from "../config/settings-table.ts";
import type { Log } from "../telemetry/log.ts";
import type { createApplication } from "./application.ts";
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
  /**
   * Serves new connections with another certificate; requests under way go on over theirs, which ends after them.
   * Throws where the address cannot be had with it. The certificate of before then serves on; where not even that can be
   * had at the moment, it is tried again until it can.
   */
  replaceTls(tls: TlsMaterial): void;
  /** Accepts nothing any more; resolves when every connection has ended, or at once where they are to be cut. */
  stop(cut: boolean): Promise<void>;
}

/** The runtime looks at its connections this often, and without these seconds would close them up to so much too early. */
const TICK_SECONDS = 4;

/** The longest that the runtime takes. */
const LONGEST_IDLE_SECONDS = 255;

/** How long after a failure it is tried again to listen. */
const RETRY_MS = 1000;

type Application = ReturnType<typeof createApplication>;
type ListenOptions = Parameters<Application["listen"]>[0];

export interface ListenerOptions {
  /** Whether other processes may listen on the same port, and get some of its connections each. */
  readonly sharesPort: boolean;
  readonly log: Pick<Log, "info">;
}

/** Begins to listen. Throws where the address cannot be had. */
export async function openListener(
  application: Application,
  settings: Settings,
  { sharesPort, log }: ListenerOptions,
): Promise<Listener> {
  const unix = settings.SERVER_UNIX_SOCKET;
  if (unix !== undefined) await clearStaleSocket(unix);
  const idleSeconds = Math.min(Math.ceil(settings.SERVER_IDLE_TIMEOUT / 1000) + TICK_SECONDS, LONGEST_IDLE_SECONDS);
  limitHeads();
  /** The one that accepts stands last; before it, those whose connections have not ended. */
  let servers: Bun.Server<unknown>[] = [];
  let current = loadTls(settings);
  let retry: Timer | undefined;

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

  const stopAccepting = (): void => {
    const old = servers.at(-1);
    void old?.stop().then(() => (servers = servers.filter((server) => server !== old)));
  };

  const tryAgain = (): void => {
    try {
      listen(port, current);
      retry = undefined;
      log.info("listening again");
    } catch {
      retry = setTimeout(tryAgain, RETRY_MS);
    }
  };

  const first = listen(settings.SERVER_PORT, current);
  // A server that was stopped does not tell its port any more.
  const port = first.port ?? settings.SERVER_PORT;
  return {
    url: unix === undefined ? first.url.href.replace(/\/$/, "") : `unix:${unix}`,
    suspendIdleTimeout: (request) => servers.at(-1)?.timeout(request, 0),
    restoreIdleTimeout: (request) => servers.at(-1)?.timeout(request, idleSeconds),
    replaceTls(tls) {
      if (retry) {
        current = tls;
        throw new Error("nothing listens yet; the new certificate is served as soon as the address can be had again");
      }
      // A running server keeps its certificate, so another one takes its place on the same address. The address is free
      // as soon as the old one stops accepting, which it does before the last of its requests is answered.
      stopAccepting();
      try {
        listen(port, tls);
        current = tls;
      } catch (error) {
        const reason = `cannot listen with the new certificate (${reasonOf(error)})`;
        try {
          listen(port, current);
        } catch {
          retry = setTimeout(tryAgain, RETRY_MS);
          throw new Error(`${reason}, nor with that of before: until that can be had again, nothing listens`);
        }
        throw new Error(`${reason}; that of before is served on`);
      }
    },
    async stop(cut) {
      clearTimeout(retry);
      await Promise.all(servers.map((server) => server.stop(cut)));
    },
  };
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? ("code" in error ? String(error.code) : error.message) : String(error);
}
