import { dataEvent, sse } from "../../fixtures/answers.ts";
import { chunk, end, head, reset, type Step } from "../../fixtures/script.ts";
import { type ModelSketch, startTwoProviders, type TwoProviders, withModels } from "../routed-gateway.ts";

export const EVENT_STREAM = { "content-type": "text/event-stream", "transfer-encoding": "chunked" };

/** The model `fast`, first at `left`, of which only `right` is known to go on with answers. */
const RESUMED: ModelSketch = {
  name: "fast",
  resumes: true,
  deployments: [{ provider: "left" }, { provider: "right", prefill: "continue_final_message" }],
};

export const start = (
  model: Partial<ModelSketch> = {},
  apis: { readonly left?: string; readonly right?: string } = {},
  environment: Readonly<Record<string, string>> = {},
): Promise<TwoProviders> => startTwoProviders(withModels([{ ...RESUMED, ...model }]), apis, environment);

/** How streams break off. */
export const BREAKS: readonly (readonly [name: string, end: () => readonly Step[]])[] = [
  ["is reset", () => [reset()]],
  ["ends early", () => [end()]],
];

export const broken = (events: readonly string[], ending: readonly Step[]): Step[] => [
  head(200, EVENT_STREAM),
  chunk(events.join("")),
  ...ending,
];

export const QUESTION = { role: "user", content: "hi" };

export const chatAsk = { model: "fast", stream: true, messages: [QUESTION] };

/** A chunk of the answer `c1`, which `left` begins. */
export const chatChunk = (delta: unknown, finish: string | null = null, id = "c1"): string =>
  dataEvent({
    ...{ id, object: "chat.completion.chunk", created: 7, model: "left-model" },
    choices: [{ index: 0, delta, finish_reason: finish }],
  });

/** As the gateway writes a chunk of the answer `c1`. */
export const goneOn = (delta: unknown, finish: string | null = null): string =>
  dataEvent({
    ...{ id: "c1", object: "chat.completion.chunk", created: 7, model: "left-model" },
    ...{ service_tier: null, system_fingerprint: null },
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
  });

export const DONE = dataEvent("[DONE]");

export const BEGUN = [chatChunk({ role: "assistant", content: "" }), chatChunk({ content: "Hello" })];

const other = (delta: unknown, finish: string | null = null): string =>
  dataEvent({
    ...{ id: "c2", object: "chat.completion.chunk", created: 9, model: "right-model" },
    choices: [{ index: 0, delta, finish_reason: finish }],
  });

const USAGE = { prompt_tokens: 30, completion_tokens: 4, total_tokens: 34 };

/** The rest of the answer, from `right`. */
export const rest = (texts: readonly string[]): Step[] =>
  sse([
    other({ role: "assistant", content: "" }),
    ...texts.map((content) => other({ content })),
    other({}, "stop"),
    dataEvent({
      id: "c2",
      object: "chat.completion.chunk",
      created: 9,
      model: "right-model",
      choices: [],
      usage: USAGE,
    }),
    DONE,
  ]);

const typed = (data: { readonly type: string } & Record<string, unknown>): string => dataEvent(data, data.type);

export const messagesAsk = { model: "fast", stream: true, max_tokens: 90, messages: [QUESTION] };

const message = { id: "m1", type: "message", role: "assistant", content: [], stop_reason: null };

export const messagesBegun = (text: string, model = "left-model"): string[] => [
  typed({ type: "message_start", message: { ...message, model, usage: { input_tokens: 3, output_tokens: 1 } } }),
  typed({ type: "content_block_start", index: 0, content_block: { type: "text", text: "" } }),
  typed({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text } }),
];

export const messagesRest = (text: string): string[] => [
  ...messagesBegun(text, "right-model"),
  typed({ type: "content_block_stop", index: 0 }),
  typed({ type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 2 } }),
  typed({ type: "message_stop" }),
];
