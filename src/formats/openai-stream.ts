import { isJsonObject } from "../core/json/parse.ts";
import { SignScanner, type StreamTail } from "../core/sse/stream-tail.ts";
import type { Failure } from "../core/errors.ts";
import {
  DONE,
  endsWith,
  isErrorEvent,
  openAiErrorEvent,
  readEnding,
  type SeenEvent,
  type StreamEnding,
  type StreamWatch,
} from "./stream-watch.ts";

const WORD = Buffer.from('"finish_reason"');
const QUOTE = 0x22;
const COLON = 0x3a;
const SPACE = 0x20;

/** Whether a member whose name ends before `position` is a string that is not empty. */
function isText(bytes: Buffer, position: number): boolean {
  let at = position;
  while ((bytes[at] as number) <= SPACE) at += 1;
  if (bytes[at] !== COLON) return false;
  do at += 1;
  while ((bytes[at] as number) <= SPACE);
  return bytes[at] === QUOTE && at + 1 < bytes.length && bytes[at + 1] !== QUOTE;
}

const COMPACT = Buffer.from('"finish_reason":"');
const SPACED = Buffer.from('"finish_reason": "');

/**
 * Quotes within strings are escaped, so text that talks of a finish reason is never taken for one. Each chunk but the last
 * says that it has none: of 500 in one piece, to look at each took 14 µs.
 */
const FINISH_REASON = {
  word: WORD,
  isFound: (bytes: Buffer, at: number): boolean => isText(bytes, at + WORD.length),
  narrow(bytes: Buffer, at: number): Buffer | undefined {
    const position = at + WORD.length;
    if (bytes[position] !== COLON) return undefined;
    if ((bytes[position + 1] as number) > SPACE) return COMPACT;
    return bytes[position + 1] === SPACE && (bytes[position + 2] as number) > SPACE ? SPACED : undefined;
  },
};

/** The chunk with the usage alone comes when everything else has. */
function isUsageOnly(data: unknown): boolean {
  if (!isJsonObject(data) || !isJsonObject(data["usage"])) return false;
  return Array.isArray(data["choices"]) && data["choices"].length === 0;
}

function judge(event: SeenEvent): "whole" | "error" | undefined {
  if (event.data === DONE || isUsageOnly(event.data)) return "whole";
  return isErrorEvent(event) ? "error" : undefined;
}

/**
 * A stream of chat completions or completions: it ends with a finish reason, which other chunks may follow, with the chunk that has
 * the usage alone, or with `[DONE]`.
 * A class because one is made for each stream.
 */
export class OpenAiStream implements StreamWatch {
  readonly #finish = new SignScanner(FINISH_REASON);

  push(bytes: Buffer, before: StreamTail): void {
    this.#finish.push(bytes, before);
  }

  ending(last: Buffer): StreamEnding {
    this.#finish.searchAgain(last);
    return readEnding(last, this.#finish.found, judge);
  }

  isOver(last: Buffer): boolean {
    return endsWith(last, (event) => event.data === DONE || isErrorEvent(event));
  }

  errorEvents(failure: Failure): string {
    return openAiErrorEvent(failure);
  }
}
