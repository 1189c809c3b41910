import { heapStats } from "bun:jsc";
import { afterEach, describe, expect, test } from "bun:test";
import { loadConfig } from "../fixtures/load-config.ts";
import { createGateway, type Gateway } from "../../src/gateway.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { sequentialDeployments } from "../fixtures/sequential-deployments.ts";
import { openRawClient } from "../fixtures/raw-http-client.ts";
import { DIALOGUES } from "./dialogues.ts";
import { type ModelSketch, routedModel, withModels } from "./routed-gateway.ts";

const VALUES = 200_000;
const MIB = 1024 * 1024;

/** A body of very many objects, and of some megabytes. */
const body = (): Buffer =>
  Buffer.from(
    `{"model":"fast","stream":true,"messages":[{"role":"user","content":"${"x".repeat(4 * MIB)}"}],"extra":[${'{"a":1},'.repeat(VALUES)}0]}`,
  );

const objects = (): number => heapStats().objectTypeCounts["Object"] ?? 0;

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

/** A provider that has taken a request and says the beginning of an answer, or nothing. */
function startProvider(begins: string) {
  const taken = Promise.withResolvers<void>();
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    maxRequestBodySize: 64 * MIB,
    async fetch(request) {
      if (request.method === "GET") return Response.json({ data: [] });
      await request.arrayBuffer();
      taken.resolve();
      const stalled = new Promise<Response>(() => {});
      if (begins === "") return stalled;
      const stream = new ReadableStream<Uint8Array>({ start: (to) => to.enqueue(Buffer.from(begins)) });
      return new Response(stream, { headers: { "content-type": "text/event-stream" } });
    },
  });
  stops.push(() => server.stop(true));
  return { url: server.url.href, taken: taken.promise };
}

async function open(
  router: string,
  model: ModelSketch,
  url: string,
): Promise<{ readonly gateway: Gateway; readonly port: number }> {
  const base = {
    SERVER_PORT: "0",
    SERVER_SHUTDOWN_TIMEOUT: "0s",
    MODELS_TIMEOUT: "1s",
    CUSTOM_PROVIDERS: "left,right",
  };
  const apis = { LEFT_API_URL: url, LEFT_API_KEY: "sk", RIGHT_API_URL: url, RIGHT_API_KEY: "sk" };
  const loaded = loadConfig({ ...base, ...apis });
  if (!loaded.ok) throw new Error(loaded.problems.join("\n"));
  const parts = { log: createLog({ level: "silent", environment: "test" }, { write() {} }), version: "test" };
  const gateway =
    router === "own"
      ? await createGateway(withModels([model]).change?.(loaded.config) ?? loaded.config, parts)
      : await createGateway(loaded.config, {
          ...parts,
          deployments: sequentialDeployments((sources) => [routedModel(sources, model)]),
        });
  stops.push(() => gateway.drain(() => {}));
  return { gateway, port: Number(new URL((await gateway.listen()).url).port) };
}

const ALONE: ModelSketch = { name: "fast", deployments: [{ provider: "left" }], timeouts: { firstTokenMs: 60_000 } };
const BOTH: ModelSketch = { name: "fast", deployments: [{ provider: "left" }, { provider: "right" }] };

// The gateway's own makes the first attempt without all that further ones need.
describe.each(["own", "simplest"])("the body of a request that the %s router has", (router) => {
  test("is let go of while the last provider that may be asked thinks", async () => {
    const provider = startProvider("");
    const { gateway, port } = await open(router, ALONE, provider.url);
    await expectLetGo(gateway, port, provider.taken);
  });

  test("is let go of once the answer has content", async () => {
    const { opening, rest } = DIALOGUES.chat;
    const provider = startProvider([...opening, rest[0]].join(""));
    const { gateway, port } = await open(router, BOTH, provider.url);
    await expectLetGo(gateway, port, provider.taken);
  });

  test("is kept, and counted, as long as another one may be asked", async () => {
    const provider = startProvider(DIALOGUES.chat.opening.join(""));
    const { gateway, port } = await open(router, BOTH, provider.url);
    await using client = await openRawClient(port);
    const sent = body();
    await client.request("POST", "/v1/chat/completions", { body: sent });
    await provider.taken;
    expect(gateway.bufferedBytes()).toBeGreaterThan(sent.length);
    client.leave();
    for (let tries = 0; tries < 200 && gateway.bufferedBytes() > 0; tries++) await Bun.sleep(5);
    expect(gateway.bufferedBytes()).toBe(0);
  });
});

async function expectLetGo(gateway: Gateway, port: number, taken: Promise<void>): Promise<void> {
  Bun.gc(true);
  const before = objects();
  await using client = await openRawClient(port);
  await client.request("POST", "/v1/chat/completions", { body: body() });
  await taken;
  // What the last turns still have on the stack goes with one of the next collections.
  for (let tries = 0; tries < 200; tries++) {
    Bun.gc(true);
    if (objects() - before < VALUES / 100 && gateway.bufferedBytes() < MIB) break;
    await Bun.sleep(10);
  }
  expect(objects() - before).toBeLessThan(VALUES / 100);
  expect(gateway.bufferedBytes()).toBeLessThan(MIB);
  client.leave();
}
