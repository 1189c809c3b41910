import { departTogether } from "../departures/depart-together.ts";
import type { Exchange } from "../exchange/exchange.ts";
import type { ExchangeBook } from "../exchange/exchange-book.ts";
import type { TokenUsage } from "../exchange/token-usage.ts";
import { Failure } from "../failure/failure.ts";
import type { Answer } from "../transport/transport.ts";
import { relayedResponseHeaders } from "../upstream/response-headers.ts";
import type { UpstreamCall } from "../upstream/upstream.ts";
import { bufferAnswer, requireBody } from "./buffer-answer.ts";

/**
 * Reads an answer that is no stream of events.
 * @throws Failure where it is empty or too long, breaks off, or its deadline passes.
 */
export async function readWholeAnswer(response: Answer, call: UpstreamCall): Promise<Uint8Array> {
  const answer = await bufferAnswer(response, call);
  if ("tooLong" in answer) {
    answer.tooLong.cancel();
    throw new Failure("upstream_invalid_response", { message: "The upstream server's answer is too long" });
  }
  return requireBody(answer.whole);
}

/**
 * The response that carries a whole answer, with what is relayed of the provider's headers. Books it at once, and resolves
 * when it is to leave.
 */
export function sendWholeAnswer(
  book: ExchangeBook,
  exchange: Exchange,
  response: Answer,
  bytes: Uint8Array,
  usage: TokenUsage | undefined,
): Promise<Response> {
  exchange.usage = usage;
  exchange.status = response.status;
  exchange.bytesOut = bytes.length;
  book.settle(exchange, "answered");
  const headers = relayedResponseHeaders(response.headers);
  headers["x-request-id"] = exchange.id;
  headers["content-type"] ??= "application/json";
  const carried = new Response(bytes, { status: response.status, headers });
  return new Promise((resolve) => departTogether(() => resolve(carried)));
}

/** Whether a response is a stream of events, whatever the request asked for. */
export function isEventStream(response: Answer): boolean {
  return response.headers.get("content-type")?.toLowerCase().startsWith("text/event-stream") ?? false;
}
