/**
 * A provider that costs as little as can be, as a process of its own: it answers with bytes made before the first request.
 * The model name in the request says how: see `ANSWERS` in `chat-body.ts`. Reports its port by an IPC message.
 */
import { EVENT_COUNTS } from "./chat-body.ts";

const PACE_MILLISECONDS = 20;
const HELD_MILLISECONDS = 500;
const BURST_EVENTS_PER_WRITE = 10;
const TICK_MILLISECONDS = 2;

const encoder = new TextEncoder();

const USAGE = { prompt_tokens: 20, completion_tokens: 64, total_tokens: 84 };

const completion = encoder.encode(
  JSON.stringify({
    id: "chatcmpl-bench",
    object: "chat.completion",
    created: 1_750_000_000,
    model: "gpt-4o-mini",
    choices: [
      { index: 0, message: { role: "assistant", content: "Hello! How can I help you today?" }, finish_reason: "stop" },
    ],
    usage: USAGE,
  }),
);
const models = encoder.encode(
  JSON.stringify({
    object: "list",
    data: [{ id: "gpt-4o-mini", object: "model", created: 1_750_000_000, owned_by: "openai" }],
  }),
);

function event(choices: readonly unknown[], extra: object): string {
  const chunk = {
    id: "chatcmpl-bench",
    object: "chat.completion.chunk",
    created: 1_750_000_000,
    model: "gpt-4o-mini",
    choices,
    ...extra,
  };
  return `data: ${JSON.stringify(chunk)}\n\n`;
}

const delta = event([{ index: 0, delta: { content: " token" }, finish_reason: null }], {});
const done = "data: [DONE]\n\n";
const deltaBytes = encoder.encode(delta);
const burstBytes = encoder.encode(delta.repeat(BURST_EVENTS_PER_WRITE));
const lastBytes = encoder.encode(delta + done);
const lastBytesWithUsage = encoder.encode(delta + event([], { usage: USAGE }) + done);

interface PacedStream {
  readonly controller: ReadableStreamDirectController;
  readonly finish: () => void;
  readonly period: number;
  readonly last: Uint8Array;
  due: number;
  left: number;
}

// One timer for all streams: a timer for each would cost more than the writes.
const paced = new Set<PacedStream>();
setInterval(() => {
  const now = performance.now();
  for (const stream of paced) {
    if (stream.due > now) continue;
    stream.due += stream.period;
    stream.left -= 1;
    stream.controller.write(stream.left > 0 ? deltaBytes : stream.last);
    void stream.controller.flush();
    if (stream.left > 0) continue;
    paced.delete(stream);
    stream.finish();
  }
}, TICK_MILLISECONDS);

function pacedAnswer(signal: AbortSignal, period: number, events: number, last: Uint8Array): ReadableStream {
  return new ReadableStream({
    type: "direct",
    pull(controller) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const finish = (): void => {
        controller.close();
        resolve();
      };
      const stream = { controller, finish, period, last, due: performance.now() + period, left: events - 1 };
      controller.write(deltaBytes);
      void controller.flush();
      paced.add(stream);
      signal.addEventListener("abort", () => {
        if (paced.delete(stream)) resolve();
      });
      return promise;
    },
  });
}

function burstAnswer(last: Uint8Array): ReadableStream {
  return new ReadableStream({
    type: "direct",
    async pull(controller) {
      for (let sent = BURST_EVENTS_PER_WRITE; sent < EVENT_COUNTS.burst; sent += BURST_EVENTS_PER_WRITE) {
        controller.write(burstBytes);
        await controller.flush();
      }
      controller.write(burstBytes.subarray(deltaBytes.length));
      controller.write(last);
      controller.close();
    },
  });
}

const JSON_HEADERS = { headers: { "content-type": "application/json" } };
const STREAM_HEADERS = { headers: { "content-type": "text/event-stream", "cache-control": "no-cache" } };
const HEAD_BYTES = 256;

/** The beginning of a request from its model on; a gateway that adds to a request may have moved that to behind the messages. */
function headOf(body: Buffer): string {
  const head = body.toString("latin1", 0, HEAD_BYTES);
  if (head.includes('"model"')) return head;
  const at = body.lastIndexOf('"model"');
  return at < 0 ? head : body.toString("latin1", at, at + HEAD_BYTES);
}

async function answerChat(request: Request): Promise<Response> {
  const body = Buffer.from(await request.arrayBuffer());
  const head = headOf(body);
  if (head.includes("gpt-4o-mini-paced") || head.includes("gpt-4o-mini-held") || head.includes("gpt-4o-mini-burst")) {
    const last = body.includes('"include_usage":true') ? lastBytesWithUsage : lastBytes;
    if (head.includes("gpt-4o-mini-burst")) return new Response(burstAnswer(last), STREAM_HEADERS);
    const held = head.includes("gpt-4o-mini-held");
    const period = held ? HELD_MILLISECONDS : PACE_MILLISECONDS;
    const events = held ? Number.MAX_SAFE_INTEGER : EVENT_COUNTS.paced;
    return new Response(pacedAnswer(request.signal, period, events, last), STREAM_HEADERS);
  }
  return new Response(completion, JSON_HEADERS);
}

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: Number(process.env["MOCK_PORT"] ?? 0),
  development: false,
  idleTimeout: 255,
  routes: {
    "/v1/chat/completions": { POST: answerChat },
    "/v1/models": () => new Response(models, JSON_HEADERS),
    "/*": () => new Response(models, JSON_HEADERS),
  },
});

process.on("disconnect", () => process.exit(0));
process.send?.({ port: server.port });
