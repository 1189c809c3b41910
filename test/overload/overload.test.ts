import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { json } from "../fixtures/answers.ts";
import { createGate } from "../fixtures/gate.ts";
import type { RawClient } from "../fixtures/raw-http-client.ts";
import { chunk, end, head, reset, type Script, stall, wait } from "../fixtures/script.ts";
import { type Rig, startRig } from "../fixtures/start-rig.ts";

const LIMIT = 2;
const EVENT_STREAM = { "content-type": "text/event-stream", "transfer-encoding": "chunked" };
const CHAT = { model: "openai/m", messages: [{ role: "user", content: "hi" }] };
const STREAM = { ...CHAT, stream: true };
const BUSY = "The gateway is at its limit of simultaneous requests";

let rig: Rig;
beforeEach(async () => {
  rig = await startRig({ SERVER_MAX_CONCURRENT_REQUESTS: String(LIMIT) });
});
afterEach(() => rig[Symbol.asyncDispose]());

/** Sends a chat request and waits until the provider has it. */
async function begin(body: object, script: Script): Promise<{ readonly client: RawClient; readonly id: string }> {
  rig.provider.answer(() => script);
  const call = await rig.call({ target: "/v1/chat/completions", body });
  await rig.provider.nextRequest();
  return call;
}

/** Fills every slot with requests that last until the gate opens. */
async function fill(): Promise<{ readonly open: () => Promise<void> }> {
  const gate = createGate();
  const calls = [
    await begin(CHAT, [wait(gate), ...json(200, { n: 1 })]),
    await begin(STREAM, [head(200, EVENT_STREAM), chunk("data: 1\n\n"), wait(gate), chunk("data: [DONE]\n\n"), end()]),
  ] as const;
  await calls[1].client.nextChunk();
  return {
    async open() {
      gate.open();
      expect(await calls[0].client.body()).toMatchObject({ text: '{"n":1}', complete: true });
      expect(await calls[1].client.body()).toMatchObject({ text: "data: 1\n\ndata: [DONE]\n\n", complete: true });
      for (const { id } of calls) await rig.settled(id);
    },
  };
}

async function statusOf(target = "/v1/chat/completions", method = "POST", body: unknown = CHAT): Promise<number> {
  const { client } = await rig.call({ method, target, body: method === "GET" ? undefined : body });
  return (await client.head()).status;
}

/** Proves that every slot is free, and no more than that. */
async function expectAllFree(): Promise<void> {
  const full = await fill();
  expect(await statusOf()).toBe(503);
  await full.open();
}

describe("beyond the limit", () => {
  test("a request is refused at once with Retry-After, and those in flight end as they would", async () => {
    const full = await fill();
    const { client, id } = await rig.call({ target: "/v1/chat/completions", body: CHAT });
    const answer = await client.head();
    expect(answer.status).toBe(503);
    expect(answer.header("retry-after")).toBe("1");
    expect(answer.header("x-request-id")).toBe(id);
    expect(JSON.parse((await client.body()).text)).toEqual({
      error: BUSY,
      type: "overloaded_error",
      code: "overloaded",
      request_id: id,
    });
    expect(await rig.settled(id)).toMatchObject({ status: 503, outcome: "failed", failure: "overloaded" });
    expect(rig.provider.requests.filter(({ method }) => method === "POST")).toHaveLength(LIMIT);
    await full.open();
    rig.provider.answer(json(200, {}));
    expect(await statusOf()).toBe(200);
  });

  test("Anthropic's clients get its own status and envelope", async () => {
    const full = await fill();
    for (const target of ["/v1/messages", "/v1/messages/count_tokens"]) {
      const { client, id } = await rig.call({ target, body: {} });
      const answer = await client.head();
      expect([answer.status, answer.header("retry-after")]).toEqual([529, "1"]);
      expect(JSON.parse((await client.body()).text)).toEqual({
        type: "error",
        error: { type: "overloaded_error", message: BUSY },
        request_id: id,
      });
    }
    await full.open();
  });

  test("every other route refuses too, unknown ones included; health answers", async () => {
    const full = await fill();
    for (const target of ["/v1/models", "/v1/models/x", "/v1/mcp/tools", "/proxy/openai/x", "/swagger", "/none"]) {
      expect([target, await statusOf(target, "GET")]).toEqual([target, 503]);
    }
    for (const target of ["/health", "/v1/health", "/health/ready"]) {
      expect([target, await statusOf(target, "GET")]).toEqual([target, 200]);
    }
    await full.open();
  });

  test("a body is not waited for, and what comes of it is thrown away", async () => {
    const full = await fill();
    const client = await rig.connect();
    await client.send("POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9000000\r\n\r\n{");
    expect((await client.head()).status).toBe(503);
    await client.send(new Uint8Array(8_999_999));
    await client.request("GET", "/health");
    expect((await client.head()).status).toBe(200);
    await full.open();
  });

  test("credentials are not looked at", async () => {
    await rig[Symbol.asyncDispose]();
    const key = "sk-of-a-client";
    rig = await startRig({ SERVER_MAX_CONCURRENT_REQUESTS: "1", AUTH_ENABLED: "true", AUTH_API_KEYS: key });
    expect(await statusOf()).toBe(401);
    const gate = createGate();
    rig.provider.answer(() => [wait(gate), ...json(200, {})]);
    const headers = { authorization: `Bearer ${key}` };
    const { client } = await rig.call({ target: "/v1/chat/completions", body: CHAT, headers });
    await rig.provider.nextRequest();
    expect(await statusOf()).toBe(503);
    gate.open();
    expect((await client.head()).status).toBe(200);
  });
});

describe("a slot is free again", () => {
  test("when its client has left, in every phase", async () => {
    const silent = await begin(CHAT, [stall()]);
    const streaming = await begin(STREAM, [head(200, EVENT_STREAM), chunk("data: 1\n\n"), stall()]);
    await streaming.client.nextChunk();
    for (const { client, id } of [silent, streaming]) {
      client.leave();
      expect(await rig.settled(id)).toMatchObject({ outcome: "client_gone" });
    }
    await expectAllFree();
  });

  test("when an upload breaks off", async () => {
    const client = await rig.connect();
    await client.send(
      'POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\nx-request-id: upload\r\ncontent-length: 99\r\n\r\n{"model"',
    );
    await rig.call({ method: "GET", target: "/health" });
    client.leave();
    await rig.settled("upload");
    await expectAllFree();
  });

  test("after failures of every kind", async () => {
    const failing: readonly (readonly [body: object, script: Script, status: number])[] = [
      [CHAT, json(429, { error: { message: "slow down" } }), 429],
      [CHAT, [reset()], 502],
    ];
    for (const [body, script, status] of failing) {
      const { client, id } = await begin(body, script);
      expect((await client.head()).status).toBe(status);
      await client.body();
      await rig.settled(id);
    }
    const gate = createGate();
    const cut = await begin(STREAM, [head(200, EVENT_STREAM), chunk("data: 1\n\n"), wait(gate), reset()]);
    await cut.client.nextChunk();
    gate.open();
    expect(await rig.settled(cut.id)).toMatchObject({ outcome: "cut" });
    expect(await statusOf("/v1/chat/completions", "POST", "{")).toBe(400);
    expect(await statusOf("/v1/chat/completions", "POST", { ...CHAT, model: "none/of-these/x" })).toBe(400);
    expect(await statusOf("/none", "GET")).toBe(404);
    await expectAllFree();
  });

  test("after many refusals", async () => {
    const full = await fill();
    for (let count = 0; count < 3 * LIMIT; count += 1) expect(await statusOf()).toBe(503);
    await full.open();
    await expectAllFree();
  });
});
