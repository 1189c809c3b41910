import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { dataEvent, json, sse } from "../fixtures/answers.ts";
import { showFigures } from "../fixtures/figures.ts";
import { createGate } from "../fixtures/gate.ts";
import { type GatewayProcess, startGateway } from "../fixtures/start-gateway.ts";
import { type Rig, startRig } from "../fixtures/start-rig.ts";

let rig: Rig<GatewayProcess>;
beforeAll(async () => {
  // On a busy machine first events are so late that signs of life come before them.
  rig = await startRig({ STREAM_KEEPALIVE: "0s" }, startGateway);
});
afterAll(async () => {
  await rig.finish();
  await rig[Symbol.asyncDispose]();
});

/** Each stream takes two descriptors in this process and two in the gateway's. */
function affordableStreams(wanted: number): number {
  if (process.platform !== "linux") return wanted;
  const limits = readFileSync("/proc/self/limits", "utf8");
  const descriptors = Number(/Max open files\s+(\d+)/.exec(limits)?.[1]);
  const affordable = Math.min(wanted, Math.floor((descriptors - 200) / 2));
  if (affordable < wanted) console.warn(`Only ${affordable} streams: the limit of open files is ${descriptors}.`);
  return affordable;
}

const CHAT = { model: "openai/m", stream: true, messages: [{ role: "user", content: "hi" }] };

test("a thousand streams at once, and a side request is answered while all of them are open", async () => {
  const count = affordableStreams(1000);
  const gate = createGate();
  const events = [dataEvent({ n: 1 }), dataEvent({ n: 2 })];
  rig.provider.answerAlways(({ target }) =>
    target.endsWith("/embeddings") ? json(200, "{}") : sse(events, { gaps: [undefined, gate], done: true }),
  );
  const startedAt = performance.now();
  const calls = await Promise.all(
    Array.from({ length: count }, () => rig.call({ target: "/v1/chat/completions", body: CHAT })),
  );
  for (const { client } of calls)
    expect(Buffer.from((await client.nextChunk(10_000)) ?? []).toString()).toBe(`${events[0]}`);
  const openedIn = performance.now() - startedAt;
  expect(rig.provider.openConnections).toBeGreaterThanOrEqual(count);

  const sideAt = performance.now();
  const side = await rig.call({ target: "/v1/embeddings", body: { model: "openai/m", input: "hi" } });
  expect((await side.client.head()).status).toBe(200);
  expect(rig.provider.openConnections).toBeGreaterThanOrEqual(count);
  const sideTook = performance.now() - sideAt;
  side.client.leave();
  const status = readFileSync(`/proc/${rig.gateway.process.pid}/status`, "utf8");
  showFigures(
    "%d streams open after %d ms, side request %s ms, gateway %d MiB",
    count,
    Math.round(openedIn),
    sideTook.toFixed(1),
    Math.round(Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024),
  );

  gate.open();
  for (const { client, id } of calls) {
    const rest = await client.body(10_000);
    expect(rest).toMatchObject({ complete: true, text: `${events.join("")}data: [DONE]\n\n` });
    expect(await rig.settled(id)).toMatchObject({ outcome: "answered" });
    client.leave();
  }
});
