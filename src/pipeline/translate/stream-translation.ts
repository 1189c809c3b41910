import { toFailure } from "../../core/errors.ts";
import { parseJson } from "../../core/json/parse.ts";
import { EventReader, EventTooLong, type ServerEvent } from "../../core/sse/event-reader.ts";
import type { AnswerError, Usage } from "../../formats/form/answer.ts";
import type { AnswerEvent } from "../../formats/form/answer-events.ts";
import type { AnswerStreamReader, AnswerStreamWriter } from "../../formats/form/dialect.ts";
import { UpstreamError } from "../../upstream/errors.ts";
import type { BodyTransform } from "../transform-body.ts";

/** An event may repeat a whole answer. */
const MAX_EVENT_CHARACTERS = 16 * 1024 * 1024;

/** The provider ended its answer without an error, but before the end of the stream. */
const UNFINISHED = { code: "STREAM_UNFINISHED", phase: "body", requestSent: true } as const;

const TOO_LONG = { code: "EVENT_TOO_LONG", phase: "body", requestSent: true } as const;

export interface StreamTranslationParts {
  readonly reader: AnswerStreamReader;
  readonly writer: AnswerStreamWriter;
  /** The error as the client may read it. */
  readonly clientsError: (error: AnswerError) => AnswerError;
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
  readonly #events = new EventReader(MAX_EVENT_CHARACTERS);
  /** What the events under way have become. */
  #text = "";
  #hasRead = false;
  #hasWritten = false;
  /** The client's stream has come to its end. */
  #isEnded = false;

  constructor(parts: StreamTranslationParts) {
    this.#parts = parts;
  }

  push(bytes: Uint8Array, write: (bytes: Uint8Array) => void): void {
    try {
      this.#events.push(bytes, this.#take);
    } catch (error) {
      throw error instanceof EventTooLong ? new UpstreamError("invalid_response", TOO_LONG) : ownFault(error);
    } finally {
      this.#hand(write);
    }
  }

  end(write: (bytes: Uint8Array) => void): void {
    if (this.isOver || this.#isEnded) return;
    try {
      const last = this.#events.end();
      // One that is cut could be taken for another one.
      if (last && isWhole(last)) this.#take(last);
      if (this.#hasRead && !this.isOver && !this.#isEnded) this.#end();
    } catch (error) {
      throw ownFault(error);
    } finally {
      this.#hand(write);
    }
  }

  #take = (event: ServerEvent): void => {
    if (this.isOver || this.#isEnded) return;
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
      if (event.type === "fail") throw new UpstreamError("reset", UNFINISHED);
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
