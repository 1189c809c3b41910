import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { dataEvent } from "../fixtures/answers.ts";
import { createGate } from "../fixtures/gate.ts";
import { chunk, close, end, head, type Step, wait } from "../fixtures/script.ts";
import { type Rig, startRig } from "../fixtures/start-rig.ts";

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig.finish());

const CHUNKED = { "transfer-encoding": "chunked" };

const STREAMS = [
  ["/v1/chat/completions", "openai/m", "data: [DONE]\n\n"],
  ["/v1/messages", "anthropic/m", dataEvent({ type: "message_stop" }, "message_stop")],
  ["/v1/responses", "openai/m", dataEvent({ type: "response.completed", response: {} }, "response.completed")],
] as const;

const CHAT = ["/v1/chat/completions", "openai/m"] as const;

const ask = (target: string, model: string, more: object = { stream: true }) =>
  rig.call({
    target,
    body: { model, max_tokens: 5, input: "hi", messages: [{ role: "user", content: "hi" }], ...more },
  });

const TYPES = ["text/plain", "text/plain; charset=utf-8", "application/json", "application/octet-stream", undefined];

describe.each(STREAMS)("%s: a stream of events", (target, model, last) => {
  test.each(TYPES)("sent as %p is known by its beginning, and each event goes out at once", async (type) => {
    const gate = createGate();
    const first = dataEvent({ n: 1 });
    rig.provider.answer([
      head(200, { ...(type !== undefined && { "content-type": type }), ...CHUNKED }),
      chunk(first),
      wait(gate),
      chunk(last),
      end(),
    ]);
    const { client, id } = await ask(target, model);
    const { status, header } = await client.head();
    expect([status, header("content-type"), header("x-accel-buffering")]).toEqual([200, "text/event-stream", "no"]);
    expect(Buffer.from((await client.nextBytes()) ?? []).toString()).toBe(first);
    gate.open();
    expect((await client.body()).text).toBe(last);
    client.leave();
    expect(await rig.settled(id)).toMatchObject({ outcome: "answered", streaming: true });
  });
});

const BEGINNINGS = [": hello\n\n", "event: x\n", "id: 1\n", "retry: 10\n", "\r\n\r\n", "\ufeff"];

test.each(BEGINNINGS)("that begins with %j is known, wherever it is cut", async (beginning) => {
  const text = `${beginning}data: {"a":1}\n\ndata: [DONE]\n\n`;
  for (const size of [1, text.length]) {
    const pieces = Array.from({ length: Math.ceil(text.length / size) }, (_, index) =>
      chunk(text.slice(index * size, (index + 1) * size)),
    );
    rig.provider.answer([head(200, { "content-type": "text/plain", connection: "close" }), ...pieces, close()]);
    const { client } = await ask(...CHAT);
    const { header } = await client.head();
    expect([header("content-type"), (await client.body()).text]).toEqual(["text/event-stream", text]);
    client.leave();
  }
});

/** Some clients read an answer as JSON only if its type says so. */
const WHOLE: readonly (readonly [string, string, string | undefined])[] = [
  ["JSON", '{"choices":[{"message":{"content":"data: x"},"finish_reason":"stop"}]}', "application/json"],
  ["JSON behind white space", ' \n\n{"choices":[]}', "application/json"],
  ["JSON without a type", '{"error":{"message":"no"}}', undefined],
  ["JSON as plain text", '{"error":{"message":"no"}}', "text/plain"],
];

test.each(WHOLE)("%s is answered whole although a stream was asked for", async (_, text, type) => {
  for (const size of [3, text.length]) {
    const pieces: Step[] = Array.from({ length: Math.ceil(text.length / size) }, (_each, index) =>
      chunk(text.slice(index * size, (index + 1) * size)),
    );
    rig.provider.answer([
      head(200, { ...(type !== undefined && { "content-type": type }), ...CHUNKED }),
      ...pieces,
      end(),
    ]);
    const { client, id } = await ask(...CHAT);
    const { header } = await client.head();
    expect([header("content-type"), (await client.body()).text]).toEqual(["application/json", text]);
    client.leave();
    expect(await rig.settled(id)).toMatchObject({ streaming: false });
  }
});

const DOCUMENTS: readonly (readonly [string, string, number, object])[] = [
  ["an answer", '{"choices":[{"message":{"content":"hi"}}]}', 200, { outcome: "answered" }],
  ["an answer behind white space", '\ufeff\r\n {"choices":[{}]}', 200, { outcome: "answered" }],
  ["an error", '{"error":{"message":"slow down","code":429}}', 200, { failure: "provider_error" }],
  ["a page", "<html>log in</html>", 502, { failure: "upstream_invalid_response" }],
];

describe.each(DOCUMENTS)("%s that is called a stream of events", (_, text, status, line) => {
  test.each(["15s", "0s"])("is none, with STREAM_KEEPALIVE=%s", async (keepAlive) => {
    await using own = await startRig({ STREAM_KEEPALIVE: keepAlive });
    for (const stream of [true, false]) {
      own.provider.answer([head(200, { "content-type": "text/event-stream", ...CHUNKED }), chunk(text), end()]);
      const body = { model: "openai/m", stream, messages: [{ role: "user", content: "hi" }] };
      const { client, id } = await own.call({ target: "/v1/chat/completions", body });
      const answer = await client.head();
      const { text: sent } = await client.body();
      client.leave();
      expect([answer.status, answer.header("content-type")]).toEqual([status, "application/json"]);
      if (status === 200) expect(sent).toBe(text);
      expect(await own.settled(id)).toMatchObject({ ...line, streaming: false });
    }
  });
});

test.each([
  ["what begins like an event is no stream if none was asked for", "data: 1\n\n", {}],
  ["text that is no event is no answer", "database: gone", { stream: true }],
])("%s: 502", async (_, text, more) => {
  rig.provider.answer([head(200, { "content-type": "text/plain", ...CHUNKED }), chunk(text), end()]);
  const { client, id } = await ask("/v1/chat/completions", "openai/m", more);
  expect((await client.head()).status).toBe(502);
  client.leave();
  expect(await rig.settled(id)).toMatchObject({ failure: "upstream_invalid_response", streaming: false });
});

test("one that breaks off before it is known gives an error with its status", async () => {
  rig.provider.answer([head(200, { "content-type": "text/plain", ...CHUNKED }), chunk("da"), close()]);
  const { client } = await ask(...CHAT);
  expect((await client.head()).status).toBe(502);
  client.leave();
});
