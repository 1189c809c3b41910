import { ClientAnswer } from "../core/client-answer.ts";
import { Failure } from "../core/errors.ts";
import type { MemoryBudget } from "../core/memory/budget.ts";
import { createStreamTail } from "../core/sse/stream-tail.ts";
import type { Format } from "../formats/format.ts";
import { readUsage } from "../formats/usage.ts";
import type { Provider } from "../providers/provider.ts";
import { isEventStream } from "../upstream/response-headers.ts";
import type { ResponseBody } from "../upstream/transport.ts";
import { openArrayStream } from "./stream/array-stream.ts";
import { type Reply, responseHeaders } from "./attempt/attempt.ts";
import type { Attempts } from "./attempt/attempts.ts";
import { bookStream } from "./book-usage.ts";
import { openEventStream } from "./stream/event-stream.ts";
import type { Heartbeat } from "./heartbeat.ts";
import { beginsWithEvent, readWholeResponse } from "./attempt/read-response.ts";
import { pumpStream } from "./stream/stream-pump.ts";

/** What carries an answer. */
export interface RespondParts {
  readonly memory: MemoryBudget;
  /** Keeps streams alive while their provider is silent; undefined if nothing is to. */
  readonly heartbeat: Heartbeat | undefined;
}

/** What an answer must fit. */
export interface Asked {
  readonly format: Format;
  readonly provider: Provider;
  /** Whether the client asked for a stream. */
  readonly streamAsked: boolean;
  /** It is to be one JSON array. */
  readonly isArray?: boolean;
}

/**
 * The response that an answer becomes that has not come whole along with its head, or may be a stream.
 * @returns its bytes if it turns out to be neither a stream nor too long to be held: they are still to be judged and sent
 */
export async function respondAsItComes(
  { memory, heartbeat }: RespondParts,
  attempts: Attempts,
  reply: Reply,
  asked: Asked,
): Promise<Response | Uint8Array> {
  const { response, call } = reply;
  const { format, provider, streamAsked, isArray = false } = asked;
  if (isArray && format.array && !isEventStream(response)) {
    const stream = await openArrayStream(attempts, reply, { provider, watch: format.array.watch(), format });
    if (stream) return stream;
  }
  if (isEventStream(response) || (streamAsked && (await beginsWithEvent(response, call)))) {
    const stream = await openEventStream(attempts, reply, { format, provider, heartbeat });
    if (stream) return stream;
    // A whole answer, whatever it is called.
    call.contentBegan();
  }
  const whole = response.body?.whole ?? (await readWholeResponse(response, call, memory, attempts.context));
  return whole instanceof Uint8Array ? whole : passWholeAnswer(attempts, reply, whole.tooMuch, format.readUsage);
}

/** Usage is at the end of an answer, or, in the Messages API, near it. */
const USAGE_TAIL_BYTES = 4096;

/**
 * The response that carries an answer as it comes, because there is no room to hold it: one that breaks off then ends
 * the client's connection instead of becoming an error. Recorded when it is over.
 */
function passWholeAnswer(
  attempts: Attempts,
  reply: Reply,
  body: ResponseBody,
  findUsage: typeof readUsage = readUsage,
): Promise<Response> {
  const tail = createStreamTail(USAGE_TAIL_BYTES);
  attempts.context.answered(reply.response.status);
  return streamWhole(attempts, reply, body, {
    onChunk: (chunk) => tail.push(chunk),
    onEnd: (isCut) => {
      bookStream(attempts.context, findUsage(tail.bytes()), tail, isCut);
    },
  });
}

/** The response that carries a whole answer in chunks, as its client takes it. The attempts are handed over to it. */
export async function streamWhole(
  attempts: Attempts,
  reply: Reply,
  body: ResponseBody,
  observer?: { readonly onChunk: (chunk: Uint8Array) => void; readonly onEnd: (isCut: boolean) => void },
): Promise<Response> {
  const { context } = attempts;
  // With its header, because it is no stream but for the client.
  reply.call.contentBegan();
  const stream = await pumpStream(body, reply.call, {
    onChunk(chunk) {
      context.sent(chunk.length);
      observer?.onChunk(chunk);
    },
    // JSON has no place for an error: the connection breaks off instead.
    terminalErrorEvent: () => undefined,
    onEnd(failure) {
      observer?.onEnd(failure !== undefined);
      attempts.close(failure);
      context.finishBody(failure);
    },
  });
  if (!stream) throw new Failure("upstream_empty_response", { provider: context.provider ?? "" });
  const response = new ClientAnswer(stream, {
    status: reply.response.status,
    headers: responseHeaders(context, reply),
  });
  attempts.handOver();
  return response;
}
