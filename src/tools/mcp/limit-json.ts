import { describeExceeded, type ExceededLimit, type JsonLimits } from "../../core/json/limits.ts";
import { McpError } from "./errors.ts";
import type { SessionOptions } from "./session.ts";

/**
 * The protocol's library parses and checks a message in one turn of the event loop, which takes 50 ms for so many values.
 * Whatever the setting allows, no tool's result for a model has more.
 */
const MAX_MESSAGE_VALUES = 100_000;

const EVENT_STREAM = /^text\/event-stream\b/i;

/**
 * A `fetch` whose responses break off, with {@link McpError}, before a message that is nested deeper or holds more values
 * than the limits allow has reached the protocol's library.
 */
export function limitJson(fetch: SessionOptions["fetch"], { depth, values }: JsonLimits): SessionOptions["fetch"] {
  const limits = { depth, values: Math.min(values, MAX_MESSAGE_VALUES) };
  return async (url, init) => {
    const response = await fetch(url, init);
    if (!response.body) return response;
    const reader = response.body.getReader();
    const exceeds = EVENT_STREAM.test(response.headers.get("content-type") ?? "")
      ? measureEvents(limits)
      : measureJson(limits);
    const body = new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          const { done, value } = await reader.read();
          if (done) return controller.close();
          const exceeded = exceeds(value);
          if (exceeded) {
            void reader.cancel().catch(() => {});
            throw new McpError("too_long", `answered with JSON that ${describeExceeded(exceeded, limits)}`);
          }
          controller.enqueue(value);
        },
        cancel: (reason) => reader.cancel(reason),
      },
      { highWaterMark: 0 },
    );
    const { status, statusText, headers } = response;
    return new Response(body, { status, statusText, headers });
  };
}

/** Looks at the next bytes of a text, and says which limit it exceeds by now. */
type Measure = (chunk: Uint8Array) => ExceededLimit | undefined;

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
/** With this bit set, brackets and braces are the same. */
const BRACE_BIT = 0x20;
const OPEN = 0x7b;
const CLOSE = 0x7d;

/** Byte by byte, as its text may be cut anywhere. */
interface JsonMeter {
  take(byte: number): void;
  exceeded(): ExceededLimit | undefined;
  reset(): void;
}

function createJsonMeter(limits: JsonLimits): JsonMeter {
  let depth = 0;
  let deepest = 0;
  let values = 1;
  let isInString = false;
  let isEscaped = false;
  /** An array or object has begun, and nothing in it yet. */
  let isEmpty = false;
  return {
    take(byte) {
      if (isInString) {
        if (isEscaped) isEscaped = false;
        else if (byte === BACKSLASH) isEscaped = true;
        else if (byte === QUOTE) isInString = false;
        return;
      }
      if (byte <= 0x20) return;
      const bracket = byte | BRACE_BIT;
      if (isEmpty && bracket !== CLOSE) values++;
      isEmpty = bracket === OPEN;
      if (isEmpty) deepest = Math.max(deepest, ++depth);
      else if (bracket === CLOSE) depth--;
      else if (byte === COMMA) values++;
      else if (byte === QUOTE) isInString = true;
    },
    exceeded: () => (deepest > limits.depth ? "depth" : values > limits.values ? "values" : undefined),
    reset() {
      depth = deepest = 0;
      values = 1;
      isInString = isEscaped = isEmpty = false;
    },
  };
}

function measureJson(limits: JsonLimits): Measure {
  const meter = createJsonMeter(limits);
  return (chunk) => {
    for (const byte of chunk) meter.take(byte);
    return meter.exceeded();
  };
}

const DATA_FIELD = Buffer.from("data:");

/** Measures the data of each event by itself; what other lines hold is no JSON. */
function measureEvents(limits: JsonLimits): Measure {
  const meter = createJsonMeter(limits);
  /** How many bytes of the line were looked at; they are those of {@link DATA_FIELD} so far, if `isData`. */
  let column = 0;
  let isData = true;
  let previous = 0;
  return (chunk) => {
    let exceeded: ExceededLimit | undefined;
    for (const byte of chunk) {
      if (byte === LINE_FEED || byte === CARRIAGE_RETURN) {
        const isSameEnd = byte === LINE_FEED && previous === CARRIAGE_RETURN;
        if (column === 0 && !isSameEnd) {
          exceeded ??= meter.exceeded();
          meter.reset();
        }
        column = 0;
        isData = true;
      } else {
        if (isData && column >= DATA_FIELD.length) meter.take(byte);
        else if (byte !== DATA_FIELD[column]) isData = false;
        column++;
      }
      previous = byte;
    }
    return exceeded ?? meter.exceeded();
  };
}
