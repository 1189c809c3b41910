import { heapStats } from "bun:jsc";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createLog } from "../../../src/telemetry/log.ts";
import { loadConfig } from "../../fixtures/load-config.ts";
import { createGateway, type Gateway } from "../../../src/gateway.ts";
import { showFigures } from "../../fixtures/figures.ts";
import { openRawClient } from "../../fixtures/raw-http-client.ts";
import { startMcpServer, type McpTestServer } from "../../tools/mcp/mcp-server.ts";

/** A provider that takes everything, keeps nothing, and does not answer. */
let provider: Bun.TCPSocketListener<undefined>;
let taken = 0;
let mcp: McpTestServer;
const gateways: Record<string, Gateway> = {};
const ports: Record<string, number> = {};

async function open(name: string, settings: Readonly<Record<string, string>>): Promise<void> {
  const base = { SERVER_PORT: "0", SERVER_SHUTDOWN_TIMEOUT: "0s", MODELS_TIMEOUT: "1s" };
  const url = `http://127.0.0.1:${provider.port}/v1`;
  const loaded = loadConfig({ ...base, OPENAI_API_KEY: "sk", OPENAI_API_URL: url, ...settings });
  if (!loaded.ok) throw new Error(loaded.problems.join("\n"));
  const gateway = await createGateway(loaded.config, {
    log: createLog({ level: "silent", environment: "test" }, { write() {} }),
    version: "test",
  });
  gateways[name] = gateway;
  ports[name] = Number(new URL((await gateway.listen()).url).port);
}

beforeAll(async () => {
  provider = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: { data: (_, bytes) => void (taken += bytes.length) },
  });
  mcp = await startMcpServer({ tools: [{ name: "add" }] });
  await open("relay", {});
  await open("agent", { MCP_ENABLED: "true", MCP_SERVERS: mcp.url });
  while (!(await (await fetch(`http://127.0.0.1:${ports["agent"]}/health/ready`)).text()).includes('"connected"')) {
    await Bun.sleep(5);
  }
});
afterAll(async () => {
  for (const gateway of Object.values(gateways)) await gateway.drain(() => {});
  provider.stop(true);
  await mcp.stop();
});

const VALUES = 200_000;
const MIB = 1024 * 1024;

/** A body of very many objects, and of some megabytes. */
const body = (): Buffer =>
  Buffer.from(
    `{"model":"openai/m","messages":[{"role":"user","content":"${"x".repeat(4 * MIB)}"}],"extra":[${'{"a":1},'.repeat(VALUES)}0]}`,
  );

const objects = (): number => heapStats().objectTypeCounts["Object"] ?? 0;
/** What the heap's objects have outside of it. */
const bufferBytes = (): number => heapStats().extraMemorySize;

describe("while the provider thinks", () => {
  test.each([
    ["relay", "the plain relay keeps neither the body nor what was parsed of it", 3],
    // The conversation goes on with the client's bytes.
    ["agent", "the tool loop keeps the bytes once, and nothing that was parsed of them", 7],
  ])("%s: %s", async (name, _, mostMiB) => {
    Bun.gc(true);
    const before = { objects: objects(), bytes: bufferBytes(), taken };
    await using client = await openRawClient(ports[name] as number);
    const sent = body();
    const { length } = sent;
    await client.request("POST", "/v1/chat/completions", { body: sent });
    while (taken - before.taken < length) await Bun.sleep(5);
    // What the last turns still have on the stack goes with one of the next collections.
    for (let tries = 0; tries < 100; tries++) {
      Bun.gc(true);
      if (objects() - before.objects < VALUES / 100 && bufferBytes() - before.bytes < mostMiB * MIB) break;
      await Bun.sleep(10);
    }
    expect(objects() - before.objects).toBeLessThan(VALUES / 100);
    const held = gateways[name]?.bufferedBytes() ?? 0;
    const more = bufferBytes() - before.bytes;
    showFigures("%s: %d KiB more in buffers, %d KiB counted", name, Math.round(more / 1024), Math.round(held / 1024));
    expect([more < mostMiB * MIB, held < mostMiB * MIB]).toEqual([true, true]);
    if (name === "relay") expect(held).toBe(0);
    client.leave();
  });
});

describe("of bodies that lie where they were read together, a gateway keeps nothing while the provider thinks", () => {
  const COUNT = 20;
  const KIB = 1024;
  const text = (bytes: number): string =>
    JSON.stringify({ model: "openai/m", messages: [{ role: "user", content: "x".repeat(bytes) }] });

  test.each([
    ["read at once", 100 * KIB],
    ["read in pieces, as they may come slowly", 240 * KIB],
  ])("%s", async (_, length) => {
    const body = Buffer.from(text(length));
    Bun.gc(true);
    const before = { bytes: bufferBytes(), taken };
    const clients = await Promise.all(Array.from({ length: COUNT }, () => openRawClient(ports["relay"] as number)));
    for (const client of clients) await client.request("POST", "/v1/chat/completions", { body });
    while (taken - before.taken < COUNT * length) await Bun.sleep(5);
    for (let tries = 0; tries < 100; tries++) {
      Bun.gc(true);
      if (bufferBytes() - before.bytes < (COUNT * length) / 4) break;
      await Bun.sleep(10);
    }
    expect(bufferBytes() - before.bytes).toBeLessThan((COUNT * length) / 4);
    for (const client of clients) client.leave();
  });
});
