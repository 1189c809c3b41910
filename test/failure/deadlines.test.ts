import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { dataEvent, json } from "../fixtures/answers.ts";
import type { ReceivedRequest } from "../fixtures/http-request-parser.ts";
import { createManualClock } from "../fixtures/manual-clock.ts";
import { passTime } from "../fixtures/passing-time.ts";
import { chunk, end, flood, head, stall, type Step, wait } from "../fixtures/script.ts";
import { startAt } from "../fixtures/start-in-process.ts";
import { RIG_KEY, type Rig, startRig } from "../fixtures/start-rig.ts";

/** A server that accepts connections and never says a word: no TLS handshake with it comes to an end. */
let mute: { readonly port: number; stop(closeActive?: boolean): void };
let rig: Rig;
/** The gateway's time: seconds of it pass in milliseconds, and none of them by itself. */
const clock = createManualClock();
const { passUntil, passed } = passTime(clock);

beforeAll(async () => {
  mute = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  rig = await startRig(
    {
      CLIENT_CONNECT_TIMEOUT: "12s",
      CLIENT_RESPONSE_HEADER_TIMEOUT: "20s",
      CLIENT_TIMEOUT: "35s",
      CLIENT_STREAM_IDLE_TIMEOUT: "15s",
      CUSTOM_PROVIDERS: "mute",
      MUTE_API_URL: `https://127.0.0.1:${mute.port}/v1`,
      MODELS_TIMEOUT: "20s",
    },
    startAt(clock),
  );
});
afterAll(async () => {
  await rig.finish();
  await rig[Symbol.asyncDispose]();
  mute.stop(true);
});

const CHAT = { model: "openai/m", messages: [{ role: "user", content: "hi" }] };
const MESSAGE = { ...CHAT, model: "anthropic/m", max_tokens: 1 };

const CALLS = [
  ["chat", "/v1/chat/completions", CHAT],
  ["chat stream", "/v1/chat/completions", { ...CHAT, stream: true }],
  ["messages stream", "/v1/messages", { ...MESSAGE, stream: true }],
  ["responses stream", "/v1/responses", { model: "openai/m", input: "hi", stream: true }],
  ["embeddings", "/v1/embeddings", { model: "openai/m", input: "hi" }],
  ["proxy", `/proxy/openai/x?key=${RIG_KEY}`, {}],
] as const;

const STREAMS = CALLS.filter(([name]) => name.endsWith("stream"));
const WHOLE = CALLS.filter(([name]) => name === "chat" || name === "embeddings");

const EVENT_STREAM = { "content-type": "text/event-stream", "transfer-encoding": "chunked" };
const JSON_HEAD = { "content-type": "application/json", "content-length": "1000" };

const TEXTS = {
  CLIENT_CONNECT_TIMEOUT: "The upstream server did not accept a connection in time (CLIENT_CONNECT_TIMEOUT)",
  CLIENT_RESPONSE_HEADER_TIMEOUT:
    "The upstream server did not begin its answer in time (CLIENT_RESPONSE_HEADER_TIMEOUT)",
  CLIENT_TIMEOUT: "The upstream server did not complete its answer in time (CLIENT_TIMEOUT)",
  CLIENT_STREAM_IDLE_TIMEOUT: "The upstream server sent nothing for too long (CLIENT_STREAM_IDLE_TIMEOUT)",
} as const;

/** Asks, with this as the provider's answer; the request is what the provider received. */
async function ask(target: string, body: object, script: () => Iterable<Step> | AsyncIterable<Step>) {
  const began = Promise.withResolvers<ReceivedRequest>();
  rig.provider.answer((request) => {
    began.resolve(request);
    return script();
  });
  const startedAt = clock.now();
  const { client, id } = await rig.call({ target, body });
  const { connection } = await began.promise;
  return { client, id, connection, startedAt };
}

/** Expects a 504 that names the setting, in time, and the provider's connection closed. */
async function expectTimeout(
  setting: keyof typeof TEXTS,
  limits: readonly [number, number],
  ...asked: Parameters<typeof ask>
): Promise<void> {
  const { client, id, connection, startedAt } = await ask(...asked);
  const { status, header } = await passUntil(client.head());
  const took = clock.now() - startedAt;
  const { text } = await client.body();
  client.leave();
  const { error } = JSON.parse(text) as { error: string | { message: string } };
  expect([status, header("content-type")]).toEqual([504, "application/json"]);
  expect(typeof error === "string" ? error : error.message).toBe(TEXTS[setting]);
  expect(took).toBeWithin(...limits);
  expect((await rig.provider.connectionClosed(connection)).by).toBe("peer");
  expect(await rig.settled(id)).toMatchObject({ status: 504, outcome: "failed", provider: expect.any(String) });
}

describe.each(CALLS)("%s: 504 that names the setting", (_name, target, body) => {
  test("if the provider accepts and never answers", () =>
    expectTimeout("CLIENT_RESPONSE_HEADER_TIMEOUT", [20_000, 25_000], target, body, () => [stall()]));
});

describe.each(STREAMS)("%s: an error event that names the setting", (_name, target, body) => {
  test("if the stream never begins", async () => {
    const { client, id, connection, startedAt } = await ask(target, body, () => [head(200, EVENT_STREAM), stall()]);
    expect((await passUntil(client.head())).status).toBe(200);
    const { text, complete } = await passUntil(client.body());
    expect(clock.now() - startedAt).toBeWithin(15_000, 20_000);
    client.leave();
    expect(text).toContain(JSON.stringify(TEXTS.CLIENT_STREAM_IDLE_TIMEOUT));
    expect(complete).toBe(true);
    expect((await rig.provider.connectionClosed(connection)).by).toBe("peer");
    expect(await rig.settled(id)).toMatchObject({ status: 200, outcome: "cut", failure: "stream_idle_timeout" });
  });
});

describe.each(WHOLE)("%s: 504 that names the setting", (_name, target, body) => {
  test("if the body does not come", () =>
    expectTimeout("CLIENT_TIMEOUT", [35_000, 40_000], target, body, () => [head(200, JSON_HEAD), chunk("{"), stall()]));

  test("if the body comes too slowly", () =>
    expectTimeout("CLIENT_TIMEOUT", [35_000, 40_000], target, body, async function* () {
      yield head(200, JSON_HEAD);
      for (;;) {
        yield chunk(" ");
        yield wait(passed(5000));
      }
    }));
});

test("a connection that never stands: 504 that names the setting", async () => {
  for (const [target, body] of [
    ["/v1/chat/completions", { ...CHAT, model: "mute/m" }],
    ["/proxy/mute/x", {}],
  ] as const) {
    const startedAt = clock.now();
    const { client, id } = await rig.call({ target, body });
    expect((await passUntil(client.head())).status).toBe(504);
    expect(clock.now() - startedAt).toBeWithin(12_000, 20_000);
    expect((await client.body()).text).toContain(TEXTS.CLIENT_CONNECT_TIMEOUT);
    expect(await rig.settled(id)).toMatchObject({ failure: "connect_timeout", provider: "mute" });
    client.leave();
  }
});

const ERROR_EVENTS: Readonly<Record<string, (id: string) => string>> = {
  "chat stream": () => {
    const error = { message: TEXTS.CLIENT_STREAM_IDLE_TIMEOUT, type: "upstream_error", code: "stream_idle_timeout" };
    return dataEvent({ error });
  },
  "messages stream": (id) => {
    const error = { type: "api_error", message: TEXTS.CLIENT_STREAM_IDLE_TIMEOUT };
    return dataEvent({ type: "error", error, request_id: id }, "error");
  },
  "responses stream": (id) => {
    const told = { code: "stream_idle_timeout", message: TEXTS.CLIENT_STREAM_IDLE_TIMEOUT };
    const response = { id: `resp_${id}`, object: "response", output: [], status: "failed", error: told };
    const failed = { type: "response.failed", sequence_number: 0, response };
    const error = { type: "upstream_error", ...told, param: null };
    const last = { type: "error", ...told, param: null, sequence_number: 1, error };
    return dataEvent(failed, "response.failed") + dataEvent(last, "error");
  },
};

describe.each(STREAMS)("%s: a stream that falls silent ends with an error, and no [DONE]", (name, target, body) => {
  test.each([
    ["behind a whole event", dataEvent({ n: 1 }), ""],
    ["behind a whole event with CRLF", "data: 1\r\n\r\n", ""],
    ["amid an event", 'data: {"n":', "\n\n"],
    ["behind an event that lacks its empty line", "data: 1\n", "\n\n"],
    ["amid a character", Buffer.from("data: \u{1f600}").subarray(0, 8), "\n\n"],
  ])("%s", async (_, sent, separator) => {
    const { client, id, connection } = await ask(target, body, () => [head(200, EVENT_STREAM), chunk(sent), stall()]);
    const { bytes, complete } = await passUntil(client.body());
    client.leave();
    const expected = Buffer.concat([Buffer.from(sent), Buffer.from(`${separator}${ERROR_EVENTS[name]?.(id)}`)]);
    expect(Buffer.from(bytes).toString("latin1")).toBe(expected.toString("latin1"));
    expect(complete).toBe(true);
    expect((await rig.provider.connectionClosed(connection)).by).toBe("peer");
    expect(await rig.settled(id)).toMatchObject({
      status: 200,
      outcome: "cut",
      failure: "stream_idle_timeout",
      bytes_out: expected.length,
    });
  });
});

test("proxy: a stream that falls silent breaks off visibly", async () => {
  const [, target, body] = CALLS[5];
  const { client, id } = await ask(target, body, () => [head(200, EVENT_STREAM), chunk("data: 1\n\n"), stall()]);
  expect(await passUntil(client.body())).toMatchObject({ text: "data: 1\n\n", complete: false });
  expect(await rig.settled(id)).toMatchObject({ outcome: "cut", failure: "stream_idle_timeout" });
});

describe("what no deadline ends", () => {
  test.each(STREAMS)("%s: a stream that lasts longer than a whole call may", async (_name, target, body) => {
    const events = Array.from({ length: 8 }, (_, n) => dataEvent({ n, choices: [{ finish_reason: "stop" }] }));
    events.push(dataEvent({ type: "message_stop" }), dataEvent({ type: "response.completed" }));
    const { client, startedAt } = await ask(target, body, async function* () {
      yield head(200, EVENT_STREAM);
      for (const event of events) {
        yield wait(passed(5000));
        yield chunk(event);
      }
      yield end();
    });
    expect(await passUntil(client.body())).toMatchObject({
      text: `:\n\n${events.join("")}`,
      complete: true,
    });
    expect(clock.now() - startedAt).toBeGreaterThan(35_000);
    client.leave();
  });

  test("an answer that takes most of its time", async () => {
    const { client } = await ask("/v1/chat/completions", CHAT, () => [wait(passed(15_000)), ...json(200, "{}")]);
    expect((await passUntil(client.head())).status).toBe(200);
    client.leave();
  });
});

test("a client that stops reading does not hold a stream open for ever", async () => {
  const [, target, body] = CALLS[1];
  const { client, id, connection } = await ask(target, body, () => [
    head(200, EVENT_STREAM),
    chunk("data: 1\n\n"),
    flood(256 * 1024 * 1024),
  ]);
  await client.head();
  client.pause();
  await rig.provider.heldBack(connection, { quiet: 100 });
  expect((await passUntil(rig.provider.connectionClosed(connection))).by).toBe("peer");
  expect(await rig.settled(id)).toMatchObject({ outcome: "cut" });
  client.leave();
});
