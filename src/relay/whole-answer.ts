import { departTogether } from "../departures/depart-together.ts";
import { readUsage } from "../dialects/read-usage.ts";
import type { Exchange } from "../exchange/exchange.ts";
import type { ExchangeBook } from "../exchange/exchange-book.ts";
import type { TokenUsage } from "../exchange/token-usage.ts";
import { Failure } from "../failure/failure.ts";
import type { MemoryBudget } from "../memory/memory-budget.ts";
import { createStreamTail } from "../sse/stream-tail.ts";
import type { Answer, AnswerBody } from "../transport/transport.ts";
import { bodyOfBytes } from "../transport/whole-body.ts";
import { relayedResponseHeaders } from "../upstream/response-headers.ts";
import type { UpstreamCall } from "../upstream/upstream.ts";
import { bufferAnswer, MAX_BUFFERED_BYTES, requireBody, UNCOUNTED_BYTES } from "./buffer-answer.ts";
import { streamAnswer } from "./stream-answer.ts";

/** An answer that is no stream of events, and what is needed to send and to book it. */
export interface WholeAnswerParts {
  readonly exchange: Exchange;
  /** Of the provider; its status and headers are relayed. */
  readonly response: Answer;
  readonly call: UpstreamCall;
  readonly book: ExchangeBook;
  /** Frees what the call holds. */
  readonly close: () => void;
}

/** Usage is at the end of an answer, or, in the Messages API, near it. */
const USAGE_TAIL_BYTES = 4096;

/**
 * Reads an answer that is no stream of events.
 * @returns its bytes, which the exchange holds from then on; in `tooMuch` all of it, still to be taken, if the budget has
 * no room for it
 * @throws Failure where it is empty or too long, breaks off, or its deadline passes.
 */
export async function readWholeAnswer(
  response: Answer,
  call: UpstreamCall,
  memory: MemoryBudget,
  exchange: Exchange,
  heldBefore: number = 0,
): Promise<Uint8Array | { readonly tooMuch: AnswerBody }> {
  let hasRoom = true;
  const mayHold = (length: number): boolean =>
    length <= UNCOUNTED_BYTES || (hasRoom = memory.tryHold(exchange, heldBefore + length));
  const answer = await bufferAnswer(response, call, MAX_BUFFERED_BYTES, mayHold);
  if ("whole" in answer) return requireBody(answer.whole);
  if (!hasRoom) return { tooMuch: answer.tooLong };
  answer.tooLong.cancel();
  throw new Failure("upstream_invalid_response", { message: "The upstream server's answer is too long" });
}

/**
 * The response that carries a whole answer, with what is relayed of the provider's headers.
 * A short one is booked at once, and resolves when it is to leave. A longer one stays in flight until the client has taken
 * it, which the runtime tells of streams only: it goes out in chunks, and a client that does not read is not waited for
 * without end. Whoever opened the call leaves it to the answer then: `exchange.outcome` is undefined.
 */
export async function sendWholeAnswer(
  parts: WholeAnswerParts,
  bytes: Uint8Array,
  usage: TokenUsage | undefined,
): Promise<Response> {
  const { book, exchange, response } = parts;
  exchange.usage = usage;
  exchange.status = response.status;
  if (bytes.length > UNCOUNTED_BYTES) return streamWhole(parts, bodyOfBytes(bytes));
  exchange.bytesOut = bytes.length;
  book.settle(exchange, "answered");
  const carried = new Response(bytes, { status: response.status, headers: headersOf(parts) });
  return new Promise((resolve) => departTogether(() => resolve(carried)));
}

/**
 * The response that carries an answer as it comes, because there is no room to hold it: one that breaks off then ends the
 * client's connection instead of becoming an error. Booked when it is over.
 */
export function passWholeAnswer(parts: WholeAnswerParts, body: AnswerBody): Promise<Response> {
  const tail = createStreamTail(USAGE_TAIL_BYTES);
  parts.exchange.status = parts.response.status;
  return streamWhole(parts, body, {
    onChunk: tail.push,
    onEnd: () => (parts.exchange.usage = readUsage(tail.bytes())),
  });
}

async function streamWhole(
  parts: WholeAnswerParts,
  body: AnswerBody,
  observer?: { readonly onChunk: (chunk: Uint8Array) => void; readonly onEnd: () => void },
): Promise<Response> {
  const { exchange, response, call, book, close } = parts;
  const stream = await streamAnswer(body, call, {
    onChunk(chunk) {
      exchange.bytesOut += chunk.length;
      observer?.onChunk(chunk);
    },
    // In JSON there is no place for an error: the connection breaks off instead.
    lastWords: () => undefined,
    onEnd(failure) {
      observer?.onEnd();
      exchange.failure = failure?.code;
      exchange.cause = failure?.details.cause;
      close();
      book.settle(
        exchange,
        failure === undefined ? "answered" : failure.code === "client_gone" ? "client_gone" : "cut",
      );
    },
  });
  if (!stream) throw new Failure("upstream_empty_response", { provider: exchange.provider ?? "" });
  return new Response(stream, { status: response.status, headers: headersOf(parts) });
}

function headersOf({ exchange, response }: WholeAnswerParts): Record<string, string> {
  const headers = relayedResponseHeaders(response.headers);
  headers["x-request-id"] = exchange.id;
  headers["content-type"] ??= "application/json";
  return headers;
}

/** Whether a response is a stream of events, whatever the request asked for. */
export function isEventStream(response: Answer): boolean {
  return response.headers.get("content-type")?.toLowerCase().startsWith("text/event-stream") ?? false;
}
