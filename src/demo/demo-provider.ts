import type { Config } from "../config/load-config.ts";
import { localProvider } from "../config/load-providers.ts";
import { decodeObject, isJsonObject, type JsonObject } from "../core/json/parse.ts";
import type { Provider } from "../providers/provider.ts";
import type { ProviderRow } from "../providers/provider-row.ts";
import { CUSTOM_PROVIDER_ROW } from "../providers/table.ts";
import { type Completion, CREATED_SECONDS, toEvents, toJson } from "./completion.ts";
import { countWords, nextTurn } from "./conversation.ts";
import { toMessage, toMessageEvents } from "./messages.ts";
import { toCompaction, toInputTokens, toResponse, toResponseEvents } from "./responses.ts";
import { toTextCompletion, toTextEvents } from "./text-completion.ts";

const describe = (id: string) => ({ id, object: "model", created: CREATED_SECONDS, owned_by: "demo" });
const CHAT_MODEL = "demo-chat";
const EMBEDDING_MODEL = "demo-embedding";
const MODELS = [CHAT_MODEL, EMBEDDING_MODEL].map(describe);

/** An OpenAI-compatible server that has the APIs of the gateway's other formats too. */
const DEMO_ROW: ProviderRow = {
  ...CUSTOM_PROVIDER_ROW,
  paths: {
    ...CUSTOM_PROVIDER_ROW.paths,
    messages: "/messages",
    countTokens: "/messages/count_tokens",
    responses: "/responses",
  },
};

const EXAMPLE_MODELS: NonNullable<Provider["exampleModels"]> = {
  chat: CHAT_MODEL,
  completions: CHAT_MODEL,
  messages: CHAT_MODEL,
  countTokens: CHAT_MODEL,
  responses: CHAT_MODEL,
  embeddings: EMBEDDING_MODEL,
};

/**
 * Starts a small OpenAI-compatible provider on a free loopback port, so that a demonstration without keys takes the
 * same path as a real provider. The same request always gets the same bytes.
 * @param paceMs milliseconds between the words of a stream: slow enough to be seen, about 25 words a second
 * @returns its base URL, and what stops it
 */
export function startDemoProvider(paceMs = 40): { readonly url: string; readonly stop: () => Promise<void> } {
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    development: false,
    // Its one client is the gateway beside it, whose slow readers and kept-alive connections must not be cut.
    idleTimeout: 0,
    async fetch(request) {
      const route = `${request.method} ${new URL(request.url).pathname}`;
      if (route === "GET /v1/models") return Response.json({ object: "list", data: MODELS });
      const bytes = await request.bytes();
      const body = decodeObject(bytes);
      if ("problem" in body) return refuse(400, `Invalid request: ${body.problem}.`, null);
      const digest = new Bun.CryptoHasher("sha256").update(bytes).digest("hex").slice(0, 24);
      if (route === "POST /v1/chat/completions") return answerChat(body.value, digest, paceMs);
      if (route === "POST /v1/completions") return answerCompletion(body.value, digest, paceMs);
      if (route === "POST /v1/messages") return answerMessages(body.value, digest, paceMs);
      if (route === "POST /v1/messages/count_tokens") return countTokens(body.value);
      if (route === "POST /v1/responses") return answerResponses(body.value, digest, paceMs);
      if (route === "POST /v1/responses/compact") return answerBelowResponses(body.value, digest, toCompaction);
      if (route === "POST /v1/responses/input_tokens") return answerBelowResponses(body.value, digest, toInputTokens);
      if (route === "POST /v1/embeddings") return answerEmbedding(body.value);
      return refuse(404, "Unknown path or method.", null);
    },
  });
  return { url: `http://127.0.0.1:${server.port}/v1`, stop: () => server.stop(true) };
}

/**
 * Starts the demo provider, which lives as long as the process.
 * @returns what adds it to the providers of a configuration
 */
export function openDemo(): (config: Config) => Config {
  const demo = { ...localProvider("demo", startDemoProvider().url, DEMO_ROW), exampleModels: EXAMPLE_MODELS };
  const provider = Object.freeze(demo);
  return (config) => ({ ...config, providers: [...config.providers, provider] });
}

function refuse(status: number, message: string, param: string | null): Response {
  const code = param === "model" ? "model_not_found" : null;
  return Response.json({ error: { message, type: "invalid_request_error", param, code } }, { status });
}

function answerChat(body: JsonObject, digest: string, paceMs: number): Response {
  const { model, messages, max_completion_tokens: limit = body["max_tokens"], stream_options: options } = body;
  if (model !== CHAT_MODEL) return refuse(404, `The model \`${String(model)}\` cannot chat.`, "model");
  if (!Array.isArray(messages) || messages.length === 0 || !messages.every(isJsonObject)) {
    return refuse(400, "messages must be a non-empty list of objects.", "messages");
  }
  const completion = complete(messages, body, limit, digest);
  if (body["stream"] !== true) return Response.json(toJson(completion));
  return stream(toEvents(completion, isJsonObject(options) && options["include_usage"] === true), paceMs);
}

/** @param request of which tools and `tool_choice` count. */
function complete(messages: readonly JsonObject[], request: JsonObject, limit: unknown, digest: string): Completion {
  const { text, call, prompt } = nextTurn(messages, request);
  const all = text.match(/^\s+|\S+\s*/g) ?? [];
  const words = typeof limit === "number" ? all.slice(0, limit) : all;
  const used = call ? countWords(`${call.name} ${call.arguments}`) : words.length;
  return {
    id: `chatcmpl-demo-${digest}`,
    model: CHAT_MODEL,
    words,
    call: call && { id: `call_demo_${digest}`, ...call },
    finishReason: call ? "tool_calls" : words.length < all.length ? "length" : "stop",
    usage: { prompt_tokens: prompt, completion_tokens: used, total_tokens: prompt + used },
  };
}

function stream(events: readonly string[], paceMs: number): Response {
  const paced = async function* (): AsyncGenerator<string, void> {
    for (const event of events) {
      yield event;
      if (paceMs > 0) await Bun.sleep(paceMs);
    }
  };
  return new Response(paced(), { headers: { "content-type": "text/event-stream", "cache-control": "no-cache" } });
}

/** The messages of a request in Anthropic's form. Tools are for chat completions only. */
function readMessages({ system, messages }: JsonObject): readonly JsonObject[] {
  const listed = Array.isArray(messages) ? messages.filter(isJsonObject) : [];
  return system === undefined ? listed : [{ role: "system", content: system }, ...listed];
}

function answerMessages(body: JsonObject, digest: string, paceMs: number): Response {
  if (body["model"] !== CHAT_MODEL) return refuseMessages(`model: ${String(body["model"])}`);
  const completion = complete(readMessages(body), {}, body["max_tokens"], digest);
  return body["stream"] === true ? stream(toMessageEvents(completion), paceMs) : Response.json(toMessage(completion));
}

function countTokens(body: JsonObject): Response {
  if (body["model"] !== CHAT_MODEL) return refuseMessages(`model: ${String(body["model"])}`);
  return Response.json({ input_tokens: nextTurn(readMessages(body), {}).prompt });
}

function refuseMessages(message: string): Response {
  return Response.json({ type: "error", error: { type: "not_found_error", message } }, { status: 404 });
}

function answerCompletion(body: JsonObject, digest: string, paceMs: number): Response {
  const { model, prompt, max_tokens: limit, stream_options: options } = body;
  if (model !== CHAT_MODEL) return refuse(404, `The model \`${String(model)}\` completes nothing.`, "model");
  const completion = complete([{ role: "user", content: String(prompt) }], {}, limit, digest);
  if (body["stream"] !== true) return Response.json(toTextCompletion(completion));
  return stream(toTextEvents(completion, isJsonObject(options) && options["include_usage"] === true), paceMs);
}

/** @param write what is made of a completion of the request */
function answerBelowResponses(body: JsonObject, digest: string, write: (completion: Completion) => object): Response {
  if (body["model"] !== CHAT_MODEL)
    return refuse(404, `The model \`${String(body["model"])}\` cannot respond.`, "model");
  return Response.json(write(completeResponse(body, digest)));
}

function completeResponse({ input, instructions, max_output_tokens: limit }: JsonObject, digest: string): Completion {
  const items = Array.isArray(input) ? input.filter(isJsonObject) : [{ role: "user", content: String(input) }];
  const system = instructions === undefined ? [] : [{ role: "system", content: instructions }];
  return complete([...system, ...items], {}, limit, digest);
}

function answerResponses(body: JsonObject, digest: string, paceMs: number): Response {
  const { model } = body;
  if (model !== CHAT_MODEL) return refuse(404, `The model \`${String(model)}\` cannot respond.`, "model");
  const completion = completeResponse(body, digest);
  return body["stream"] === true ? stream(toResponseEvents(completion), paceMs) : Response.json(toResponse(completion));
}

/** Each word adds to a place of the vector that its hash names, so texts with words in common are near each other. */
function answerEmbedding({ model, input, dimensions, encoding_format: format }: JsonObject): Response {
  if (model !== EMBEDDING_MODEL) return refuse(404, `The model \`${String(model)}\` makes no embeddings.`, "model");
  const data = (Array.isArray(input) ? input : [input]).map((text, index) => {
    const vector = new Float32Array(typeof dimensions === "number" ? Math.min(Math.max(1, dimensions), 3072) : 256);
    for (const word of String(text).toLowerCase().split(/\s+/)) vector[Bun.hash.xxHash32(word) % vector.length]! += 1;
    const length = Math.hypot(...vector);
    const unit = vector.map((value) => value / length);
    return {
      object: "embedding",
      index,
      embedding: format === "base64" ? Buffer.from(unit.buffer).toString("base64") : [...unit],
    };
  });
  const tokens = countWords(String(input));
  return Response.json({ object: "list", data, model, usage: { prompt_tokens: tokens, total_tokens: tokens } });
}
