import type { Format } from "../formats/format.ts";
import { isUsageOnlyEvent, mayContainUsage } from "../formats/chat/usage-event.ts";
import { readFirstUsage, readUsage } from "../formats/usage.ts";
import { createEventFilter } from "../core/sse/event-filter.ts";
import { Failure } from "../core/errors.ts";
import { endsEvent } from "../core/sse/event-boundary.ts";
import { createStreamTail } from "../core/sse/stream-tail.ts";
import { relayedResponseHeaders } from "../upstream/response-headers.ts";
import type { Reply } from "./attempt.ts";
import type { Attempts } from "./attempts.ts";
import { pumpStream } from "./stream-pump.ts";

/** Usage comes in the last event; the longest ones, of the Responses API, have it this near their end. */
const USAGE_TAIL_BYTES = 4096;

/** The Messages API reports the input tokens in its first event. */
const USAGE_HEAD_BYTES = 2048;

/**
 * The response that carries a provider's event stream, byte for byte, and records its usage when it is over. The
 * attempts are handed over to it.
 * @throws Failure if the stream ends before its first byte.
 */
export async function openEventStream(attempts: Attempts, reply: Reply, format: Format): Promise<Response> {
  const { context } = attempts;
  const { response, call } = reply;
  const tail = createStreamTail(USAGE_TAIL_BYTES);
  let awaitsStartUsage = format.usageAtStart;
  context.streamed();

  const body = await pumpStream(
    response.body,
    call,
    {
      onChunk(chunk) {
        context.sent(chunk.length);
        tail.push(chunk);
        if (awaitsStartUsage) {
          // The first chunk is read itself: if it is long, the tail has only its end.
          context.used(readFirstUsage(context.bytesOut === chunk.length ? chunk : tail.bytes()));
          awaitsStartUsage = context.usage === undefined && context.bytesOut < USAGE_HEAD_BYTES;
        }
      },
      terminalErrorEvent(failure) {
        const event = format.errorEvent(failure, context.id);
        // A client must see the error as an event of its own, wherever the provider's bytes broke off.
        const words = Buffer.from(endsEvent(tail.bytes()) ? event : `\n\n${event}`);
        context.sent(words.length);
        return words;
      },
      onEnd(reason) {
        // Clients leave when they have the last event, which may be before the provider has closed its stream.
        const hasAll = reason?.code === "client_gone" && Buffer.from(tail.bytes()).includes(format.finalEventMarker);
        const failure = hasAll ? undefined : reason;
        context.used(reply.usage ? reply.usage() : readUsage(tail.bytes()));
        attempts.close();
        context.finishBody(failure);
      },
    },
    reply.usageInjected ? createEventFilter(isUsageChunk, undefined, mayContainUsage) : undefined,
  );

  function isUsageChunk(event: Buffer): boolean {
    if (!isUsageOnlyEvent(event)) return false;
    context.used(readUsage(event));
    return true;
  }

  if (!body) throw new Failure("upstream_empty_response", { provider: context.provider ?? "" });
  context.firstByte();
  context.answered(response.status);
  const answer = new Response(body, {
    status: response.status,
    headers: {
      ...relayedResponseHeaders(response.headers),
      "content-type": response.headers.get("content-type") ?? "text/event-stream",
      "cache-control": "no-cache",
      "x-accel-buffering": "no",
      "x-request-id": context.id,
    },
  });
  attempts.handOver();
  return answer;
}
