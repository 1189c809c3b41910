import { afterAll, beforeAll, describe, expect, spyOn, test } from "bun:test";
import { createGateway, type Gateway } from "../../../src/gateway.ts";
import { loadConfig } from "../../fixtures/load-config.ts";
import { createLog } from "../../../src/telemetry/log.ts";

const ANSWER = JSON.stringify({
  id: "c",
  model: "m",
  choices: [{ index: 0, message: { role: "assistant", content: "hello" }, finish_reason: "stop" }],
  usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
});

// It looks at no body, whose bytes would be in this process, too.
const provider = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  maxRequestBodySize: 64 * 1024 * 1024,
  fetch: ({ method }) =>
    method === "GET"
      ? Response.json({ data: [] })
      : new Response(ANSWER, { headers: { "content-type": "application/json" } }),
});
let gateway: Gateway;
let url: string;

beforeAll(async () => {
  const base = { SERVER_PORT: "0", SERVER_SHUTDOWN_TIMEOUT: "0s", OPENAI_API_KEY: "sk", MODELS_TIMEOUT: "1s" };
  const loaded = loadConfig({ ...base, OPENAI_API_URL: `${provider.url.href}v1` });
  if (!loaded.ok) throw new Error(loaded.problems.join("\n"));
  const log = createLog({ level: "silent", environment: "test" }, { write() {} });
  gateway = await createGateway(loaded.config, { log, version: "test" });
  ({ url } = await gateway.listen());
});
afterAll(async () => {
  await gateway.drain(() => {});
  await provider.stop(true);
});

async function ask(body: string): Promise<void> {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });
  expect([response.status, await response.text()]).toEqual([200, ANSWER]);
}

/** How many bytes were freed at once while something was done; the runtime counts them only with its next collection. */
async function freedBy(run: () => Promise<void>): Promise<number> {
  const { transfer } = ArrayBuffer.prototype;
  let freed = 0;
  const spied = spyOn(ArrayBuffer.prototype, "transfer").mockImplementation(function (this: ArrayBuffer, length) {
    freed += this.byteLength;
    return transfer.call(this, length);
  });
  try {
    await run();
  } finally {
    spied.mockRestore();
  }
  return freed;
}

const chatOf = (kib: number): string =>
  JSON.stringify({ model: "openai/m", messages: [{ role: "user", content: "x".repeat(kib * 1024) }] });

describe("the memory of a body that was relayed is free again, without a collection", () => {
  test.each([40, 126, 180, 300, 3000])("%d KiB", async (kib) => {
    const body = chatOf(kib);
    const freed = await freedBy(() => Promise.all([ask(body), ask(body)]).then(() => {}));
    // A very long one is written out with its edits, and that is freed, too.
    const copied = kib > 256 ? body.length - "openai/".length : 0;
    // And so is what it was read in, where that held nothing else.
    expect(freed).toBeGreaterThanOrEqual(2 * (body.length + copied));
  });

  test("unless it is short, and collected for less", async () => {
    expect(await freedBy(() => ask(chatOf(4)))).toBe(0);
  });
});
