import type { Settings } from "../config/settings-table.ts";
import type { EndSignal } from "./exit.ts";
import type { Serving } from "./service.ts";
import type { Log } from "../telemetry/log.ts";

const LOOPBACK = /^(127\.|localhost$|::1$)/;

export interface Announcement extends Serving {
  readonly version: string;
  /** How many processes serve, if there are several. */
  readonly workers?: number;
}

/** Logs that the gateway serves, and warnings if it has nobody to ask, or serves strangers. */
export function announce(log: Log, settings: Settings, announcement: Announcement): void {
  log.info(announcement, "listening");
  log.info(`try it: ${nextStep(settings, announcement)}`);
  if (announcement.providers.length === 0) {
    log.warn("no provider is configured: set a key such as OPENAI_API_KEY, or start with --demo");
  }
  if (!settings.AUTH_ENABLED && !settings.SERVER_UNIX_SOCKET && !LOOPBACK.test(settings.SERVER_HOST)) {
    log.warn("everyone who reaches this address can use the providers' keys: set AUTH_ENABLED=true");
    if (settings.SERVER_ALLOWED_HOSTS.length === 0) {
      log.warn(
        "requests under other names than this machine's own are refused: list in SERVER_ALLOWED_HOSTS those that clients use, such as the name of the service",
      );
    }
  }
}

/** Logs that requests are still taken for a while, if the settings ask for that. */
export function announceDrainDelay(log: Log, { SERVER_DRAIN_DELAY: delayMs }: Settings, signal: EndSignal): void {
  if (delayMs > 0) log.info({ signal, delay_ms: delayMs }, "not ready any more; requests are still taken");
}

/** What `--demo` adds, and the model of it that chats. */
const DEMO = { provider: "demo", model: "demo/demo-chat" } as const;

/**
 * A command that a shell can run to see the gateway work: a chat with the demo provider if there is one, else the list of
 * models. If a credential is needed, `$GATEWAY_KEY` is in its place.
 */
export function nextStep(settings: Settings, { url, providers }: Serving): string {
  const scheme = settings.SERVER_TLS_CERT_PATH === undefined ? "http" : "https";
  const socket = settings.SERVER_UNIX_SOCKET;
  const base = socket === undefined ? reachable(url) : `${scheme}://localhost`;
  const options = [
    ...(socket === undefined ? [] : [`--unix-socket ${quote(socket)}`]),
    ...(settings.AUTH_ENABLED ? ['-H "Authorization: Bearer $GATEWAY_KEY"'] : []),
  ];
  if (!providers.includes(DEMO.provider)) return ["curl", ...options, `${base}/v1/models`].join(" ");
  const body = JSON.stringify({ model: DEMO.model, messages: [{ role: "user", content: "Hello" }] });
  const chat = ["-H 'Content-Type: application/json'", `-d '${body}'`];
  return ["curl", ...options, `${base}/v1/chat/completions`, ...chat].join(" ");
}

/** An address that means every interface cannot be called itself. */
function reachable(url: string): string {
  return url.replace(/^(https?:\/\/)(?:0\.0\.0\.0|\[::\])(?=[:/]|$)/, "$1localhost");
}

function quote(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
