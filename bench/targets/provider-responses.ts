/** The bytes that the mock provider sends, heads and framing included. */

const encode = (text: string): Buffer => Buffer.from(text);

function whole(status: string, body: object, header = ""): Buffer {
  const text = JSON.stringify(body);
  return encode(
    `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\n${header}content-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
  );
}
const chunk = (text: string): string => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
const COMMON = { id: "chatcmpl-bench", created: 1_750_000_000, model: "gpt-4o-mini" };
const USAGE = { prompt_tokens: 20, completion_tokens: 64, total_tokens: 84 };
const eventOf = (choices: readonly object[], extra: object): string =>
  `data: ${JSON.stringify({ ...COMMON, object: "chat.completion.chunk", choices, ...extra })}\n\n`;
const DELTA = eventOf([{ index: 0, delta: { content: " token" }, finish_reason: null }], {});
const DONE = "data: [DONE]\n\n";

export const COMPLETION = whole("200 OK", {
  ...COMMON,
  object: "chat.completion",
  choices: [
    { index: 0, message: { role: "assistant", content: "Hello! How can I help you today?" }, finish_reason: "stop" },
  ],
  usage: USAGE,
});
const MODEL = { id: "gpt-4o-mini", object: "model", created: 1_750_000_000, owned_by: "openai" };
export const MODELS = whole("200 OK", { object: "list", data: [MODEL] });
export const REFUSAL = whole(
  "429 Too Many Requests",
  { error: { message: "Too many requests", type: "rate_limit_error", code: "rate_limit_exceeded" } },
  "retry-after: 1\r\n",
);
export const FAILURE = whole("500 Internal Server Error", {
  error: { message: "The server had an error", type: "server_error", code: null },
});

const HEAD =
  "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n";
const END = "0\r\n\r\n";
export const LAST_CHUNK = encode(END);
export const STREAM_HEAD = encode(HEAD);
export const EVENT = encode(chunk(DELTA));
/** The head of a stream with its first event. */
export const FIRST_EVENT = encode(HEAD + chunk(DELTA));
export const TEN_EVENTS = encode(chunk(DELTA.repeat(10)));
export const MANY_EVENTS = encode(chunk(DELTA.repeat(400)));
/** A chunk that ends within an event. */
export const HALF_EVENT = encode(`${Buffer.byteLength(DELTA).toString(16)}\r\n${DELTA.slice(0, 20)}`);
/** The last event, the end of the stream, and that of the response. */
export const LAST = encode(chunk(DELTA + DONE) + END);
export const LAST_WITH_USAGE = encode(chunk(DELTA + eventOf([], { usage: USAGE }) + DONE) + END);
const NINE_EVENTS = encode(chunk(DELTA.repeat(9)));
/** So that, with `last`, there are ten. */
export const nineEventsAnd = (last: Buffer): Buffer => Buffer.concat([NINE_EVENTS, last]);
