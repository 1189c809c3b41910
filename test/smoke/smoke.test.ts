import { expect, test } from "bun:test";
import { dataEvent, json, sse } from "../fixtures/answers.ts";
import { startMockProvider } from "../fixtures/mock-provider.ts";
import { startGateway } from "../fixtures/start-gateway.ts";

const CHAT = { model: "openai/gpt-4o", messages: [{ role: "user", content: "hi" }] };

test("a chat completion passes through the gateway byte for byte", async () => {
  await using provider = await startMockProvider();
  await using gateway = await startGateway({ OPENAI_API_KEY: "sk-test", OPENAI_API_URL: `${provider.url}/v1` });
  provider.answerAlways(({ target }) => (target === "/v1/models" ? json(200, { data: [] }) : json(200, '{"id": 1.0}')));
  const response = await fetch(`${gateway.url}/v1/chat/completions`, { method: "POST", body: JSON.stringify(CHAT) });
  expect(response.status).toBe(200);
  expect(await response.text()).toBe('{"id": 1.0}');
  const request = provider.requests.find(({ target }) => target === "/v1/chat/completions");
  expect(Buffer.from(request?.body ?? []).toString()).toBe(JSON.stringify({ ...CHAT, model: "gpt-4o" }));
  expect(request?.header("authorization")).toBe("Bearer sk-test");
});

test("a stream passes through the gateway byte for byte", async () => {
  await using provider = await startMockProvider();
  await using gateway = await startGateway({ OPENAI_API_KEY: "sk-test", OPENAI_API_URL: `${provider.url}/v1` });
  const events = [dataEvent({ n: 1 }), dataEvent({ n: 2 })];
  provider.answerAlways(({ target }) =>
    target === "/v1/models" ? json(200, { data: [] }) : sse(events, { done: true }),
  );
  const body = JSON.stringify({ ...CHAT, stream: true });
  const response = await fetch(`${gateway.url}/v1/chat/completions`, { method: "POST", body });
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  expect(await response.text()).toBe(`${events.join("")}data: [DONE]\n\n`);
});

test("the guide and the API reference are served without any other file", async () => {
  await using gateway = await startGateway({ PWD: "/" });
  for (const path of ["/docs", "/docs/settings", "/docs/settings.md", "/swagger"]) {
    const response = await fetch(gateway.url + path);
    expect([path, response.status]).toEqual([path, 200]);
    expect((await response.text()).length).toBeGreaterThan(500);
  }
  expect(await (await fetch(`${gateway.url}/docs/settings`)).text()).toContain("<code>SERVER_PORT</code>");
});
