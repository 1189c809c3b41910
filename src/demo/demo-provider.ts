import type { Config } from "../config/load-config.ts";
import { localProvider } from "../config/load-providers.ts";
import { decodeObject, isJsonObject, type JsonObject } from "../core/json/parse.ts";
import { type Completion, CREATED_SECONDS, toEvents, toJson } from "./completion.ts";
import { countWords, nextTurn } from "./conversation.ts";

const describe = (id: string) => ({ id, object: "model", created: CREATED_SECONDS, owned_by: "demo" });
const MODELS = ["demo-chat", "demo-embedding"].map(describe);

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
  const provider = localProvider("demo", startDemoProvider().url);
  return (config) => ({ ...config, providers: [...config.providers, provider] });
}

function refuse(status: number, message: string, param: string | null): Response {
  const code = param === "model" ? "model_not_found" : null;
  return Response.json({ error: { message, type: "invalid_request_error", param, code } }, { status });
}

function answerChat(body: JsonObject, digest: string, paceMs: number): Response {
  const { model, messages, max_completion_tokens: limit = body["max_tokens"], stream_options: options } = body;
  if (model !== MODELS[0]?.id) return refuse(404, `The model \`${String(model)}\` cannot chat.`, "model");
  if (!Array.isArray(messages) || messages.length === 0 || !messages.every(isJsonObject)) {
    return refuse(400, "messages must be a non-empty list of objects.", "messages");
  }
  const { text, call, prompt } = nextTurn(messages, body);
  const all = text.match(/^\s+|\S+\s*/g) ?? [];
  const words = typeof limit === "number" ? all.slice(0, limit) : all;
  const used = call ? countWords(`${call.name} ${call.arguments}`) : words.length;
  const completion: Completion = {
    id: `chatcmpl-demo-${digest}`,
    model: String(model),
    words,
    call: call && { id: `call_demo_${digest}`, ...call },
    finishReason: call ? "tool_calls" : words.length < all.length ? "length" : "stop",
    usage: { prompt_tokens: prompt, completion_tokens: used, total_tokens: prompt + used },
  };
  if (body["stream"] !== true) return Response.json(toJson(completion));
  const events = toEvents(completion, isJsonObject(options) && options["include_usage"] === true);
  const paced = async function* (): AsyncGenerator<string, void> {
    for (const event of events) {
      yield event;
      if (paceMs > 0) await Bun.sleep(paceMs);
    }
  };
  return new Response(paced(), { headers: { "content-type": "text/event-stream", "cache-control": "no-cache" } });
}

/** Each word adds to a place of the vector that its hash names, so texts with words in common are near each other. */
function answerEmbedding({ model, input, dimensions, encoding_format: format }: JsonObject): Response {
  if (model !== MODELS[1]?.id) return refuse(404, `The model \`${String(model)}\` makes no embeddings.`, "model");
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
