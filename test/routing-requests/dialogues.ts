import { closeWithoutAnswer, dataEvent, json, resetWithoutAnswer, sse } from "../fixtures/answers.ts";
import { chunk as bytes, head, reset, type Step } from "../fixtures/script.ts";
import { LEFT_KEY } from "./routed-gateway.ts";

/** How a client of one API asks for the model `fast`, and what a provider of that API answers. */
export interface Dialogue {
  readonly path: (streams: boolean) => string;
  readonly ask: (streams: boolean) => Readonly<Record<string, unknown>>;
  readonly whole: unknown;
  /** Events that say nothing of the answer. */
  readonly opening: readonly string[];
  /** Those that follow, the first one with content. */
  readonly rest: readonly string[];
  /** An error in place of an answer. */
  readonly error: string;
}

const typed = (data: { readonly type: string } & Record<string, unknown>): string => dataEvent(data, data.type);

const chunk = (delta: unknown, finish: string | null = null): string =>
  dataEvent({
    ...{ id: "c1", object: "chat.completion.chunk", created: 1, model: "m" },
    choices: [{ index: 0, delta, finish_reason: finish }],
  });

const chat: Dialogue = {
  path: () => "/v1/chat/completions",
  ask: (stream) => ({ model: "fast", stream, messages: [{ role: "user", content: "hi" }] }),
  whole: {
    ...{ id: "c1", object: "chat.completion", created: 1, model: "m" },
    choices: [{ index: 0, message: { role: "assistant", content: "hello" }, finish_reason: "stop" }],
    usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
  },
  opening: [": a comment\n\n", chunk({ role: "assistant", content: "" })],
  rest: [chunk({ content: "hello" }), chunk({}, "stop"), dataEvent("[DONE]")],
  error: dataEvent({ error: { message: "it is too much", type: "overloaded_error", code: 529 } }),
};

const message = { id: "m1", type: "message", role: "assistant", model: "m", content: [], stop_reason: null };

const messages: Dialogue = {
  path: () => "/v1/messages",
  ask: (stream) => ({ model: "fast", stream, max_tokens: 9, messages: [{ role: "user", content: "hi" }] }),
  whole: {
    ...message,
    ...{ content: [{ type: "text", text: "hello" }], stop_reason: "end_turn", stop_sequence: null },
    usage: { input_tokens: 3, output_tokens: 2 },
  },
  opening: [
    typed({ type: "message_start", message: { ...message, usage: { input_tokens: 3, output_tokens: 0 } } }),
    typed({ type: "ping" }),
    typed({ type: "content_block_start", index: 0, content_block: { type: "text", text: "" } }),
  ],
  rest: [
    typed({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "hello" } }),
    typed({ type: "content_block_stop", index: 0 }),
    typed({ type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 2 } }),
    typed({ type: "message_stop" }),
  ],
  error: typed({ type: "error", error: { type: "overloaded_error", message: "it is too much" } }),
};

const response = { id: "r1", object: "response", created_at: 1, status: "in_progress", model: "m", output: [] };
const item = { id: "i1", type: "message", role: "assistant", status: "in_progress", content: [] };
const part = { type: "output_text", text: "hello", annotations: [] };
const completed = {
  ...response,
  ...{ status: "completed", output: [{ ...item, status: "completed", content: [part] }] },
  usage: { input_tokens: 3, output_tokens: 2, total_tokens: 5 },
};
const place = { item_id: "i1", output_index: 0, content_index: 0 };

const responses: Dialogue = {
  path: () => "/v1/responses",
  ask: (stream) => ({ model: "fast", stream, input: "hi" }),
  whole: completed,
  opening: [
    typed({ type: "response.created", sequence_number: 0, response }),
    typed({ type: "response.output_item.added", sequence_number: 1, output_index: 0, item }),
    typed({ type: "response.content_part.added", sequence_number: 2, ...place, part: { ...part, text: "" } }),
  ],
  rest: [
    typed({ type: "response.output_text.delta", sequence_number: 3, ...place, delta: "hello" }),
    typed({ type: "response.output_text.done", sequence_number: 4, ...place, text: "hello" }),
    typed({ type: "response.output_item.done", sequence_number: 5, output_index: 0, item: completed.output[0] }),
    typed({ type: "response.completed", sequence_number: 6, response: completed }),
  ],
  error: typed({ type: "error", code: "server_is_overloaded", message: "it is too much", sequence_number: 1 }),
};

const candidate = (text: string, finishReason?: string) => ({
  candidates: [{ content: { role: "model", parts: [{ text }] }, index: 0, ...(finishReason && { finishReason }) }],
  usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 2, totalTokenCount: 5 },
});

const generate: Dialogue = {
  path: (streams) => `/v1beta/models/fast:${streams ? "streamGenerateContent?alt=sse" : "generateContent"}`,
  ask: () => ({ contents: [{ role: "user", parts: [{ text: "hi" }] }] }),
  whole: candidate("hello", "STOP"),
  opening: [dataEvent(candidate(""))],
  rest: [dataEvent(candidate("hel")), dataEvent(candidate("lo", "STOP"))],
  error: dataEvent({ error: { code: 503, message: "it is too much", status: "UNAVAILABLE" } }),
};

export const DIALOGUES = { chat, messages, responses, generate } as const;

export type Api = keyof typeof DIALOGUES;

/** Such a request, for another model than `fast`. */
export const addressedTo = (
  model: string,
  path: string,
  body: Readonly<Record<string, unknown>>,
): [path: string, body: Readonly<Record<string, unknown>>] => [
  path.replace("fast", model),
  "model" in body ? { ...body, model } : body,
];

/** The answer of a provider of that API, all of it. */
export const answerOf = (api: Api, streams: boolean): Step[] => {
  const { whole, opening, rest } = DIALOGUES[api];
  return streams ? sse([...opening, ...rest]) : json(200, whole);
};

/** The bytes of that answer. */
export const bytesOf = (api: Api, streams: boolean): string => {
  const { whole, opening, rest } = DIALOGUES[api];
  return streams ? [...opening, ...rest].join("") : JSON.stringify(whole);
};

const EVENT_STREAM = { "content-type": "text/event-stream", "transfer-encoding": "chunked" };

/** What the first deployment does, by what the client asks for. */
export const failuresOf = (api: Api): readonly (readonly [name: string, streams: boolean, script: () => Step[]])[] => {
  const { opening, error } = DIALOGUES[api];
  const both = [
    ["closes the connection", closeWithoutAnswer],
    ["resets the connection", resetWithoutAnswer],
    ["answers 500", () => json(500, { error: { message: `no: ${LEFT_KEY}` } })],
    ["answers 429", () => json(429, { error: { message: "slow down" } }, { "retry-after": "7" })],
    ["answers with nothing", () => json(200, "")],
    ["answers with a page", () => json(200, "<html><title>down</title></html>")],
    ["answers with an error and a good status", () => json(200, { error: { message: "broken", code: 503 } })],
  ] as const;
  return [
    ...both.flatMap(([name, script]) => [false, true].map((streams) => [name, streams, script] as const)),
    ["reports an error first", true, () => sse([error])],
    ["reports an error behind the opening", true, () => sse([...opening, error])],
    ["ends behind the opening", true, () => sse(opening)],
    ["ends without an event", true, () => sse([])],
    ["breaks off behind the opening", true, () => [head(200, EVENT_STREAM), bytes(opening.join("")), reset()]],
  ];
};
