import type { Exchange } from "../exchange/exchange.ts";

/** A JSON response of the gateway's own. */
export function jsonResponse(exchange: Exchange, value: unknown, status = 200): Response {
  const body = JSON.stringify(value);
  exchange.bytesOut = Buffer.byteLength(body);
  return new Response(body, {
    status,
    headers: { "content-type": "application/json", "x-request-id": exchange.id },
  });
}
