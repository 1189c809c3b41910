import { urlHost } from "../core/url-host.ts";
import type { Settings } from "../config/settings-table.ts";

/** Health checks of container engines come every few seconds; an answer that takes longer than this does not count. */
const TIMEOUT_MS = 3000;

/**
 * Asks the gateway that runs with these settings on this machine whether it serves: what `--healthcheck` does, so that a
 * container image needs no other program for it.
 * @returns undefined if it does, else why not in one line.
 */
export async function checkHealth(settings: Settings): Promise<string | undefined> {
  const unix = settings.SERVER_UNIX_SOCKET;
  const scheme = settings.SERVER_TLS_CERT_PATH === undefined ? "http" : "https";
  const url = `${scheme}://${loopbackOf(settings.SERVER_HOST)}:${settings.SERVER_PORT}/health`;
  try {
    const response = await fetch(unix ? `${scheme}://localhost/health` : url, {
      signal: AbortSignal.timeout(TIMEOUT_MS),
      proxy: false,
      // Whoever answers with one is not the gateway, and another server's health is not its own.
      redirect: "manual",
      // Its own certificate names the host that clients use, not the loopback address.
      tls: { rejectUnauthorized: false },
      ...(unix && { unix }),
    });
    await response.body?.cancel();
    return response.ok ? undefined : `unhealthy: ${unix ?? url} answered with status ${response.status}`;
  } catch {
    return `unhealthy: ${unix ?? url} does not answer`;
  }
}

/** An address that means every interface cannot be called itself. */
function loopbackOf(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  if (host === "::") return "[::1]";
  return urlHost(host);
}
