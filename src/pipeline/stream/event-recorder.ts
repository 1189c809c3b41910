import { Failure } from "../../core/errors.ts";
import { asBuffer } from "../../core/json/bytes.ts";
import type { RequestContext } from "../../core/request-context.ts";
import { endsEvent } from "../../core/sse/event-data.ts";
import { createEventFilter, type EventFilter } from "../../core/sse/event-filter.ts";
import { createStreamTail, type StreamTail } from "../../core/sse/stream-tail.ts";
import { findUsage, isUsageOnlyEvent } from "../../formats/chat/usage-event.ts";
import type { Format } from "../../formats/format.ts";
import type { StreamWatch } from "../../formats/stream-watch.ts";
import { joinUsage } from "../../core/token-usage.ts";
import { readFirstUsage, readUsage } from "../../formats/usage.ts";
import { UpstreamFailure, unfinishedStream } from "../../upstream/errors.ts";
import type { Reply } from "../attempt/attempt.ts";
import type { Attempts } from "../attempt/attempts.ts";
import { bookStream } from "../book-usage.ts";
import type { StreamListener } from "../stream-listener.ts";
import { watchContent } from "./watch-content.ts";

/** An empty comment. */
const OPENING = ":\n\n";

/**
 * Usage comes in the last event; the longest ones, of the Responses API, have it this near their end. So do the signs of
 * an end that are not looked for in all bytes.
 */
const TAIL_BYTES = 4096;

/** The Messages API reports the input tokens in its first event. */
const USAGE_HEAD_BYTES = 2048;

/**
 * Chunks are copied into the tail as they come, and looked at together when they are so many bytes: nobody asks before the
 * stream ends or is silent what they are. To look at each cost 0.2 µs an event, to keep them until then 0.3 at a thousand streams.
 */
const MAX_UNSEEN_BYTES = TAIL_BYTES / 2;

/**
 * Records a stream on its way, and judges how it ends. A class instead of closures: what a chunk needs of it lies together,
 * and of a thousand streams nothing is in the processor's cache any more when their next event comes.
 */
export class EventRecorder implements StreamListener {
  readonly #context: RequestContext;
  readonly #attempts: Attempts;
  readonly #reply: Reply;
  readonly #format: Format;
  readonly #awaited: ((bytes: Uint8Array) => void) | undefined;
  readonly #watch: StreamWatch;
  readonly #tail: StreamTail = createStreamTail(TAIL_BYTES);
  /** So many bytes in the tail the watch has not seen. */
  #unseenBytes = 0;
  #awaitsStartUsage: boolean;
  #hasBegun = false;
  #hasUsageChunk = false;

  constructor(attempts: Attempts, reply: Reply, format: Format) {
    this.#context = attempts.context;
    this.#attempts = attempts;
    this.#reply = reply;
    this.#format = format;
    this.#awaited = watchContent(reply.call, format, false);
    this.#watch = format.watchStream();
    this.#awaitsStartUsage = format.usageAtStart && reply.usage === undefined;
  }

  onChunk(chunk: Uint8Array): void {
    if (!this.#hasBegun) this.#context.firstByte();
    this.#awaited?.(chunk);
    if (this.#awaitsStartUsage) this.#readStartUsage(chunk);
    if (this.#unseenBytes + chunk.length > MAX_UNSEEN_BYTES) this.#look();
    if (chunk.length > MAX_UNSEEN_BYTES) {
      this.#watch.push(asBuffer(chunk), this.#tail);
      this.#tail.push(chunk);
    } else {
      this.#tail.append(chunk);
      this.#unseenBytes += chunk.length;
    }
    this.#hasBegun = true;
  }

  /** Takes the chunk with the usage alone out of the stream, and notes it. */
  removeUsage(): EventFilter {
    return createEventFilter((event) => this.#takeUsage(event), undefined, findUsage);
  }

  #takeUsage(event: Buffer): boolean {
    if (!isUsageOnlyEvent(event)) return false;
    this.#context.firstByte();
    this.#context.used(readUsage(event));
    this.#hasUsageChunk = true;
    return true;
  }

  terminalErrorEvent(failure: Failure): Uint8Array {
    const last = this.#last();
    const event = this.#watch.errorEvents(failure, this.#context.id, last);
    // A client must see the error as an event of its own, wherever the provider's bytes broke off.
    const words = Buffer.from(endsEvent(last) ? event : `\n\n${event}`);
    this.#context.sent(words.length);
    return words;
  }

  failureAtEnd(): Failure | undefined {
    const last = this.#last();
    // The chunk that was removed is the last but for `[DONE]`.
    if (this.#hasUsageChunk && endsEvent(last)) return undefined;
    const { provider = "" } = this.#context;
    if (!this.#hasBegun) return new Failure("upstream_empty_response", { provider });
    const ending = this.#watch.ending(last);
    if (ending === "error") this.#reportedError();
    return ending === "cut" ? new UpstreamFailure(unfinishedStream(), provider) : undefined;
  }

  /** The provider itself has reported it, and it was relayed. */
  #reportedError(): void {
    const { provider = "" } = this.#context;
    this.#context.failed(new Failure("provider_error", { provider }));
  }

  isOver(): boolean {
    return this.#watch.isOver(this.#last());
  }

  signOfLife(isFirst: boolean): Uint8Array | undefined {
    if (!endsEvent(this.#last())) return undefined;
    const words = Buffer.from(isFirst ? (this.#format.opening ?? OPENING) : this.#format.keepAlive);
    this.#context.sent(words.length);
    return words;
  }

  onEnd(reason: Failure | undefined): void {
    const context = this.#context;
    const last = this.#last();
    // Once, as nobody asks before: with a thousand streams the record, which lies apart, is not in the processor's cache at an event.
    context.sent(this.#tail.total());
    // Clients leave when they have the last event, which may be before the provider has closed its stream.
    const isLeft = reason?.code === "client_gone";
    const ending = isLeft && this.#watch.isOver(last) ? this.#watch.ending(last) : "cut";
    // Some leave with the provider's error, which is what has happened.
    if (ending === "error") this.#reportedError();
    const hasAll = ending !== "cut";
    const { usage } = this.#reply;
    const told = usage ? usage() : joinUsage(context.usage, (this.#format.readUsage ?? readUsage)(last));
    bookStream(context, told, this.#tail, reason !== undefined && !hasAll);
    this.#attempts.close(hasAll ? undefined : reason);
    context.finishBody(hasAll ? undefined : reason);
  }

  #readStartUsage(chunk: Uint8Array): void {
    // Not from the tail: if the chunk is long, that has only its end.
    this.#context.used(readFirstUsage(this.#hasBegun ? Buffer.concat([this.#last(), chunk]) : chunk));
    this.#awaitsStartUsage = this.#context.usage === undefined && this.#tail.total() + chunk.length < USAGE_HEAD_BYTES;
  }

  /** The last bytes of all that went by. */
  #last(): Buffer {
    this.#look();
    return asBuffer(this.#tail.bytes());
  }

  /** Has the watch see what it has not seen. */
  #look(): void {
    if (this.#unseenBytes === 0) return;
    this.#watch.push(this.#tail.unseen(), this.#tail);
    this.#tail.seen();
    this.#unseenBytes = 0;
  }
}
