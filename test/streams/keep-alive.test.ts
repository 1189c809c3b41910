import { afterEach, describe, expect, test } from "bun:test";
import { dataEvent } from "../fixtures/answers.ts";
import { createGate } from "../fixtures/gate.ts";
import { createManualClock, type ManualClock, settle } from "../fixtures/manual-clock.ts";
import type { RawClient } from "../fixtures/raw-http-client.ts";
import { chunk, end, head, reset, stall, type Step, wait } from "../fixtures/script.ts";
import { startAt } from "../fixtures/start-in-process.ts";
import { type Rig, startRig } from "../fixtures/start-rig.ts";
import { text as toolText } from "../tools/mcp/mcp-server.ts";
import { call, delta, startAgentRig, STREAM, stream } from "../tools/loop/loop-rig.ts";

const EVENT_STREAM = { "content-type": "text/event-stream", "transfer-encoding": "chunked" };
const COMMENT = ": keep-alive\n\n";
const PING = 'event: ping\ndata: {"type": "ping"}\n\n';
const OPENING = ":\n\n";

const CALLS = [
  ["/v1/chat/completions", "openai/m", COMMENT, "data: [DONE]\n\n"],
  ["/v1/messages", "anthropic/m", PING, dataEvent({ type: "message_stop" }, "message_stop")],
  ["/v1/responses", "openai/m", COMMENT, dataEvent({ type: "response.completed" }, "response.completed")],
] as const;

const ending: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const finish of ending.splice(0)) await finish();
});

async function start(settings: Readonly<Record<string, string>> = {}): Promise<{ rig: Rig; clock: ManualClock }> {
  const clock = createManualClock();
  const rig = await startRig(settings, startAt(clock));
  ending.push(() => rig.finish());
  return { rig, clock };
}

const bodyFor = (model: string) => ({
  model,
  stream: true,
  max_tokens: 5,
  input: "hi",
  messages: [{ role: "user", content: "hi" }],
});

const textOf = async (bytes: Promise<Uint8Array | undefined>): Promise<string> =>
  Buffer.from((await bytes) ?? []).toString();

/** Lets so much time pass, a little at a time, that what is awaited happens. */
async function letPass<Result>(clock: ManualClock, awaited: Promise<Result>): Promise<Result> {
  let isThere = false;
  void awaited.then(() => (isThere = true));
  while (!isThere) {
    await clock.advance(20);
    for (let turn = 0; turn < 20 && !isThere; turn++) await settle();
  }
  return awaited;
}

async function open(rig: Rig, target: string, model: string, ...steps: readonly Step[]) {
  rig.provider.answer([head(200, EVENT_STREAM), ...steps]);
  return rig.call({ target, body: bodyFor(model) });
}

describe.each(CALLS)("%s", (target, model, sign, last) => {
  test("a silent stream: the head at once, then a sign of life after each interval, until it speaks", async () => {
    const { rig, clock } = await start();
    const gate = createGate();
    const { client, id } = await open(rig, target, model, wait(gate), chunk(last), end());
    const { status, header } = await letPass(clock, client.head());
    expect([status, header("content-type")]).toEqual([200, "text/event-stream"]);
    expect(await textOf(client.nextBytes())).toBe(OPENING);
    for (let time = 0; time < 2; time++) {
      await clock.advance(15_000);
      expect(await textOf(client.nextBytes())).toBe(sign);
    }
    gate.open();
    expect(await textOf(client.nextBytes())).toBe(last);
    expect((await client.body()).complete).toBe(true);
    client.leave();
    expect(await rig.settled(id)).toMatchObject({ outcome: "answered" });
  });

  test("silence counts from the last byte, and nothing is put into the middle of an event", async () => {
    const { rig, clock } = await start({ STREAM_KEEPALIVE: "2s" });
    const gates = [createGate(), createGate()] as const;
    const [first, rest] = [dataEvent({ n: 1 }), 'data: {"a'];
    const { client } = await open(
      rig,
      target,
      model,
      chunk(first),
      wait(gates[0]),
      chunk(rest),
      wait(gates[1]),
      chunk(`":1}\n\n${last}`),
      end(),
    );
    expect(await textOf(client.nextBytes())).toBe(first);
    await clock.advance(2000);
    expect(await textOf(client.nextBytes())).toBe(sign);
    await clock.advance(1500);
    gates[0].open();
    expect(await textOf(client.nextBytes())).toBe(rest);
    await clock.advance(10_000);
    gates[1].open();
    expect((await client.body()).text).toBe(`":1}\n\n${last}`);
    client.leave();
  });
});

test("with 0s nothing is added, and the head comes with the first byte", async () => {
  const { rig, clock } = await start({ STREAM_KEEPALIVE: "0s" });
  const gate = createGate();
  const { client } = await open(rig, "/v1/chat/completions", "openai/m", wait(gate), chunk("data: [DONE]\n\n"), end());
  await rig.provider.nextRequest(2000);
  await clock.advance(60_000);
  gate.open();
  await client.head();
  expect((await client.body()).text).toBe("data: [DONE]\n\n");
  client.leave();
});

test("what fails after the head is told as an event, and logged as cut", async () => {
  const { rig, clock } = await start();
  const gate = createGate();
  const { client, id } = await open(rig, "/v1/chat/completions", "openai/m", wait(gate), reset());
  expect((await letPass(clock, client.head())).status).toBe(200);
  gate.open();
  expect((await client.body()).text).toMatch(/^:\n\ndata: \{"error":.*"upstream_reset"\}\}\n\n$/);
  client.leave();
  expect(await rig.settled(id)).toMatchObject({ outcome: "cut", failure: "upstream_reset", status: 200 });
});

test("a stream without an event is an error too", async () => {
  const { rig, clock } = await start();
  const gate = createGate();
  const { client, id } = await open(rig, "/v1/chat/completions", "openai/m", wait(gate), end());
  await letPass(clock, client.head());
  gate.open();
  expect((await client.body()).text).toContain('"code":"upstream_empty_response"');
  client.leave();
  expect(await rig.settled(id)).toMatchObject({ outcome: "cut", failure: "upstream_empty_response" });
});

test("signs of life do not put off the deadline of the provider", async () => {
  const { rig, clock } = await start({ CLIENT_STREAM_IDLE_TIMEOUT: "90s" });
  const { client, id } = await open(rig, "/v1/chat/completions", "openai/m", stall());
  await letPass(clock, client.head());
  await clock.advance(90_000);
  expect((await client.body()).text).toMatch(/^:\n\n(: keep-alive\n\n){2,}data: .*stream_idle_timeout.*\n\n$/);
  client.leave();
  expect(await rig.settled(id)).toMatchObject({ outcome: "cut", failure: "stream_idle_timeout" });
});

test("/proxy and answers that are no stream get none", async () => {
  const { rig, clock } = await start();
  for (const [target, type] of [
    ["/proxy/openai/x", "text/event-stream"],
    ["/v1/chat/completions", "application/json"],
  ] as const) {
    const gate = createGate();
    const headers = { "content-type": type, "transfer-encoding": "chunked" };
    rig.provider.answer([head(200, headers), wait(gate), chunk("{}"), end()]);
    const { client } = await rig.call({ target, body: bodyFor("openai/m") });
    await rig.provider.nextRequest(2000);
    await clock.advance(31_000);
    gate.open();
    expect((await client.body()).text).toBe("{}");
    client.leave();
  }
});

test("while tools run, until the next round speaks", async () => {
  const clock = createManualClock();
  const began = Promise.withResolvers<(result: string) => void>();
  const run = () =>
    new Promise<ReturnType<typeof toolText>>((resolve) => began.resolve((result) => resolve(toolText(result))));
  const agent = await startAgentRig({ STREAM_KEEPALIVE: "15s" }, [{ name: "slow", run }], clock);
  ending.push(async () => {
    await agent.finish();
    await agent[Symbol.asyncDispose]();
  });
  agent.answer(
    stream([delta({ content: "one" }), delta({ tool_calls: [{ index: 0, ...call("s", "mcp_slow") }] }, "tool_calls")]),
    stream([delta({ content: "two" }, "stop")]),
  );
  const { client } = await agent.rig.call({ target: "/v1/chat/completions", body: STREAM });
  const next = (): Promise<string> => textOf((client as RawClient).nextBytes());
  expect(await next()).toContain('"one"');
  const finishTool = await began.promise;
  for (let time = 0; time < 2; time++) {
    await clock.advance(15_000);
    expect(await next()).toBe(COMMENT);
  }
  finishTool("done");
  expect((await client.body()).text).toContain('"two"');
  client.leave();
});
