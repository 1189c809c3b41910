import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import { dataEvent, json } from "../fixtures/answers.ts";
import { type MockProvider, startMockProvider } from "../fixtures/mock-provider.ts";
import { chunk, end, head } from "../fixtures/script.ts";
import type { RunningGateway } from "../fixtures/start-gateway.ts";
import { startGateway } from "../fixtures/start-in-process.ts";

let provider: MockProvider;
let gateway: RunningGateway;
beforeAll(async () => {
  provider = await startMockProvider();
  provider.answerAlways(() => json(200, { data: [] }));
  gateway = await startGateway({ OPENAI_API_KEY: "sk-test", OPENAI_API_URL: `${provider.url}/v1` });
  await provider.nextRequest();
});
afterAll(async () => {
  await gateway.stop();
  await provider.stop();
});

/** The gateway asks for plain answers; these providers compress all the same. */
const ask = (stream: boolean): Promise<Response> =>
  fetch(`${gateway.url}/v1/chat/completions`, {
    method: "POST",
    body: JSON.stringify({ model: "openai/m", stream, messages: [{ role: "user", content: "hi" }] }),
  });

test("what is not really compressed gives 502, and the runtime's own remark holds nothing of it", async () => {
  provider.answer(json(200, "SECRET, no gzip", { "content-encoding": "gzip" }));
  const response = await ask(false);
  expect(response.status).toBe(502);
  expect(await response.json()).toMatchObject({ code: "upstream_invalid_response" });
  expect(gateway.output().stderr).toMatch(/^(Decompression error: \w+\n)?$/);
});

describe("what is compressed is relayed plain", () => {
  test("in one piece", async () => {
    provider.answer(json(200, gzipSync('{"a":1.0}'), { "content-encoding": "gzip" }));
    const response = await ask(false);
    expect(response.headers.get("content-encoding")).toBeNull();
    expect(await response.text()).toBe('{"a":1.0}');
  });

  test("as a stream", async () => {
    const events = dataEvent({ a: 1 }) + dataEvent("[DONE]");
    const headers = { "content-type": "text/event-stream", "content-encoding": "gzip", "transfer-encoding": "chunked" };
    provider.answer([head(200, headers), chunk(gzipSync(events)), end()]);
    const response = await ask(true);
    expect(response.headers.get("content-encoding")).toBeNull();
    expect(await response.text()).toBe(events);
  });
});
