import type { Format } from "../formats/format.ts";
import { isUsageOnlyEvent, mayContainUsage } from "../formats/chat/usage-event.ts";
import { joinUsage, readFirstUsage, readUsage } from "../formats/usage.ts";
import { asBuffer } from "../core/json/bytes.ts";
import { createEventFilter, type EventFilter } from "../core/sse/event-filter.ts";
import { Failure } from "../core/errors.ts";
import type { Provider } from "../providers/provider.ts";
import { endsEvent } from "../core/sse/event-data.ts";
import { createStreamTail } from "../core/sse/stream-tail.ts";
import { relayedResponseHeaders } from "../upstream/response-headers.ts";
import { UpstreamError, UpstreamFailure } from "../upstream/errors.ts";
import type { Reply } from "./attempt.ts";
import type { Attempts } from "./attempts.ts";
import { bookStream } from "./book-usage.ts";
import { beginsLikeDocument, isEventStream } from "./read-response.ts";
import { beginStream, type Heartbeat } from "./heartbeat.ts";
import { createErrorMask } from "./mask-errors.ts";
import type { StreamListener } from "./stream-listener.ts";
import { startPump } from "./stream-pump.ts";
import { watchContent } from "./watch-content.ts";

/** An empty comment. */
const OPENING = ":\n\n";

/** The provider ended its answer without an error, but before the end of the stream. */
const UNFINISHED = { code: "STREAM_UNFINISHED", phase: "body", requestSent: true } as const;

/**
 * Usage comes in the last event; the longest ones, of the Responses API, have it this near their end. So do the signs of
 * an end that are not looked for in all bytes.
 */
const TAIL_BYTES = 4096;

/** The Messages API reports the input tokens in its first event. */
const USAGE_HEAD_BYTES = 2048;

export interface StreamOptions {
  readonly format: Format;
  readonly provider: Provider;
  readonly heartbeat: Heartbeat | undefined;
}

/**
 * The response that carries a provider's event stream, byte for byte, and records its usage when it is over. The
 * attempts are handed over to it.
 * @returns undefined if it is no such stream, although it is called one
 * @throws Failure if the stream ends before its first byte.
 */
export async function openEventStream(
  attempts: Attempts,
  reply: Reply,
  { format, provider, heartbeat }: StreamOptions,
): Promise<Response | undefined> {
  const { context } = attempts;
  const { response, call, usageInjected } = reply;
  const source = response.body;
  if (!source || (await beginStream(source, call, heartbeat)) === "empty")
    throw new Failure("upstream_empty_response", { provider: context.provider ?? "" });
  if (await beginsLikeDocument(source)) return undefined;
  context.streamed();
  const recorder = recordEvents(attempts, reply, format);
  const usageFilter = usageInjected ? createEventFilter(recorder.isUsageChunk, undefined, mayContainUsage) : undefined;
  const filter = chainFilters(usageFilter, createErrorMask(provider));
  const body = startPump(source, call, recorder.listener, { filter, heartbeat });
  context.answered(response.status);
  const answer = new Response(body, {
    status: response.status,
    headers: {
      ...relayedResponseHeaders(response.headers),
      "content-type": isEventStream(response) ? (response.headers.get("content-type") ?? "") : "text/event-stream",
      "cache-control": "no-cache",
      "x-accel-buffering": "no",
      "x-request-id": context.id,
      ...reply.headers,
    },
  });
  attempts.handOver();
  return answer;
}

function chainFilters(first: EventFilter | undefined, second: EventFilter | undefined): EventFilter | undefined {
  if (!first || !second) return first ?? second;
  return {
    push: (chunk) => second.push(first.push(chunk)),
    flush: () => Buffer.concat([second.push(first.flush()), second.flush()]),
  };
}

interface EventRecorder {
  readonly listener: StreamListener;
  /** Whether an event is the chunk with the usage alone, which is recorded then. */
  readonly isUsageChunk: (event: Buffer) => boolean;
}

/** Records a stream on its way, and judges how it ends. */
function recordEvents(attempts: Attempts, reply: Reply, format: Format): EventRecorder {
  const { context } = attempts;
  const { call } = reply;
  const awaited = watchContent(call, format, false);
  const tail = createStreamTail(TAIL_BYTES);
  const watch = format.watchStream();
  let awaitsStartUsage = format.usageAtStart && reply.usage === undefined;
  let hasBegun = false;
  let hasUsageChunk = false;

  const isWhole = (): boolean => {
    const last = asBuffer(tail.bytes());
    return watch.isOver(last) && watch.ending(last) === "whole";
  };

  const listener: StreamListener = {
    onChunk(chunk) {
      context.firstByte();
      context.sent(chunk.length);
      awaited?.(chunk);
      watch.push(asBuffer(chunk), tail);
      tail.push(chunk);
      if (awaitsStartUsage) {
        // The first chunk is read itself: if it is long, the tail has only its end.
        context.used(readFirstUsage(hasBegun ? tail.bytes() : chunk));
        awaitsStartUsage = context.usage === undefined && context.bytesOut < USAGE_HEAD_BYTES;
      }
      hasBegun = true;
    },
    terminalErrorEvent(failure) {
      const event = watch.errorEvents(failure, context.id, asBuffer(tail.bytes()));
      // A client must see the error as an event of its own, wherever the provider's bytes broke off.
      const words = Buffer.from(endsEvent(tail.bytes()) ? event : `\n\n${event}`);
      context.sent(words.length);
      return words;
    },
    failureAtEnd() {
      const provider = context.provider ?? "";
      // The chunk that was removed is the last but for `[DONE]`.
      if (hasUsageChunk && endsEvent(tail.bytes())) return undefined;
      if (!hasBegun) return new Failure("upstream_empty_response", { provider });
      const ending = watch.ending(asBuffer(tail.bytes()));
      // Reported by the provider itself, and relayed.
      if (ending === "error") context.failed(new Failure("provider_error", { provider }));
      return ending === "cut" ? new UpstreamFailure(new UpstreamError("reset", UNFINISHED), provider) : undefined;
    },
    isOver: () => watch.isOver(asBuffer(tail.bytes())),
    signOfLife(isFirst) {
      if (!endsEvent(tail.bytes())) return undefined;
      const words = Buffer.from(isFirst ? (format.opening ?? OPENING) : format.keepAlive);
      context.sent(words.length);
      return words;
    },
    onEnd(reason) {
      // Clients leave when they have the last event, which may be before the provider has closed its stream.
      const hasAll = reason?.code === "client_gone" && isWhole();
      const told = reply.usage
        ? reply.usage()
        : joinUsage(context.usage, (format.readUsage ?? readUsage)(tail.bytes()));
      bookStream(context, told, tail, reason !== undefined && !hasAll);
      attempts.close(hasAll ? undefined : reason);
      context.finishBody(hasAll ? undefined : reason);
    },
  };

  return {
    listener,
    isUsageChunk(event) {
      if (!isUsageOnlyEvent(event)) return false;
      context.firstByte();
      context.used(readUsage(event));
      hasUsageChunk = true;
      return true;
    },
  };
}
