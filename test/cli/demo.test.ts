import { afterAll, beforeAll, expect, test } from "bun:test";
import { type RunningGateway, startGateway } from "../fixtures/start-gateway.ts";

let gateway: RunningGateway;

beforeAll(async () => {
  gateway = await startGateway({}, ["--demo"]);
});
afterAll(() => gateway.stop());

const WEATHER = {
  type: "function",
  function: {
    name: "get_weather",
    parameters: { type: "object", properties: { location: { type: "string" } }, required: ["location"] },
  },
};

interface Model {
  readonly id: string;
  readonly served_by: string;
}

async function models(at: RunningGateway): Promise<readonly Model[]> {
  const { data } = (await (await fetch(`${at.url}/v1/models`)).json()) as { data: Model[] };
  return data;
}

const ask = (at: RunningGateway, body: object): Promise<Response> =>
  fetch(`${at.url}/v1/chat/completions`, { method: "POST", body: JSON.stringify(body) });

test("without --demo there is no demo, also if its name is asked for", async () => {
  await using plain = await startGateway();
  expect((await models(plain)).filter(({ served_by: by }) => by === "demo")).toEqual([]);
  const body = { model: "demo/demo", messages: [{ role: "user", content: "hi" }] };
  expect((await ask(plain, body)).status).toBe(400);
  expect((await fetch(`${plain.url}/v1/models?provider=demo`)).status).toBe(400);
});

test("with --demo it names itself among the models and answers without a key, the same each time", async () => {
  const [model] = (await models(gateway)).filter(({ served_by: by }) => by === "demo");
  expect(model?.id).toStartWith("demo/");
  const body = { model: model?.id, messages: [{ role: "user", content: "Hello!" }] };
  const answers = await Promise.all([1, 2].map(async () => (await ask(gateway, body)).json()));
  const contents = answers.map((answer) => (answer as { choices: { message: unknown }[] }).choices[0]?.message);
  expect(contents[0]).toMatchObject({ role: "assistant", content: expect.stringMatching(/\w/) });
  expect(contents[1]).toEqual(contents[0]);
});

test("it streams at a pace that a person can see, and ends as a stream ends", async () => {
  const [model] = (await models(gateway)).filter(({ served_by: by }) => by === "demo");
  const response = await ask(gateway, {
    model: model?.id,
    stream: true,
    messages: [{ role: "user", content: "Tell me about rivers." }],
  });
  expect(response.headers.get("content-type")).toStartWith("text/event-stream");
  let text = "";
  let reads = 0;
  let firstAt = 0;
  for await (const part of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += part;
    if (reads++ === 0) firstAt = performance.now();
  }
  expect(reads).toBeGreaterThan(3);
  expect(performance.now() - firstAt).toBeGreaterThan(50);
  expect(text).toEndWith("data: [DONE]\n\n");
});

test("it calls a tool that it is offered", async () => {
  const [model] = (await models(gateway)).filter(({ served_by: by }) => by === "demo");
  const response = await ask(gateway, {
    model: model?.id,
    messages: [{ role: "user", content: "What is the weather in Paris?" }],
    tools: [WEATHER],
  });
  expect(await response.json()).toMatchObject({
    choices: [
      {
        finish_reason: "tool_calls",
        message: { tool_calls: [{ type: "function", function: { name: "get_weather" } }] },
      },
    ],
  });
});

test("it stands beside a configured provider", async () => {
  await using both = await startGateway({ OPENAI_API_KEY: "k", OPENAI_API_URL: "http://127.0.0.1:1/v1" }, ["--demo"]);
  expect((await models(both)).some(({ served_by: by }) => by === "demo")).toBe(true);
  expect((await ask(both, { model: "openai/x", messages: [{ role: "user", content: "x" }] })).status).toBe(502);
});
