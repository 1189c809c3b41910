import { createEventEditor, type EventFilter } from "../../../core/sse/event-filter.ts";
import type { Failure } from "../../../core/errors.ts";
import type { AnswerError } from "../../../formats/form/answer.ts";
import type { Format } from "../../../formats/format.ts";
import { UpstreamFailure, unfinishedStream } from "../../../upstream/errors.ts";
import { Body } from "../../../upstream/response-body.ts";
import { watchContent } from "../../stream/watch-content.ts";
import type { SaidSoFar } from "./said-so-far.ts";
import type { StreamPart } from "./stream-part.ts";

export interface ResumedBodyParts {
  readonly format: Pick<Format, "contentOf">;
  readonly said: SaidSoFar;
  /** What an error that a provider reports is. */
  readonly failureOf: (error: AnswerError) => Failure;
  /** The part that follows one that broke off with this failure; undefined if there is none. */
  readonly next: (failure: Failure) => Promise<StreamPart | undefined>;
}

/** An event of which more than this has come without its end is passed on, and nobody goes on behind it. */
const MAX_HELD_BYTES = 256 * 1024;

const NOTHING = Buffer.alloc(0);
const EMPTY_LINE = Buffer.from("\n\n");

/** How a part ended: with what it broke off, or by itself. */
interface Ending {
  readonly failure: Failure | undefined;
}

/**
 * A stream that another provider goes on with if it breaks off. What comes is passed on event by event, so that it never
 * ends within one; what breaks off is kept back until it is known whether somebody goes on. If nobody does, it ends as the
 * part did: what was kept back, and then the failure.
 */
export class ResumedBody extends Body {
  readonly #parts: ResumedBodyParts;
  #part: StreamPart;
  /** Takes the first part into its events; what follows comes in whole ones. */
  #events: EventFilter | undefined;
  #kept: Uint8Array[] = [];
  #keptBytes = 0;
  /** The last event that was passed on has no empty line behind it. */
  #isOpenEvent = false;
  #isTaken = false;
  #ending: Ending | undefined;
  #watch: ((bytes: Uint8Array) => void) | undefined;
  #hasBegun = false;

  constructor(first: StreamPart, parts: ResumedBodyParts) {
    super();
    this.#part = first;
    this.#parts = parts;
    this.#events = createEventEditor((event) => this.#judge(event), Number.POSITIVE_INFINITY);
  }

  protected override start(): void {
    if (this.#isTaken) return;
    this.#isTaken = true;
    this.#take(this.#part);
  }

  protected override pauseSource(isPaused: boolean): void {
    const { body, call } = this.#part;
    if (this.#ending) return;
    if (isPaused) {
      body.pause();
      call.awaitClient();
    } else {
      call.touch();
      body.resume();
    }
  }

  protected override dropSource(): void {
    this.#part.body.cancel();
  }

  #take(part: StreamPart): void {
    const { body, call } = part;
    this.#part = part;
    this.#ending = undefined;
    this.#hasBegun = false;
    this.#watch = watchContent(call, this.#parts.format, false);
    call.becomeStream();
    call.onAbort((failure) => this.#end(part, failure));
    body.consume({
      write: (bytes) => this.#push(part, bytes),
      flush: () => {
        if (this.#part !== part || this.#ending) return;
        call.touch();
        this.flush();
      },
      end: () => this.#end(part, undefined),
      fail: (error) => this.#end(part, call.explain(error)),
    });
    if (!this.isPaused || this.#part !== part || this.#ending) return;
    body.pause();
    call.awaitClient();
  }

  #push(part: StreamPart, bytes: Uint8Array): void {
    if (this.#part !== part || this.#ending) return;
    if (!this.#hasBegun) part.onBegun();
    this.#hasBegun = true;
    this.#watch?.(bytes);
    if (!this.#events) return this.write(bytes);
    this.#keptBytes += bytes.length;
    this.#pass(this.#events.push(bytes));
    const { said } = this.#parts;
    if (this.#keptBytes > MAX_HELD_BYTES) said.lose();
    if (said.error) this.#end(part, undefined);
    else if (said.isLost) this.#passAll();
  }

  #pass(bytes: Uint8Array): void {
    this.#keptBytes -= bytes.length;
    if (bytes.length > 0) this.write(bytes);
  }

  /** Nobody can go on: from now on, what comes is passed on as it is. */
  #passAll(): void {
    const rest = this.#events?.flush() ?? NOTHING;
    this.#events = undefined;
    this.#pass(rest);
  }

  /** @returns the bytes to pass on */
  #judge(event: Buffer): Uint8Array {
    const { said } = this.#parts;
    if (said.isLost) return event;
    if (!said.error && !this.#ending) said.take(event);
    if (!said.error && !this.#ending) return event;
    this.#kept.push(event);
    return NOTHING;
  }

  #end(part: StreamPart, broken: Failure | undefined): void {
    if (this.#part !== part || this.#ending || !this.isOpen) return;
    this.#ending = { failure: broken };
    const { said, failureOf } = this.#parts;
    if (this.#events) this.#endFirst(this.#events, broken === undefined);
    this.flush();
    if (said.isStopped || said.isLost) return this.#giveUp();
    const unfinished = (): Failure => new UpstreamFailure(unfinishedStream(), part.provider);
    const failure = said.error ? failureOf(said.error) : (broken ?? unfinished());
    // What the first provider reports is kept in its own words.
    if (this.#kept.length === 0) this.#ending = { failure };
    part.body.cancel();
    this.#parts.next(failure).then(
      (next) => (next ? this.#goOn(next) : this.#giveUp()),
      () => this.#giveUp(),
    );
  }

  /** What is left is an event that has not ended: of a stream that has ended by itself it may be whole all the same. */
  #endFirst(events: EventFilter, isAtEnd: boolean): void {
    const { said } = this.#parts;
    this.#events = undefined;
    this.#pass(events.flush());
    if (said.error || said.isLost) return;
    const isWhole = said.end(isAtEnd ? Buffer.concat(this.#kept) : NOTHING);
    if (!isWhole || said.error) return;
    this.#isOpenEvent = true;
    this.#passKept();
  }

  #passKept(): void {
    for (const bytes of this.#kept) this.write(bytes);
    this.#kept = [];
  }

  #goOn(next: StreamPart): void {
    if (!this.isOpen) return next.body.cancel();
    this.#parts.said.error = undefined;
    this.#kept = [];
    if (this.#isOpenEvent) this.write(EMPTY_LINE);
    this.#isOpenEvent = false;
    this.#take(next);
  }

  #giveUp(): void {
    if (!this.isOpen) return;
    this.#passKept();
    this.flush();
    if (this.#ending?.failure) this.fail(this.#ending.failure);
    else this.end();
  }
}
