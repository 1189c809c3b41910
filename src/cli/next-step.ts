import type { Settings } from "../config/settings-table.ts";
import type { Serving } from "./service.ts";

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
