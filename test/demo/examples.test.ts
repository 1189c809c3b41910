import Anthropic from "@anthropic-ai/sdk";
import { afterAll, beforeAll, expect, test } from "bun:test";
import OpenAI from "openai";
import type { RunningGateway } from "../fixtures/start-gateway.ts";
import { startGateway } from "../fixtures/start-in-process.ts";

let gateway: RunningGateway;
beforeAll(async () => {
  gateway = await startGateway({}, { demo: true });
});
afterAll(() => gateway.stop());

interface Document {
  readonly paths: Record<
    string,
    {
      post?: {
        parameters?: { in: string; name: string; example?: string }[];
        requestBody?: { content: Record<string, { example?: Record<string, unknown> }> };
      };
    }
  >;
}

test("every example of the OpenAPI document is answered, whole and as a stream", async () => {
  const document = (await (await fetch(`${gateway.url}/swagger/json`)).json()) as Document;
  const examples = Object.entries(document.paths).flatMap(([path, { post }]) => {
    const example = post?.requestBody?.content["application/json"]?.example;
    const filled = (post?.parameters ?? []).reduce(
      (filling, parameter) => filling.replace(`{${parameter.name}}`, parameter.example ?? ""),
      path,
    );
    return example ? [[filled, example] as const] : [];
  });
  expect(examples.length).toBeGreaterThanOrEqual(8);
  const post = (path: string, body: object) =>
    fetch(gateway.url + path, {
      method: "POST",
      body: JSON.stringify(body),
      headers: { "content-type": "application/json" },
    });
  for (const [path, example] of examples) {
    const answer = await post(path, example);
    expect([path, answer.status, typeof (await answer.json())]).toEqual([path, 200, "object"]);
  }
  for (const path of ["/v1/chat/completions", "/v1/completions", "/v1/messages", "/v1/responses"]) {
    const example = examples.find(([of]) => of === path)?.[1] ?? {};
    const answer = await post(path, { ...example, stream: true });
    expect([path, answer.headers.get("content-type")]).toEqual([path, "text/event-stream"]);
    await answer.text();
  }
  await gateway.logged(({ route, streaming }) => route === "/v1/responses" && streaming === true);
  expect(gateway.log.filter(({ outcome }) => outcome !== undefined && outcome !== "answered")).toEqual([]);
});

test("a document without a demo keeps the examples of well-known models", async () => {
  await using plain = await startGateway({ OPENAI_API_KEY: "sk-test-0123456789" });
  const text = await (await fetch(`${plain.url}/swagger/json`)).text();
  expect([text.includes("openai/gpt-4o"), text.includes("demo/")]).toEqual([true, false]);
});

test("Anthropic's client reads messages, streams and counts of the demo", async () => {
  const client = new Anthropic({ baseURL: gateway.url, apiKey: "none" });
  const request = {
    model: "demo/demo-chat",
    max_tokens: 500,
    system: "Be brief.",
    messages: [{ role: "user" as const, content: [{ type: "text" as const, text: "Hello there" }] }],
  };
  const whole = await client.messages.create(request);
  const streamed = await client.messages.stream(request).finalMessage();
  expect(JSON.stringify(streamed.content)).toBe(JSON.stringify(whole.content));
  expect(JSON.stringify(whole.content)).toContain("Hello there");
  expect([streamed.usage.output_tokens, streamed.stop_reason]).toEqual([whole.usage.output_tokens, "end_turn"]);
  const { system, messages, model } = request;
  expect((await client.messages.countTokens({ system, messages, model })).input_tokens).toBe(whole.usage.input_tokens);
  expect((await client.messages.create({ ...request, max_tokens: 2 })).stop_reason).toBe("max_tokens");
});

test("OpenAI's client reads responses and their streams", async () => {
  const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: "none" });
  const request = { model: "demo/demo-chat", input: "Hello there" };
  const whole = await client.responses.create(request);
  expect([whole.status, whole.output_text.includes("Hello there")]).toEqual(["completed", true]);
  const streamed = await client.responses.stream(request).finalResponse();
  expect(streamed.output_text).toBe(whole.output_text);
  const cut = await client.responses.create({ ...request, max_output_tokens: 3 });
  expect([cut.status, cut.output_text.trim().split(" ").length]).toEqual(["incomplete", 3]);
});

test("OpenAI's client reads completions and their streams, also with a base URL without /v1", async () => {
  const client = new OpenAI({ baseURL: gateway.url, apiKey: "none" });
  const request = { model: "demo/demo-chat", prompt: "Hello there", max_tokens: 5 };
  const whole = await client.completions.create(request);
  expect([whole.object, whole.choices[0]?.finish_reason]).toEqual(["text_completion", "length"]);
  let text = "";
  for await (const chunk of await client.completions.create({ ...request, stream: true })) {
    text += chunk.choices[0]?.text ?? "";
  }
  expect(text).toBe(whole.choices[0]?.text ?? "none");
});
