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
    expect([header("content-type"), (await client.body()).text]).toEqual([type ?? "application/json", text]);
    client.leave();
    expect(await rig.settled(id)).toMatchObject({ streaming: false });
  }
});

test("what begins like an event is no stream if none was asked for, and no answer either", async () => {
  rig.provider.answer([head(200, { "content-type": "text/plain", ...CHUNKED }), chunk("data: 1\n\n"), end()]);
  const { client } = await ask("/v1/chat/completions", "openai/m", {});
  const { header } = await client.head();
  expect([header("content-type"), (await client.body()).text]).toEqual([
    "application/json",
    expect.stringContaining("upstream_invalid_response"),
  ]);
  client.leave();
});

test("text that is no event is no answer", async () => {
  rig.provider.answer([head(200, { "content-type": "text/plain", ...CHUNKED }), chunk("database: gone"), end()]);
  const { client } = await ask(...CHAT);
  expect((await client.head()).status).toBe(502);
  client.leave();
});

test("one that breaks off before it is known gives an error with its status", async () => {
  rig.provider.answer([head(200, { "content-type": "text/plain", ...CHUNKED }), chunk("da"), close()]);
  const { client } = await ask(...CHAT);
  expect((await client.head()).status).toBe(502);
  client.leave();
});
