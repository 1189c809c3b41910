import { REACH, SignScanner, type StreamTail } from "../../core/sse/stream-tail.ts";
import { isJsonObject } from "../../core/json/parse.ts";
import { listOf } from "../../core/json/values.ts";
import type { Failure } from "../../core/errors.ts";
import { googleError } from "../google-error.ts";
import {
  endsWith,
  isErrorEvent,
  readEnding,
  type SeenEvent,
  type StreamEnding,
  type StreamWatch,
} from "../stream-watch.ts";

/** The member with which a candidate is over; in the text of a model its quotes would be escaped. */
const FINISH = {
  word: Buffer.from('"finishReason"'),
  isFound: (bytes: Buffer, at: number): boolean => FINISHED.test(bytes.toString("latin1", at, at + REACH)),
};
const FINISHED = /^"finishReason"\s*:\s*"[A-Z_]+"/;

/** A stream has no event that ends it, but the last chunk of each candidate says why it stopped. */
const isLast = ({ data }: SeenEvent): boolean =>
  isJsonObject(data) && (hasFinish(data["candidates"]) || isBlocked(data["promptFeedback"]));

const hasFinish = (candidates: unknown): boolean =>
  listOf(candidates).some((candidate) => isJsonObject(candidate) && typeof candidate["finishReason"] === "string");

/** The prompt was refused, and there is no candidate. */
const isBlocked = (feedback: unknown): boolean => isJsonObject(feedback) && typeof feedback["blockReason"] === "string";

function judge(event: SeenEvent): "whole" | "error" | undefined {
  if (isErrorEvent(event)) return "error";
  return isLast(event) ? "whole" : undefined;
}

/** A stream of events of generateContent. Its last one may be long: signatures and sources are in it. */
export class GenerateStream implements StreamWatch {
  readonly #finish = new SignScanner(FINISH);

  push(bytes: Buffer, before: StreamTail): void {
    this.#finish.push(bytes, before);
  }

  ending(last: Buffer): StreamEnding {
    return readEnding(last, this.#finish.found, judge);
  }

  isOver: StreamWatch["isOver"] = (last) => endsWith(last, (event) => isLast(event) || isErrorEvent(event));

  errorEvents(failure: Failure, requestId: string): string {
    return `data: ${JSON.stringify(googleError(failure, requestId))}\n\n`;
  }
}

/** Where an array has an error in place of an answer. */
const ERROR_ELEMENT = /[[,]\s*\{\s*"error"\s*:\s*\{/;

/** Behind these bytes another element may follow: nothing, the beginning of the array, an element. */
const AT_BOUNDARY = /^$|[[,}]\s*$/;

/** The same as one JSON array, which Google sends to clients that do not ask for events. */
export class GenerateArray implements StreamWatch {
  readonly #finish = new SignScanner(FINISH);

  push(bytes: Buffer, before: StreamTail): void {
    this.#finish.push(bytes, before);
  }

  ending(last: Buffer): StreamEnding {
    const text = last.toString("utf8").trimEnd();
    if (!text.endsWith("]")) return "cut";
    if (ERROR_ELEMENT.test(text)) return "error";
    return this.#finish.found || BLOCKED.test(text) ? "whole" : "cut";
  }

  isOver: StreamWatch["isOver"] = (last) => last.toString("utf8").trimEnd().endsWith("]") && this.#finish.found;

  /** The last element and the end of the array; blank if the bytes broke off within an element. */
  errorEvents(failure: Failure, requestId: string, last: Buffer): string {
    const text = last.toString("utf8").trimEnd();
    if (!AT_BOUNDARY.test(text)) return "";
    const before = text === "" ? "[" : text.endsWith("}") ? ",\r\n" : "";
    return `${before}${JSON.stringify(googleError(failure, requestId))}\r\n]`;
  }
}

const BLOCKED = /"blockReason"\s*:\s*"/;
