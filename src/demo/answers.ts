import { isJsonObject, type JsonObject } from "../core/json/parse.ts";

/** `created` of everything that the demo provider makes: 2025-01-01T00:00:00Z, fixed so that answers repeat byte for byte. */
export const CREATED = 1_735_689_600;
export const CHAT_MODEL = "demo-chat";

/** What the demo model says, before an API gives it its shape. */
export interface Completion {
  /** Of the request: all ids are made of it. */
  readonly digest: string;
  /** Each with the white space behind it; none if a tool is called. */
  readonly words: readonly string[];
  readonly call: { readonly name: string; readonly arguments: string } | undefined;
  /** There would have been more words. */
  readonly isCut: boolean;
  readonly input: number;
  readonly output: number;
}

/** In the shape of an API: as one JSON object, and as the events of a stream if there can be one. */
export interface Answer {
  readonly whole: object;
  readonly events?: readonly string[];
}

const unnamed = (event: object): string => `data: ${JSON.stringify(event)}\n\n`;
const named = (event: { readonly type: string; readonly [member: string]: unknown }): string =>
  `event: ${event.type}\n${unnamed(event)}`;

/** What differs between OpenAI's older APIs: members of a choice for each event, for the one that ends, and for the whole. */
interface Choices {
  readonly head: { readonly id: string; readonly object: string };
  readonly eventObject: string;
  readonly parts: readonly object[];
  readonly last: object;
  readonly whole: object;
}

function toChoices(said: Completion, { stream_options: options }: JsonObject, shape: Choices): Answer {
  const head = { ...shape.head, created: CREATED, model: CHAT_MODEL };
  const reason = said.call ? "tool_calls" : said.isCut ? "length" : "stop";
  const { input, output } = said;
  const usage = { prompt_tokens: input, completion_tokens: output, total_tokens: input + output };
  const includesUsage = isJsonObject(options) && options["include_usage"] === true;
  const choice = (part: object, end: string | null) => [{ index: 0, ...part, logprobs: null, finish_reason: end }];
  const write = (choices: readonly object[], used: object | null = null): string =>
    unnamed({ ...head, object: shape.eventObject, choices, ...(includesUsage && { usage: used }) });
  const events = [
    ...shape.parts.map((part) => write(choice(part, null))),
    write(choice(shape.last, reason)),
    ...(includesUsage ? [write([], usage)] : []),
    "data: [DONE]\n\n",
  ];
  return { whole: { ...head, choices: choice(shape.whole, reason), usage }, events };
}

/** https://platform.openai.com/docs/api-reference/chat/object */
export function toChatCompletion(said: Completion, body: JsonObject): Answer {
  const { digest, words, call } = said;
  const content = call ? null : words.join("");
  const callHead = { id: `call_demo_${digest}`, type: "function" };
  const calls = call && { tool_calls: [{ ...callHead, function: call }] };
  const pieces = call?.arguments.match(/.{1,12}/gsu) ?? [];
  const called = call && [
    { ...callHead, function: { name: call.name, arguments: "" } },
    ...pieces.map((piece) => ({ function: { arguments: piece } })),
  ];
  const deltas =
    called?.map((part) => ({ tool_calls: [{ index: 0, ...part }] })) ?? words.map((content) => ({ content }));
  return toChoices(said, body, {
    head: { id: `chatcmpl-demo-${digest}`, object: "chat.completion" },
    eventObject: "chat.completion.chunk",
    parts: [{ role: "assistant", content: call ? null : "" }, ...deltas].map((delta) => ({ delta })),
    last: { delta: {} },
    whole: { message: { role: "assistant", content, refusal: null, ...calls } },
  });
}

/** https://platform.openai.com/docs/api-reference/completions/object */
export function toTextCompletion(said: Completion, body: JsonObject): Answer {
  const [object, parts] = ["text_completion", said.words.map((text) => ({ text }))];
  const head = { id: `cmpl-demo-${said.digest}`, object };
  return toChoices(said, body, {
    head,
    eventObject: object,
    parts,
    last: { text: "" },
    whole: { text: said.words.join("") },
  });
}

/** https://docs.anthropic.com/en/api/messages */
export function toMessage({ digest, words, isCut, input, output }: Completion): Answer {
  const head = { id: `msg-demo-${digest}`, type: "message", role: "assistant", model: CHAT_MODEL };
  const end = { stop_reason: isCut ? "max_tokens" : "end_turn", stop_sequence: null };
  const usage = { input_tokens: input, output_tokens: output };
  const begun = { ...head, content: [], ...end, stop_reason: null, usage: { ...usage, output_tokens: 0 } };
  const events = [
    { type: "message_start", message: begun },
    { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
    ...words.map((text) => ({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text } })),
    { type: "content_block_stop", index: 0 },
    { type: "message_delta", delta: end, usage },
    { type: "message_stop" },
  ];
  const content = [{ type: "text", text: words.join("") }];
  return { whole: { ...head, content, ...end, usage }, events: events.map(named) };
}

/** https://platform.openai.com/docs/api-reference/responses/object */
export function toResponse({ digest, words, isCut, input, output }: Completion) {
  const status = isCut ? "incomplete" : "completed";
  const part = { type: "output_text", text: words.join(""), annotations: [] };
  const item = { type: "message", id: `msg-demo-${digest}`, role: "assistant", status, content: [part] };
  const response = {
    ...{ id: `resp-demo-${digest}`, object: "response", created_at: CREATED, status, error: null },
    ...{ incomplete_details: isCut ? { reason: "max_output_tokens" } : null, model: CHAT_MODEL, output: [item] },
    ...{ parallel_tool_calls: true, tool_choice: "auto", tools: [] },
    usage: { input_tokens: input, output_tokens: output, total_tokens: input + output },
  };
  const begun = { ...response, status: "in_progress", incomplete_details: null, output: [], usage: null };
  const at = { item_id: item.id, output_index: 0, content_index: 0 };
  const events = [
    { type: "response.created", response: begun },
    { type: "response.in_progress", response: begun },
    { type: "response.output_item.added", output_index: 0, item: { ...item, status: "in_progress", content: [] } },
    { type: "response.content_part.added", ...at, part: { ...part, text: "" } },
    ...words.map((delta) => ({ type: "response.output_text.delta", ...at, delta, logprobs: [] })),
    { type: "response.output_text.done", ...at, text: part.text, logprobs: [] },
    { type: "response.content_part.done", ...at, part },
    { type: "response.output_item.done", output_index: 0, item },
    { type: `response.${status}`, response },
  ];
  return { whole: response, events: events.map((event, index) => named({ ...event, sequence_number: index })) };
}

/** https://platform.openai.com/docs/api-reference/responses/compact */
export function toCompaction(said: Completion): Answer {
  const { id, output, usage } = toResponse(said).whole;
  return { whole: { id, object: "response.compaction", created_at: CREATED, output, usage } };
}
