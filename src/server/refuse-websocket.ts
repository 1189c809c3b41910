import { Failure } from "../core/errors.ts";
import type { RouteHandler } from "./serve-route.ts";

/** What the failure's connection would have to speak. https://www.rfc-editor.org/rfc/rfc9110#section-15.5.22 */
const HEADERS = { upgrade: "HTTP/1.1", connection: "Upgrade" } as const;

/** Whether a request asks to go over to WebSocket, in whatever version. Other protocols may be ignored, and are. */
export function asksForWebSocket({ headers }: Request): boolean {
  const upgrade = headers.get("upgrade");
  return upgrade !== null && /(?:^|,)\s*websocket\s*(?:[,/]|$)/i.test(upgrade);
}

/**
 * The answer to it, at once: clients such as Codex then send the same over HTTP, and wait and try again after any other.
 * @param status 501 where no method would do
 */
export function refuseWebSocket(status: 426 | 501 = 426): never {
  if (status === 426) throw new Failure("websocket_not_supported", { headers: HEADERS });
  throw new Failure("websocket_not_supported", { status, message: "WebSocket connections are not passed on" });
}

/** A handler that refuses them. */
export function withoutWebSocket(handler: RouteHandler, status: 426 | 501 | undefined): RouteHandler {
  return (context, request) => (asksForWebSocket(request) ? refuseWebSocket(status) : handler(context, request));
}
