import type { Failure } from "../../core/errors.ts";
import { endsEvent, readEventData } from "../../core/sse/event-data.ts";
import { createEventFilter } from "../../core/sse/event-filter.ts";
import { REACH, SignScanner, type StreamTail } from "../../core/sse/stream-tail.ts";
import { isJsonObject, type JsonObject, parseJson } from "../../core/json/parse.ts";
import {
  endsWith,
  isErrorEvent,
  readEnding,
  type SeenEvent,
  type StreamEnding,
  type StreamWatch,
} from "../stream-watch.ts";

/** With one of these events a response is over. */
const FAILED = "response.failed";
const TERMINALS = ["response.completed", "response.incomplete", FAILED, "response.cancelled"];

const WORD = Buffer.from("response.");
const TERMINAL_INITIALS: ReadonlySet<number> = new Set(TERMINALS.map((name) => name.charCodeAt(WORD.length)));

/** What is before the name of an event: its `event` line, or the first member of its data. */
const BEFORE_NAME = /(?:^|[\r\n])(?:event: ?|data: ?\{\s*"type"\s*:\s*")$/;

/** The name of an event, where it cannot be part of a text; the events that end a response may be of any length. */
const TERMINAL_NAME = {
  word: WORD,
  isFound(bytes: Buffer, at: number, isLineStart: boolean): boolean {
    // Nearly all events are none of these, which one letter shows.
    if (!TERMINAL_INITIALS.has(bytes[at + WORD.length] as number)) return false;
    if (!TERMINALS.some((name) => isNameAt(bytes, at, name))) return false;
    const start = Math.max(0, at - REACH / 2);
    const before = bytes.toString("latin1", start, at);
    return BEFORE_NAME.test(start > 0 || isLineStart ? before : `x${before}`);
  },
};

function isNameAt(bytes: Buffer, at: number, name: string): boolean {
  const next = bytes[at + name.length];
  // An end of a line, or a quote.
  return (next === 0x0a || next === 0x0d || next === 0x22) && bytes.toString("latin1", at, at + name.length) === name;
}

function judge(event: SeenEvent): "whole" | "error" | undefined {
  if (isErrorEvent(event)) return "error";
  const { name, data } = event;
  const type = isJsonObject(data) ? data["type"] : undefined;
  if (type === FAILED) return "error";
  return TERMINALS.some((terminal) => terminal === type || terminal === name) ? "whole" : undefined;
}

/** An event that is long is not kept: the broken response then lacks it. */
const MAX_EVENT_BYTES = 64 * 1024;

/** Kept of all events together. */
const MAX_KEPT_BYTES = 128 * 1024;

/** The events of which something is kept, by the letters with which their names go on behind `response.`. */
const KEPT_NAMES = ["created", "in_progress", "output_item.done"] as const;

/**
 * A stream of OpenAI's Responses, with what is needed to end it if it breaks off: the response as it was last reported,
 * and the items of its output that are done.
 */
export class ResponsesStream implements StreamWatch {
  readonly #end = new SignScanner(TERMINAL_NAME);
  readonly #events = createEventFilter((event) => this.#keep(event), MAX_EVENT_BYTES, findKept);
  #response: Buffer | undefined;
  #items: Buffer[] = [];
  #keptBytes = 0;

  push(bytes: Buffer, before: StreamTail): void {
    this.#end.push(bytes, before);
    if (!this.#end.found) this.#events.push(Buffer.from(bytes));
  }

  ending(last: Buffer): StreamEnding {
    return readEnding(last, this.#end.found, judge);
  }

  isOver(last: Buffer): boolean {
    return (this.#end.found && endsEvent(last)) || endsWith(last, isErrorEvent);
  }

  /** `response.failed`, which some clients read, and `error`, which others do, in all the shapes that they know. */
  errorEvents({ message, code, details }: Failure, requestId: string, last: Buffer): string {
    const { wireCode, attempts } = details;
    const error = { type: "upstream_error", code: wireCode ?? code, message, param: null, attempts };
    const next = lastSequenceNumber(last) + 1;
    const response = {
      id: `resp_${requestId}`,
      object: "response",
      ...this.#reported(),
      status: "failed",
      error: { code: error.code, message },
    };
    return [
      { type: "response.failed", sequence_number: next, response },
      { type: "error", code: error.code, message, param: null, sequence_number: next + 1, error },
    ]
      .map((data) => `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`)
      .join("");
  }

  /** The response as far as it is known. */
  #reported(): JsonObject {
    const event = this.#response && parseJson(this.#response);
    const response = isJsonObject(event) && isJsonObject(event["response"]) ? event["response"] : {};
    const done = this.#items.map((bytes) => parseJson(bytes)).filter(isJsonObject);
    const output: unknown[] = Array.isArray(response["output"]) ? [...response["output"]] : [];
    for (const { output_index: index, item } of done) {
      if (typeof index === "number" && index >= 0 && index <= output.length) output[index] = item;
      else output.push(item);
    }
    return { ...response, output };
  }

  /** Judges no event unwanted: what goes to the client is not this. */
  #keep(event: Buffer): false {
    const data = readEventData(event)?.bytes;
    const name = data && /"type"\s*:\s*"response\.([a-z_.]+)"/.exec(data.toString("latin1"))?.[1];
    if (!data || !KEPT_NAMES.some((kept) => kept === name)) return false;
    if (name !== "output_item.done") {
      this.#keptBytes += data.length - (this.#response?.length ?? 0);
      this.#response = Buffer.from(data);
    } else if (this.#keptBytes + data.length <= MAX_KEPT_BYTES) {
      this.#keptBytes += data.length;
      this.#items.push(Buffer.from(data));
    }
    return false;
  }
}

/** Where the first of the events that are kept may be, or -1; most are deltas, which name none. */
function findKept(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(WORD, from); at >= 0; at = bytes.indexOf(WORD, at + WORD.length)) {
    const start = at + WORD.length;
    // `created`, `in_progress`, `output_item`; and what is cut here.
    if (start === bytes.length || bytes[start] === 0x63 || bytes[start] === 0x69) return at;
    if (bytes[start] === 0x6f && bytes.toString("latin1", start, start + 11) === "output_item") return at;
  }
  return -1;
}

const SEQUENCE_NUMBER = /"sequence_number"\s*:\s*(\d{1,15})(?=\D)/g;

/** The last one that was sent, or -1. */
function lastSequenceNumber(last: Buffer): number {
  let found = -1;
  for (const [, digits] of last.toString("latin1").matchAll(SEQUENCE_NUMBER)) found = Number(digits);
  return found;
}
