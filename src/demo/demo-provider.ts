import type { Config } from "../config/load-config.ts";
import { localProvider } from "../config/providers/load-providers.ts";
import { type JsonObject, parseJson } from "../core/json/parse.ts";
import { listOf, objectOf } from "../core/json/values.ts";
import { CannotTranslate } from "../formats/form/dialect.ts";
import { LOCAL_PATHS } from "../providers/api-paths.ts";
import { CUSTOM_PROVIDER_ROW } from "../providers/table.ts";
import { type Answer, answer, CHAT_MODEL, CREATED } from "./answers.ts";
import { wordsOf } from "./model.ts";

const EMBEDDING_MODEL = "demo-embedding";
const MODELS = [CHAT_MODEL, EMBEDDING_MODEL].map((id) => ({ id, object: "model", created: CREATED, owned_by: "demo" }));

/** @param digest of the request */
type Route = (body: JsonObject, digest: string) => Answer | Promise<Answer>;

const ROUTES: Readonly<Record<string, Route>> = {
  "/v1/chat/completions": (body, digest) => answer("chat", body, digest),
  "/v1/completions": complete,
  "/v1/embeddings": embed,
  "/v1/messages": (body, digest) => answer("messages", body, digest),
  "/v1/messages/count_tokens": part("messages", ({ input_tokens }) => ({ input_tokens })),
  "/v1/responses": (body, digest) => answer("responses", body, digest),
  "/v1/responses/compact": part("responses", ({ written: { id, output, usage } }) => {
    return { id, object: "response.compaction", created_at: CREATED, output, usage };
  }),
  "/v1/responses/input_tokens": part("responses", ({ input_tokens }) => ({
    object: "response.input_tokens",
    input_tokens,
  })),
};

/** A route that says only a part of what would be answered. */
function part(api: "messages" | "responses", pick: (said: Awaited<ReturnType<typeof answer>>) => object): Route {
  return async (body, digest) => ({ whole: JSON.stringify(pick(await answer(api, body, digest))) });
}

/**
 * Starts a small OpenAI-compatible provider on a free loopback port, so that a demonstration without keys takes the
 * same path as a real provider. The same request always gets the same bytes.
 * @param paceMs milliseconds between the words of a stream: slow enough to be seen, about 25 words a second
 */
export function startDemoProvider(paceMs = 40): { readonly url: string; readonly stop: () => Promise<void> } {
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    development: false,
    // Its one client is the gateway beside it, whose slow readers and kept-alive connections must not be cut.
    idleTimeout: 0,
    async fetch(request) {
      const { pathname } = new URL(request.url);
      if (pathname === "/v1/models") return Response.json({ object: "list", data: MODELS });
      const route = request.method === "POST" ? ROUTES[pathname] : undefined;
      if (!route) return refuse(404, "Unknown path or method.", null);
      const bytes = await request.bytes();
      const body = objectOf(parseJson(bytes));
      if (!body) return refuse(400, "Invalid request: the body must be a JSON object.", null);
      const model = pathname === "/v1/embeddings" ? EMBEDDING_MODEL : CHAT_MODEL;
      if (body["model"] !== model) return refuse(404, `Only ${model} can do this.`, "model");
      const digest = new Bun.CryptoHasher("sha256").update(bytes).digest("hex").slice(0, 24);
      return respond(await route(body, digest), body["stream"] === true, paceMs);
    },
    error(error) {
      if (!(error instanceof CannotTranslate)) return refuse(500, "The demo provider failed.", null);
      return refuse(400, `${error.member}: ${error.message}`, error.member);
    },
  });
  return { url: `http://127.0.0.1:${server.port}/v1`, stop: () => server.stop(true) };
}

/** Starts the demo provider, which lives as long as the process, and makes what adds it to a configuration. */
export function openDemo(): (config: Config) => Config {
  const row = { ...CUSTOM_PROVIDER_ROW, paths: LOCAL_PATHS };
  const apis = [...Object.keys(LOCAL_PATHS), "generate", "countGenerateTokens"];
  const exampleModels = { ...Object.fromEntries(apis.map((api) => [api, CHAT_MODEL])), embeddings: EMBEDDING_MODEL };
  const provider = Object.freeze({ ...localProvider("demo", startDemoProvider().url, row), exampleModels });
  return (config) => ({ ...config, providers: [...config.providers, provider] });
}

function respond({ whole, events }: Answer, isStream: boolean, paceMs: number): Response {
  if (!events || !isStream) return new Response(whole, { headers: { "content-type": "application/json" } });
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

/** OpenAI's oldest API: a chat of one prompt, with `text` in place of messages and their deltas. */
async function complete({ prompt, max_tokens, stream_options }: JsonObject, digest: string): Promise<Answer> {
  const messages = [{ role: "user", content: String(prompt) }];
  const { whole, events } = await answer("chat", { messages, max_tokens, stream_options }, digest);
  const toText = (chat: string): string => {
    const { choices, ...body } = objectOf(parseJson(chat)) ?? {};
    const texts = listOf(choices)
      .map(objectOf)
      .map(({ message, delta = message, ...rest } = {}) => ({ text: objectOf(delta)?.["content"] ?? "", ...rest }));
    return JSON.stringify({ ...body, id: `cmpl-demo-${digest}`, object: "text_completion", choices: texts });
  };
  return { whole: toText(whole), events: events.map((text) => text.replace(/\{.*\}/, toText)) };
}

/** Each word adds to a place of the vector that its hash names, so texts with words in common are near each other. */
function embed({ model, input, dimensions, encoding_format: format }: JsonObject): Answer {
  const data = [input].flat().map((text, index) => {
    const vector = new Float32Array(typeof dimensions === "number" ? Math.min(Math.max(1, dimensions), 3072) : 256);
    for (const word of String(text).toLowerCase().split(/\s+/)) vector[Bun.hash.xxHash32(word) % vector.length]! += 1;
    const length = Math.hypot(...vector);
    const unit = vector.map((value) => value / length);
    const embedding = format === "base64" ? Buffer.from(unit.buffer).toString("base64") : [...unit];
    return { object: "embedding", index, embedding };
  });
  const tokens = wordsOf(String(input)).length;
  const usage = { prompt_tokens: tokens, total_tokens: tokens };
  return { whole: JSON.stringify({ object: "list", data, model, usage }) };
}
