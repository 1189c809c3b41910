import { expect, test } from "bun:test";
import { version } from "../../package.json" with { type: "json" };
import { runToEnd } from "../cli/run-to-end.ts";
import { dataEvent, json, sse } from "../fixtures/answers.ts";
import { startMockProvider } from "../fixtures/mock-provider.ts";
import { startGateway } from "../fixtures/start-gateway.ts";
import { openFolder } from "../response-store/stores.ts";
import { answerOf } from "../translation/provider-traffic.ts";

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

test("a response is kept in a file, and gone on from", async () => {
  await using provider = await startMockProvider();
  await using place = openFolder();
  provider.answerAlways(({ method }) => (method === "GET" ? json(200, { data: [] }) : answerOf("chat", false)));
  const settings = { CUSTOM_PROVIDERS: "own", OWN_API_URL: `${provider.url}/v1`, OWN_APIS: "chat", ...place.settings };
  await using gateway = await startGateway(settings);
  const ask = async (request: object): Promise<{ id: string }> => {
    const body = JSON.stringify({ model: "own/m", input: "one", ...request });
    return (await (await fetch(`${gateway.url}/v1/responses`, { method: "POST", body })).json()) as { id: string };
  };
  const { id } = await ask({});
  expect(await ask({ previous_response_id: id })).toMatchObject({ previous_response_id: id, store: true });
  expect((await fetch(`${gateway.url}/v1/responses/${id}`)).status).toBe(200);
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

test("it says its version, and what is wrong with its settings", async () => {
  expect(await runToEnd(["--version"])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  expect(await runToEnd(["--check"])).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("The settings are good."),
  });
  expect(await runToEnd(["--check"], { SERVER_PORT: "http" })).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("SERVER_PORT"),
  });
});

test.each(["1", "2"])(
  "with --demo it answers without any provider, and ends when it is told to: %s process",
  async (n) => {
    await using gateway = await startGateway({ SERVER_WORKERS: n }, ["--demo"]);
    const body = JSON.stringify({ ...CHAT, model: "demo/demo-chat" });
    const response = await fetch(`${gateway.url}/v1/chat/completions`, { method: "POST", body });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ choices: [{ finish_reason: "stop" }] });
    expect(await gateway.end()).toBe(0);
  },
);
