import type { RequestContext } from "../core/request-context.ts";

/** A JSON response of the gateway's own. */
export function jsonResponse(context: RequestContext, value: unknown, status = 200): Response {
  const body = JSON.stringify(value);
  context.sent(Buffer.byteLength(body));
  return new Response(body, {
    status,
    headers: { "content-type": "application/json", "x-request-id": context.id },
  });
}
