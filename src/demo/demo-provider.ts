import type { Config } from "../config/load-config.ts";
import { localProvider } from "../config/load-providers.ts";
import { decodeObject, isJsonObject, type JsonObject } from "../core/json/parse.ts";
import { CUSTOM_PROVIDER_ROW } from "../providers/table.ts";
import * as answers from "./answers.ts";
import { CHAT_MODEL, CREATED } from "./answers.ts";
import { countWords, nextTurn } from "./model.ts";

const EMBEDDING_MODEL = "demo-embedding";
const MODELS = [CHAT_MODEL, EMBEDDING_MODEL].map((id) => ({ id, object: "model", created: CREATED, owned_by: "demo" }));

/** Below the base URL, beside what every OpenAI-compatible provider has. */
const PATHS = { messages: "/messages", countTokens: "/messages/count_tokens", responses: "/responses" };
const ROW = { ...CUSTOM_PROVIDER_ROW, paths: { ...CUSTOM_PROVIDER_ROW.paths, ...PATHS } };
/** Those that are translated to the others. */
const GEMINI_APIS = ["generate", "countGenerateTokens"] as const;
const CHAT_APIS = ["chat", "completions", "messages", "countTokens", "responses", ...GEMINI_APIS] as const;

/** Reads the conversation of a request, with what chat completions say of tools, and writes what the model says next. */
interface Route {
  readonly read: (body: JsonObject) => JsonObject;
  readonly write: (completion: answers.Completion, body: JsonObject) => answers.Answer;
}

const ROUTES: Readonly<Record<string, Route>> = {
  "POST /v1/chat/completions": { read: (body) => body, write: answers.toChatCompletion },
  "POST /v1/completions": { read: readPrompt, write: answers.toTextCompletion },
  "POST /v1/messages": { read: readMessages, write: answers.toMessage },
  "POST /v1/messages/count_tokens": { read: readMessages, write: ({ input }) => ({ whole: { input_tokens: input } }) },
  "POST /v1/responses": { read: readItems, write: answers.toResponse },
  "POST /v1/responses/compact": { read: readItems, write: answers.toCompaction },
  "POST /v1/responses/input_tokens": {
    read: readItems,
    write: ({ input }) => ({ whole: { object: "response.input_tokens", input_tokens: input } }),
  },
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
      const address = `${request.method} ${new URL(request.url).pathname}`;
      if (address === "GET /v1/models") return Response.json({ object: "list", data: MODELS });
      const bytes = await request.bytes();
      const body = decodeObject(bytes);
      if ("problem" in body) return refuse(400, `Invalid request: ${body.problem}.`, null);
      if (address === "POST /v1/embeddings") return embed(body.value);
      const route = ROUTES[address];
      if (!route) return refuse(404, "Unknown path or method.", null);
      return answer(route, body.value, new Bun.CryptoHasher("sha256").update(bytes).digest("hex").slice(0, 24), paceMs);
    },
  });
  return { url: `http://127.0.0.1:${server.port}/v1`, stop: () => server.stop(true) };
}

/**
 * Starts the demo provider, which lives as long as the process.
 * @returns what adds it to the providers of a configuration
 */
export function openDemo(): (config: Config) => Config {
  const chats = Object.fromEntries(CHAT_APIS.map((api) => [api, CHAT_MODEL]));
  const exampleModels = { ...chats, embeddings: EMBEDDING_MODEL };
  const provider = Object.freeze({ ...localProvider("demo", startDemoProvider().url, ROW), exampleModels });
  return (config) => ({ ...config, providers: [...config.providers, provider] });
}

function answer({ read, write }: Route, body: JsonObject, digest: string, paceMs: number): Response {
  if (body["model"] !== CHAT_MODEL) return refuseModel(body, "chat");
  const { messages, ...tools } = read(body);
  if (!Array.isArray(messages) || messages.length === 0 || !messages.every(isJsonObject)) {
    return refuse(400, "messages must be a non-empty list of objects.", "messages");
  }
  const { whole, events } = write(complete(messages, tools, body, digest), body);
  if (!events || body["stream"] !== true) return Response.json(whole);
  const paced = async function* (): AsyncGenerator<string, void> {
    for (const event of events) {
      yield event;
      if (paceMs > 0) await Bun.sleep(paceMs);
    }
  };
  return new Response(paced(), { headers: { "content-type": "text/event-stream", "cache-control": "no-cache" } });
}

/** In OpenAI's shape, which the gateway reads in answers of every API. */
function refuse(status: number, message: string, param: string | null): Response {
  const code = param === "model" ? "model_not_found" : null;
  return Response.json({ error: { message, type: "invalid_request_error", param, code } }, { status });
}

const refuseModel = ({ model }: JsonObject, what: string): Response =>
  refuse(404, `The model \`${String(model)}\` cannot ${what}.`, "model");

/** The prompt of OpenAI's oldest API, as a message. */
function readPrompt({ prompt }: JsonObject): JsonObject {
  return { messages: [{ role: "user", content: String(prompt) }] };
}

/** The messages of a request in Anthropic's form, as OpenAI's. */
function readMessages({ system, messages }: JsonObject): JsonObject {
  return { messages: system === undefined ? messages : [{ role: "system", content: system }, ...[messages].flat()] };
}

/** The items of a request for a response, as messages. */
function readItems({ input, instructions: system }: JsonObject): JsonObject {
  return readMessages({ system, messages: typeof input === "string" ? [{ role: "user", content: input }] : input });
}

function complete(messages: JsonObject[], tools: JsonObject, request: JsonObject, digest: string): answers.Completion {
  const { max_output_tokens, max_tokens = max_output_tokens, max_completion_tokens: limit = max_tokens } = request;
  const { text, call, input } = nextTurn(messages, tools);
  const all = text.match(/^\s+|\S+\s*/g) ?? [];
  const words = typeof limit === "number" ? all.slice(0, limit) : all;
  const output = call ? countWords(`${call.name} ${call.arguments}`) : words.length;
  return { digest, words, call, isCut: words.length < all.length, input, output };
}

/** Each word adds to a place of the vector that its hash names, so texts with words in common are near each other. */
function embed({ model, input, dimensions, encoding_format: format }: JsonObject): Response {
  if (model !== EMBEDDING_MODEL) return refuseModel({ model }, "make embeddings");
  const data = [input].flat().map((text, index) => {
    const vector = new Float32Array(typeof dimensions === "number" ? Math.min(Math.max(1, dimensions), 3072) : 256);
    for (const word of String(text).toLowerCase().split(/\s+/)) vector[Bun.hash.xxHash32(word) % vector.length]! += 1;
    const length = Math.hypot(...vector);
    const unit = vector.map((value) => value / length);
    const embedding = format === "base64" ? Buffer.from(unit.buffer).toString("base64") : [...unit];
    return { object: "embedding", index, embedding };
  });
  const tokens = countWords(String(input));
  return Response.json({ object: "list", data, model, usage: { prompt_tokens: tokens, total_tokens: tokens } });
}
