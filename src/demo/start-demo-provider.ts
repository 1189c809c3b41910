import { parseBytes } from "../json/parse-bytes.ts";
import { answerEmbeddings } from "./answer-embeddings.ts";
import { buildCompletion, writeCompletion } from "./build-completion.ts";
import { decideTurn } from "./decide-turn.ts";
import { listDemoModels } from "./demo-models.ts";
import { refuseField, respondRefusal } from "./demo-refusal.ts";
import type { Reading } from "./demo-refusal.ts";
import { readChatRequest } from "./read-chat-request.ts";
import { streamAnswer, waitByClock } from "./stream-answer.ts";
import type { Wait } from "./stream-answer.ts";
import { writeEvents } from "./write-events.ts";

/** Slow enough to be seen, fast enough not to bore: about 25 words a second. */
const DEFAULT_PACE_MS = 40;

/** Settings of the demo provider; none is needed outside tests. */
export interface DemoProviderOptions {
  /** Milliseconds between the words of a stream; 40 unless told, 0 for no pause. */
  readonly paceMs?: number;
  /** What waits between words; the real clock unless told. */
  readonly wait?: Wait;
}

/** A running demo provider. */
export interface DemoProvider {
  /** Its base URL on loopback, ending in `/v1`. */
  readonly url: string;
  /** Frees the port and ends open streams; settles when it is done. */
  stop(): Promise<void>;
}

/**
 * Starts a small OpenAI-compatible provider on a free loopback port, so that a demonstration without keys takes the very path
 * of a real provider. It knows `/models`, `/chat/completions` and `/embeddings`. The same request always gets the same bytes.
 * Throws a `RangeError` where `paceMs` is not a number of at least 0.
 */
export function startDemoProvider(options: DemoProviderOptions = {}): DemoProvider {
  const { paceMs = DEFAULT_PACE_MS, wait = waitByClock } = options;
  if (!Number.isFinite(paceMs) || paceMs < 0) throw new RangeError("paceMs must be a number of at least 0");
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    development: false,
    // Its one client is the gateway beside it, whose slow readers and kept-alive connections must not be cut.
    idleTimeout: 0,
    fetch: (request) => route(request, { paceMs, wait }),
  });
  return {
    url: `http://127.0.0.1:${server.port}/v1`,
    stop: () => server.stop(true),
  };
}

type Pace = Required<DemoProviderOptions>;

function route(request: Request, pace: Pace): Response | Promise<Response> {
  const { pathname } = new URL(request.url);
  switch (pathname) {
    case "/v1/models":
      return request.method === "GET" ? Response.json(listDemoModels()) : refuseMethod("GET");
    case "/v1/chat/completions":
      return request.method === "POST" ? answerChat(request, pace) : refuseMethod("POST");
    case "/v1/embeddings":
      return request.method === "POST" ? answerEmbedding(request) : refuseMethod("POST");
    default:
      return respondRefusal({ status: 404, message: `Unknown path ${pathname}`, param: null, code: "unknown_url" });
  }
}

function refuseMethod(allowed: string): Response {
  const message = `Only ${allowed} is allowed here.`;
  return respondRefusal({ status: 405, message, param: null, code: "method_not_allowed" }, { allow: allowed });
}

async function answerChat(request: Request, pace: Pace): Promise<Response> {
  const bytes = await request.bytes();
  const body = await readJson(bytes);
  const chat = body.ok ? readChatRequest(body.value) : body;
  if (!chat.ok) return respondRefusal(chat.refusal);
  const digest = new Bun.CryptoHasher("sha256").update(bytes).digest("hex").slice(0, 24);
  const completion = buildCompletion(chat.value, decideTurn(chat.value), digest);
  const headers = { "x-request-id": `req_demo_${digest}` };
  if (!chat.value.stream) return Response.json(writeCompletion(completion), { headers });
  const events = writeEvents(completion, chat.value.includeUsage);
  return new Response(streamAnswer(events, { ...pace, signal: request.signal }), {
    headers: { ...headers, "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache" },
  });
}

async function answerEmbedding(request: Request): Promise<Response> {
  const body = await readJson(await request.bytes());
  const answer = body.ok ? answerEmbeddings(body.value) : body;
  return answer.ok ? Response.json(answer.value) : respondRefusal(answer.refusal);
}

async function readJson(bytes: Uint8Array): Promise<Reading<unknown>> {
  const parsed = await parseBytes(bytes);
  if ("value" in parsed) return { ok: true, value: parsed.value };
  return refuseField(null, "The request body is not valid JSON in UTF-8.");
}
