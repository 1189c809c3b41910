import Anthropic from "@anthropic-ai/sdk";
import { afterAll, beforeAll, expect, test } from "bun:test";
import { json } from "../fixtures/answers.ts";
import { createManualClock } from "../fixtures/manual-clock.ts";
import { type MockProvider, startMockProvider } from "../fixtures/mock-provider.ts";
import type { RunningGateway } from "../fixtures/start-gateway.ts";
import { startGateway } from "../fixtures/start-in-process.ts";
import { KEY, threeProviders } from "./started-gateway.ts";

const OWN_KEY = "own-key-0123456789";

let provider: MockProvider;
let gateway: RunningGateway;

beforeAll(async () => {
  provider = await startMockProvider();
  provider.answerAlways(({ target }) => {
    if (target.startsWith("/none/")) return json(404, {});
    if (!target.startsWith("/anthropic/")) return json(200, { data: [{ id: "gpt-4o", created: 1715367049 }] });
    const data = [{ type: "model", id: "claude-1", display_name: "Claude One", created_at: "2025-02-19T00:00:00Z" }];
    return json(200, { data, has_more: false });
  });
  const settings = {
    ...threeProviders(provider.url),
    // Some may run on the machine of the test.
    ...Object.fromEntries(["OLLAMA", "LLAMACPP", "VLLM"].map((id) => [`${id}_API_URL`, `${provider.url}/none/v1`])),
    AUTH_ENABLED: "true",
    AUTH_API_KEYS: OWN_KEY,
    DISALLOWED_MODELS: "groq/gpt-4o",
  };
  // Where the machine is busy, lists come too late for a list of all.
  gateway = await startGateway(settings, { timers: createManualClock() });
});
afterAll(async () => {
  await gateway.stop();
  await provider.stop();
});

/** As Claude Code asks. */
const ask = (path: string, key = OWN_KEY): Promise<Response> =>
  fetch(`${gateway.url}${path}`, { headers: { "x-api-key": key, "anthropic-version": "2023-06-01" } });

const CLAUDE = {
  type: "model",
  id: "anthropic/claude-1",
  display_name: "Claude One",
  created_at: "2025-02-19T00:00:00Z",
};
const GPT = { type: "model", id: "openai/gpt-4o", display_name: "gpt-4o", created_at: "2024-05-10T18:50:49Z" };

test("Claude Code's question gets a page in Anthropic's shape", async () => {
  const response = await ask("/v1/models?limit=1000");
  expect([response.status, await response.json()]).toEqual([
    200,
    { data: [GPT, CLAUDE], has_more: false, first_id: GPT.id, last_id: CLAUDE.id },
  ]);
  const one = await ask("/v1/models?provider=anthropic&limit=1000");
  expect(await one.json()).toEqual({ data: [CLAUDE], has_more: false, first_id: CLAUDE.id, last_id: CLAUDE.id });
});

test("one model comes in it too, by its id or its bare name", async () => {
  expect(await (await ask("/v1/models/anthropic/claude-1")).json()).toEqual(CLAUDE);
  expect(await (await ask("/v1/models/claude-1")).json()).toEqual(CLAUDE);
});

test.each([
  ["/v1/models/none", OWN_KEY, 404, "not_found_error", 'Model not found: "none".'],
  ["/v1/models", "wrong", 401, "authentication_error", "unauthorized"],
  ["/v1/models/openai/gpt-4o", "wrong", 401, "authentication_error", "unauthorized"],
  ["/v1/models?limit=0", OWN_KEY, 400, "invalid_request_error", "limit must be from 1 to 1000"],
  ["/v1/models?after_id=x", OWN_KEY, 400, "invalid_request_error", "after_id is not in the list"],
])("errors of %s with %s come in Anthropic's envelope", async (path, key, status, type, message) => {
  const response = await ask(path, key);
  expect([response.status, await response.json()]).toEqual([
    status,
    { type: "error", error: { type, message }, request_id: response.headers.get("x-request-id") },
  ]);
});

test("without anthropic-version everything has OpenAI's shape, whatever the key comes in", async () => {
  const headers = { "x-api-key": OWN_KEY };
  const list = (await (await fetch(`${gateway.url}/v1/models?limit=1`, { headers })).json()) as { data: unknown[] };
  expect(list).toMatchObject({ object: "list", data: [{ object: "model" }, { object: "model" }] });
  const missing = await fetch(`${gateway.url}/v1/models/none`, { headers });
  expect(await missing.json()).toMatchObject({ error: 'Model not found: "none".', code: "model_not_found" });
});

test("Anthropic's own client pages through the list", async () => {
  const client = new Anthropic({ baseURL: gateway.url, apiKey: OWN_KEY, authToken: null });
  const ids: string[] = [];
  for await (const { id } of client.models.list({ limit: 1 })) ids.push(id);
  expect(ids).toEqual([GPT.id, CLAUDE.id]);
  expect((await client.models.retrieve("claude-1")).display_name).toBe("Claude One");
  expect(KEY).not.toBe(OWN_KEY);
});
