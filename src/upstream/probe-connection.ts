import type { Provider } from "../providers/provider.ts";

/**
 * Whether a connection to the provider's server can be established at all: TCP or unix socket, and the TLS handshake.
 * The runtime's `fetch` does not tell "still connecting" from "connected and thinking"; a second connection does.
 * The connection is closed as soon as it stands. Resolves `false` when the attempt ends without one.
 */
export const probeConnection = (provider: Pick<Provider, "baseUrl" | "unixSocket">): Promise<boolean> =>
  new Promise((resolve) => {
    const { hostname, port, protocol } = new URL(provider.baseUrl);
    const secure = protocol === "https:";
    const socket = {
      open(opened: { end(): void }) {
        if (secure) return;
        resolve(true);
        opened.end();
      },
      // Called for a handshake that failed, too; whether the certificate is trusted is fetch's business.
      handshake(shaken: { end(): void }, stands: boolean) {
        resolve(stands);
        shaken.end();
      },
      data() {},
      error: () => resolve(false),
      connectError: () => resolve(false),
      close: () => resolve(false),
    };
    const attempt = provider.unixSocket
      ? Bun.connect({ unix: provider.unixSocket, socket })
      : Bun.connect({
          hostname: hostname.replace(/^\[|\]$/g, ""),
          port: Number(port) || (secure ? 443 : 80),
          ...(secure && { tls: { serverName: hostname, rejectUnauthorized: false } }),
          socket,
        });
    attempt.catch(() => resolve(false));
  });
