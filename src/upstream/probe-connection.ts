import type { EndpointAddress } from "./endpoint.ts";

/** A server that has said neither yes nor no for this long does not accept connections. */
const PROBE_LIMIT_MS = 30_000;

/**
 * Whether a connection to an endpoint's server can be established at all: TCP or unix socket, and the TLS handshake.
 * The runtime's `fetch` does not distinguish "still connecting" from "connected and thinking"; a second one does.
 * The connection is closed as soon as it is open. Resolves `false` when the attempt ends without one.
 * @param limitMs after which an attempt that is still under way is given up
 */
export const probeConnection = (endpoint: EndpointAddress, limitMs: number = PROBE_LIMIT_MS): Promise<boolean> =>
  new Promise((settle) => {
    let isOver = false;
    let shaking: { terminate(): void } | undefined;
    const resolve = (connects: boolean): void => {
      isOver = true;
      clearTimeout(limit);
      settle(connects);
    };
    const limit = setTimeout(() => {
      resolve(false);
      shaking?.terminate();
    }, limitMs).unref();
    const { hostname, port, protocol } = new URL(endpoint.baseUrl);
    const secure = protocol === "https:";
    const socket = {
      open(opened: { end(): void; terminate(): void }) {
        if (isOver) return opened.terminate();
        shaking = opened;
        if (secure) return;
        resolve(true);
        opened.end();
      },
      // Called for a handshake that failed, too; whether the certificate is trusted is fetch's business.
      handshake(shaken: { end(): void }, succeeded: boolean) {
        resolve(succeeded);
        shaken.end();
      },
      data() {},
      error: () => resolve(false),
      connectError: () => resolve(false),
      close: () => resolve(false),
    };
    const attempt = endpoint.unixSocket
      ? Bun.connect({ unix: endpoint.unixSocket, socket })
      : Bun.connect({
          hostname: hostname.replace(/^\[|\]$/g, ""),
          port: Number(port) || (secure ? 443 : 80),
          ...(secure && { tls: { serverName: hostname, rejectUnauthorized: false } }),
          socket,
        });
    attempt.catch(() => resolve(false));
  });
