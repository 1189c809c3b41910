import { endsEvent } from "../core/sse/event-data.ts";
import type { StreamTail } from "../core/sse/stream-tail.ts";
import type { Failure } from "../core/errors.ts";
import { isJsonObject, parseJson } from "../core/json/parse.ts";

/**
 * How a provider's stream came to its end: `whole` with the format's own sign of it, `error` with an error that the
 * provider itself reported, `cut` without either or in the middle of an event.
 */
export type StreamEnding = "whole" | "error" | "cut";

/** What a format sees of one stream on its way to the client. */
export interface StreamWatch {
  /**
   * Looks at the next bytes, which may be others when it has returned.
   * @param before what came before them
   */
  push(bytes: Buffer, before: StreamTail): void;
  /** @param last the last bytes of the stream, at least some kilobytes if there were so many */
  ending(last: Buffer): StreamEnding;
  /**
   * Whether nothing can be lost any more: the last event is the one that ends every stream of the format, or an error of
   * the provider's.
   * @param last as in `ending`
   */
  isOver(last: Buffer): boolean;
  /**
   * The last events for a client whose stream breaks off.
   * @param last as in `ending`
   */
  errorEvents(failure: Failure, requestId: string, last: Buffer): string;
}

/** One event, as far as it says how its stream ends. */
export interface SeenEvent {
  /** Of its `event` line; empty if it has none. */
  readonly name: string;
  /** What its data is as JSON, or the text of it if it is none. */
  readonly data: unknown;
}

/** What an event says of the end of its stream. */
export type JudgeEvent = (event: SeenEvent) => Exclude<StreamEnding, "cut"> | undefined;

const EMPTY_LINE = /\r\n\r\n|\n\n|\r\r/;
const LINE_END = /\r\n|\n|\r/;

/** In the events of all formats that report an error. */
const ERROR = "error";
const OF_ERRORS = /error|failed/;

/**
 * Finds how a stream ended from its last bytes.
 * @param hasSign whether the sign of an end is known to have gone by before
 */
export function readEnding(last: Buffer, hasSign: boolean, judge: JudgeEvent): StreamEnding {
  const isAtBoundary = endsEvent(last);
  if (isAtBoundary && hasSign && !last.includes(ERROR)) return "whole";
  const texts = last.toString("utf8").split(EMPTY_LINE);
  // Clients that are not strict take an event without its empty line, and providers forget that of the last one.
  if (!isAtBoundary && readEvent(texts.at(-1) ?? "") === "unreadable") return "cut";
  let ending: StreamEnding = hasSign ? "whole" : "cut";
  for (const text of texts.toReversed()) {
    // Of a stream that is whole only errors are looked for: reading all events of its end takes 0.1 ms.
    const event: ReturnType<typeof readEvent> = ending === "cut" || OF_ERRORS.test(text) ? readEvent(text) : undefined;
    const said: StreamEnding | undefined = typeof event === "object" ? judge(event) : undefined;
    // Many providers end a stream properly behind the error with which it failed.
    if (said === "error") return said;
    if (said) ending = said;
  }
  return ending;
}

/** Whether the last of these events is one behind which nothing comes; comments may follow it. */
export function endsWith(last: Buffer, isLast: (event: SeenEvent) => boolean): boolean {
  const events = last.toString("utf8").split(EMPTY_LINE).map(readEvent);
  const event = events.findLast((seen) => seen !== undefined);
  return typeof event === "object" && isLast(event);
}

/** @returns undefined if it is nothing but comments, `unreadable` if it has no data or some that is cut */
function readEvent(text: string): SeenEvent | "unreadable" | undefined {
  const lines = text.split(LINE_END).filter((line) => line !== "" && !line.startsWith(":"));
  if (lines.length === 0) return undefined;
  const valuesOf = (field: string): string[] =>
    lines.flatMap((line) => (line.startsWith(`${field}:`) ? line.slice(field.length + 1).replace(/^ /, "") : []));
  const [name = ""] = valuesOf("event");
  const data = valuesOf("data").join("\n");
  if (data === DONE) return { name, data };
  const value = parseJson(data);
  return value === undefined ? "unreadable" : { name, data: value };
}

/** What ends the streams of OpenAI's older APIs. */
export const DONE = "[DONE]";

/** Whether the provider reports an error with an event, in the API's own words or in any that are common. */
export function isErrorEvent({ name, data }: SeenEvent): boolean {
  if (name === "error") return true;
  if (!isJsonObject(data)) return false;
  return (
    data["type"] === "error" || (data["error"] !== undefined && data["error"] !== null && data["type"] === undefined)
  );
}

/** A comment, which clients of event streams ignore. */
export const KEEP_ALIVE_COMMENT = ": keep-alive\n\n";

/** An error as clients of OpenAI's older APIs expect it in a stream. */
export function openAiErrorEvent({ message, code, details }: Failure): string {
  const error = { message, type: "upstream_error", code: details.wireCode ?? code, attempts: details.attempts };
  return `data: ${JSON.stringify({ error })}\n\n`;
}

/** A stream of an API that has none: nothing is known of its end. */
export const UNKNOWN_STREAM: StreamWatch = {
  push() {},
  ending: () => "whole",
  isOver: () => false,
  errorEvents: openAiErrorEvent,
};
