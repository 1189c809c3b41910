import { toFailure } from "../../core/errors.ts";
import { parseJson } from "../../core/json/parse.ts";
import { memoryExhausted } from "../../core/memory/budget.ts";
import { EventReader, EventTooLong, type ServerEvent } from "../../core/sse/event-reader.ts";
import type { AnswerError, Usage } from "../../formats/form/answer.ts";
import type { AnswerEvent } from "../../formats/form/answer-events.ts";
import type { AnswerStreamReader, AnswerStreamWriter } from "../../formats/form/dialect.ts";
import { BrokenFrame, type FrameReader } from "../../formats/form/framing.ts";
import { UpstreamError, unfinishedStream } from "../../upstream/errors.ts";
import type { BodyTransform } from "../body/transform-body.ts";

/** An event may repeat a whole answer. */
const MAX_EVENT_CHARACTERS = 16 * 1024 * 1024;

const BROKEN = { code: "FRAME_BROKEN", phase: "body", requestSent: true } as const;

/** What is held back below this is not counted. */
const CHARACTERS_PER_STEP = 32 * 1024;

/** Of text beyond Latin-1. */
const BYTES_PER_CHARACTER = 2;

const TOO_LONG = { code: "EVENT_TOO_LONG", phase: "body", requestSent: true } as const;

export interface StreamTranslationParts {
  readonly reader: AnswerStreamReader;
  readonly writer: AnswerStreamWriter;
  /** Takes the stream apart; absent if its events are server-sent ones. */
  readonly frames?: FrameReader | undefined;
  /** The client has had something of the answer already. */
  readonly hasBegun?: boolean;
  /** The error as the client may read it. */
  readonly clientsError: (error: AnswerError) => AnswerError;
  /** Called with each event of the answer. */
  readonly onEvent?: ((event: AnswerEvent) => void) | undefined;
  /** Called with how many bytes are held back for what is still to come; false if there is no room for them. */
  readonly mayHold: (bytes: number) => boolean;
  /** Called with an error that the provider reported after something was written. */
  readonly onError: (error: AnswerError) => void;
  /** What is thrown for an error that the provider reported before. */
  readonly failureOf: (error: AnswerError) => unknown;
}

/**
 * The stream of a provider's API as that of a client's: what an event says goes out at once. A stream that breaks off is
 * not ended as if it were whole: this throws, and whoever sends it says so in the client's own way.
 */
export class StreamTranslation implements BodyTransform {
  isOver = false;
  /** What the provider said last. */
  usage: Usage | undefined;
  readonly #parts: StreamTranslationParts;
  readonly #events: FrameReader;
  /** What the events under way have become. */
  #text = "";
  #heldSteps = 0;
  #hasRead = false;
  #hasWritten = false;
  /** The client's stream has come to its end. */
  #isEnded = false;

  constructor(parts: StreamTranslationParts) {
    this.#parts = parts;
    this.#events = parts.frames ?? new EventReader(MAX_EVENT_CHARACTERS);
    this.#hasWritten = parts.hasBegun ?? false;
  }

  /** Whether the provider has said all that it has to say. */
  get isDone(): boolean {
    return this.isOver || this.#isEnded;
  }

  get isWhole(): boolean {
    return this.isDone || (this.#parts.reader.isWhole ?? false);
  }

  push(bytes: Uint8Array, write: (bytes: Uint8Array) => void): void {
    if (this.isDone) return;
    try {
      this.#events.push(bytes, this.#take);
      this.#hold();
    } catch (error) {
      if (error instanceof EventTooLong) throw new UpstreamError("invalid_response", TOO_LONG);
      throw error instanceof BrokenFrame ? new UpstreamError("invalid_response", BROKEN) : ownFault(error);
    } finally {
      this.#hand(write);
    }
  }

  end(write: (bytes: Uint8Array) => void): void {
    if (this.isDone) return;
    try {
      const last = this.#events.end();
      // One that is cut could be taken for another one.
      if (last && isWhole(last)) this.#take(last);
      if (this.#hasRead && !this.isOver && !this.#isEnded) this.#end();
    } catch (error) {
      throw error instanceof BrokenFrame ? unfinishedStream() : ownFault(error);
    } finally {
      this.#hand(write);
    }
  }

  /** Asks for room in steps, so that most streams never do. */
  #hold(): void {
    const { reader, writer, mayHold } = this.#parts;
    const held = this.#events.kept + (reader.held ?? 0) + (writer.held ?? 0);
    const steps = Math.floor(held / CHARACTERS_PER_STEP);
    if (steps === this.#heldSteps) return;
    this.#heldSteps = steps;
    if (!mayHold(steps * CHARACTERS_PER_STEP * BYTES_PER_CHARACTER)) throw memoryExhausted();
  }

  #take = (event: ServerEvent): void => {
    if (this.isDone) return;
    this.#hasRead = true;
    const { reader } = this.#parts;
    for (const read of reader.read(event)) {
      if (read.type === "fail") return this.#fail(read.error);
      this.#write(read);
    }
    if (reader.isComplete) this.#end();
  };

  #write(event: AnswerEvent): void {
    if (event.type === "usage") this.usage = event.usage;
    this.#parts.onEvent?.(event);
    this.#text += this.#parts.writer.write(event);
  }

  /** The provider says itself that it failed. */
  #fail(told: AnswerError): void {
    const { clientsError, failureOf, onError, writer } = this.#parts;
    // Nothing of the answer has gone out: the client can still have an error with a status.
    if (!this.#hasWritten && this.#text === "") throw failureOf(told);
    this.#text += writer.write({ type: "fail", error: clientsError(told) });
    this.isOver = true;
    onError(told);
  }

  #end(): void {
    const { reader, writer } = this.#parts;
    for (const event of reader.end()) {
      if (event.type === "fail") throw unfinishedStream();
      this.#write(event);
    }
    this.#text += writer.end();
    this.#isEnded = true;
  }

  #hand(write: (bytes: Uint8Array) => void): void {
    if (this.#text === "") return;
    const bytes = Buffer.from(this.#text);
    this.#text = "";
    this.#hasWritten = true;
    write(bytes);
  }
}

/** What a dialect throws is no failure of the call. */
function ownFault(error: unknown): unknown {
  return error instanceof UpstreamError ? error : toFailure(error);
}

const isWhole = ({ data }: ServerEvent): boolean => data === "[DONE]" || parseJson(data) !== undefined;
