import type { Dialect } from "../dialects/dialect.ts";
import { isUsageOnlyEvent, mayTellUsage } from "../dialects/is-usage-only-event.ts";
import { readFirstUsage, readUsage } from "../dialects/read-usage.ts";
import type { Exchange } from "../exchange/exchange.ts";
import type { ExchangeBook } from "../exchange/exchange-book.ts";
import type { TokenUsage } from "../exchange/token-usage.ts";
import { createEventFilter } from "../sse/event-filter.ts";
import { Failure } from "../failure/failure.ts";
import { endsEvent } from "../sse/ends-event.ts";
import { createStreamTail } from "../sse/stream-tail.ts";
import type { Answer } from "../transport/transport.ts";
import { relayedResponseHeaders } from "../upstream/response-headers.ts";
import type { UpstreamCall } from "../upstream/upstream.ts";
import { streamAnswer } from "./stream-answer.ts";

/** Usage is told in the last event; the longest that carry it, of the Responses API, have it this near their end. */
const USAGE_TAIL_BYTES = 4096;

/** The Messages API tells the input's tokens in its first event. */
const USAGE_HEAD_BYTES = 2048;

export interface EventStreamParts {
  readonly exchange: Exchange;
  readonly response: Answer;
  readonly call: UpstreamCall;
  readonly dialect: Dialect;
  readonly book: ExchangeBook;
  /** The gateway asked for usage and the client did not: the chunk that tells it is taken out. */
  readonly usageInjected: boolean;
  /** What was used, where the end of the stream does not tell it. */
  readonly usage?: () => TokenUsage | undefined;
  /** Frees what the call holds. */
  readonly close: () => void;
}

/**
 * The response that carries a provider's event stream, byte for byte, and books it when it is over.
 * @throws Failure where the stream ends before its first byte.
 */
export async function openEventStream(parts: EventStreamParts): Promise<Response> {
  const { exchange, response, call, dialect, book } = parts;
  const tail = createStreamTail(USAGE_TAIL_BYTES);
  let awaitsStartUsage = dialect.usageAtStart;
  exchange.streaming = true;

  const body = await streamAnswer(
    response.body,
    call,
    {
      onChunk(chunk) {
        exchange.bytesOut += chunk.length;
        tail.push(chunk);
        if (awaitsStartUsage) {
          // The first chunk is looked at itself: of a long one the tail has only the end.
          exchange.usage = readFirstUsage(exchange.bytesOut === chunk.length ? chunk : tail.bytes());
          awaitsStartUsage = exchange.usage === undefined && exchange.bytesOut < USAGE_HEAD_BYTES;
        }
      },
      lastWords(failure) {
        const event = dialect.errorEvent(failure, exchange.id);
        // A client must see the error as an event of its own, wherever the provider's bytes broke off.
        const words = Buffer.from(endsEvent(tail.bytes()) ? event : `\n\n${event}`);
        exchange.bytesOut += words.length;
        return words;
      },
      onEnd(reason) {
        // Clients leave when they have the last event, which may be before the provider has closed its stream.
        const hasAll = reason?.code === "client_gone" && Buffer.from(tail.bytes()).includes(dialect.endMark);
        const failure = hasAll ? undefined : reason;
        const usage = parts.usage ? parts.usage() : readUsage(tail.bytes());
        if (usage) exchange.usage = { ...exchange.usage, ...usage };
        if (failure) {
          exchange.failure = failure.code;
          exchange.cause = failure.details.cause;
        }
        parts.close();
        book.settle(
          exchange,
          failure === undefined ? "answered" : failure.code === "client_gone" ? "client_gone" : "cut",
        );
      },
    },
    parts.usageInjected ? createEventFilter(isUsageChunk, undefined, mayTellUsage) : undefined,
  );

  function isUsageChunk(event: Buffer): boolean {
    if (!isUsageOnlyEvent(event)) return false;
    exchange.usage = readUsage(event);
    return true;
  }

  if (!body) throw new Failure("upstream_empty_response", { provider: exchange.provider ?? "" });
  book.markFirstByte(exchange);
  exchange.status = response.status;
  return new Response(body, {
    status: response.status,
    headers: {
      ...relayedResponseHeaders(response.headers),
      "content-type": response.headers.get("content-type") ?? "text/event-stream",
      "cache-control": "no-cache",
      "x-accel-buffering": "no",
      "x-request-id": exchange.id,
    },
  });
}
