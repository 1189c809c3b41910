import { afterAll, beforeEach, describe, expect, spyOn, test } from "bun:test";
import {
  ChatCompletionToolType,
  InferenceGatewayClient,
  MessageRole,
  PathsModelsGetParametersQueryInclude,
  Provider,
  type SchemaChatCompletionMessageToolCall,
} from "@inference-gateway/sdk";
import { dataEvent, json, sse } from "../fixtures/answers.ts";
import { createGate } from "../fixtures/gate.ts";
import { rejectionOf } from "../fixtures/rejection.ts";
import { chunk, head, reset, wait } from "../fixtures/script.ts";
import { startGateway } from "../fixtures/start-in-process.ts";
import { bodyText, PROVIDER_KEYS, startRig } from "./start-rig.ts";

const rig = await startRig({ ENABLE_VISION: "true" });
const demo = await startGateway({}, { demo: true });
const client = new InferenceGatewayClient({ baseURL: rig.baseUrl, apiKey: "sk-client" });
const demoClient = new InferenceGatewayClient({ baseURL: `${demo.url}/v1` });
afterAll(async () => {
  await Promise.all([rig[Symbol.asyncDispose](), demo.stop()]);
});
beforeEach(() => rig.reset());

const messages = [{ role: MessageRole.User, content: "hi" }];
const chat = { model: "openai/gpt-4o", messages };
const delta = (content: string): string =>
  dataEvent({ id: "c", choices: [{ index: 0, delta: { content }, finish_reason: null }] });

describe("errors", () => {
  test("of a provider and of the gateway are sentences", async () => {
    rig.answer(json(429, { error: { message: "slow down", type: "rate_limit_error" } }));
    expect(await rejectionOf(client.createChatCompletion(chat))).toEqual(new Error("slow down"));
    const unknown = client.createChatCompletion({ ...chat, model: "unknown" });
    expect(String(await rejectionOf(unknown))).toContain("Unable to determine provider for model.");
    const keyless = client.createChatCompletion(chat, Provider.groq);
    expect(String(await rejectionOf(keyless))).toContain("Provider requires an API key.");
  });

  test("of Anthropic's routes are sentences too", async () => {
    const asking = client.createMessage({ model: "openai/gpt-4o", max_tokens: 8, messages: [] as never });
    expect(await rejectionOf(asking)).toBeInstanceOf(Error);
    rig.answer(json(529, { type: "error", error: { type: "overloaded_error", message: "Overloaded" } }));
    const request = { model: "claude-sonnet-4-5", max_tokens: 8, messages: [{ role: "user", content: "hi" }] };
    expect(await rejectionOf(client.createMessage(request as never, Provider.anthropic))).toEqual(
      new Error("Overloaded"),
    );
  });

  test("before a stream reject, and are told to onError", async () => {
    rig.answer(json(503, { error: { message: "no capacity" } }));
    const errors: string[] = [];
    const streaming = client.streamChatCompletion(chat, { onError: ({ error }) => void errors.push(String(error)) });
    expect(await rejectionOf(streaming)).toEqual(new Error("no capacity"));
    expect(errors).toEqual(["no capacity"]);
  });

  test("in mid-stream are told to onError, and the stream is not finished", async () => {
    const gate = createGate();
    const start = head(200, { "content-type": "text/event-stream", "transfer-encoding": "chunked" });
    rig.answer([start, chunk(delta("half")), wait(gate), reset()]);
    const seen: string[] = [];
    await client.streamChatCompletion(chat, {
      onContent: (content) => {
        seen.push(content);
        gate.open();
      },
      onError: ({ error }) => void seen.push(String(error)),
      onFinish: () => void seen.push("finished"),
    });
    expect(seen[0]).toBe("half");
    expect(seen[1]).toContain("upstream_reset");
    expect(seen).toHaveLength(2);
  });

  test("of unknown routes and of the tools that nobody exposes reject", async () => {
    expect(await rejectionOf(client.createImage({ prompt: "a horse", model: "x" } as never))).toBeInstanceOf(Error);
    expect(await rejectionOf(client.listTools())).toBeInstanceOf(Error);
  });
});

test("an aborted stream closes the provider's connection", async () => {
  // The client says on standard output that it was aborted.
  using _said = spyOn(console, "log").mockImplementation(() => {});
  const gate = createGate();
  rig.answer(sse([delta("one"), delta("two")], { gaps: [undefined, gate] }));
  const leaving = new AbortController();
  await client
    .streamChatCompletion(chat, { onContent: () => leaving.abort() }, undefined, leaving.signal)
    .catch(() => {});
  const connection = rig.calls()[0]?.connection ?? 0;
  expect(await rig.provider.connectionClosed(connection)).toMatchObject({ by: "peer" });
  gate.open();
});

test("models are listed, all or of one provider, with what was asked to be included", async () => {
  const all = await client.listModels();
  expect(all.data.map(({ id }) => id)).toContain("openai/gpt-4o");
  const some = await client.listModels(Provider.openai, [PathsModelsGetParametersQueryInclude.context_window]);
  expect(some.provider).toBe(Provider.openai);
  expect(some.data).toMatchObject([
    // The provider's list does not say it: what is built in does.
    { id: "openai/gpt-4o", served_by: "openai", context_window: { tokens: 128_000, source: "community" } },
  ]);
  expect(String(await rejectionOf(client.listModels(Provider.groq)))).toContain("requires an API key");
});

test("a completion goes to the provider of its argument", async () => {
  rig.answer(json(200, { id: "c", choices: [{ index: 0, message: { role: "assistant", content: "Hello" } }] }));
  const completion = await client.createChatCompletion({ ...chat, model: "gpt-4o" }, Provider.openai);
  expect(completion.choices[0]?.message.content).toBe("Hello");
  expect(rig.calls()[0]?.target).toBe("/openai/v1/chat/completions");
});

test("images pass if vision is on", async () => {
  rig.answer(json(200, { id: "c", choices: [] }));
  const url = "data:image/png;base64,iVBORw0KGgo=";
  const content = [
    { type: "text", text: "What is this?" },
    { type: "image_url", image_url: { url, detail: "low" } },
  ];
  await client.createChatCompletion({ ...chat, messages: [{ role: MessageRole.User, content }] } as never);
  expect(bodyText(rig.calls()[0])).toContain(JSON.stringify(content));
});

test("messages of Anthropic are made and streamed", async () => {
  const request = { model: "anthropic/claude-sonnet-4-5", max_tokens: 8, messages: [{ role: "user", content: "hi" }] };
  rig.answer(json(200, { id: "msg_1", type: "message", content: [{ type: "text", text: "Hello" }] }));
  expect(await client.createMessage(request as never)).toMatchObject({ content: [{ text: "Hello" }] });
  rig.answer(
    sse([
      dataEvent({ type: "message_start", message: { id: "msg_2" } }, "message_start"),
      dataEvent({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Hi" } }, "x"),
      dataEvent({ type: "message_stop" }, "message_stop"),
    ]),
  );
  const seen: unknown[] = [];
  await client.streamMessage(request as never, {
    onContent: (text) => void seen.push(text),
    onFinish: (message) => void seen.push(message?.id),
  });
  expect(seen).toEqual(["Hi", "msg_2"]);
});

test("the proxy reaches any path of the provider, with the provider's key", async () => {
  rig.answer(json(200, { data: [1] }));
  expect(await client.proxy(Provider.openai, "v1/batches?limit=1", { method: "GET" })).toEqual({ data: [1] });
  const [call] = rig.calls();
  expect(call?.target).toBe("/openai/v1/batches?limit=1");
  expect(call?.header("authorization")).toBe(`Bearer ${PROVIDER_KEYS.openai}`);
});

test("health is good", async () => {
  const answered: number[] = [];
  const asking = new InferenceGatewayClient({
    baseURL: rig.baseUrl,
    fetch: async (...given: Parameters<typeof fetch>) => {
      const response = await fetch(...given);
      answered.push(response.status);
      return response;
    },
  } as ConstructorParameters<typeof InferenceGatewayClient>[0]);
  expect(await asking.healthCheck()).toBe(true);
  // The client itself would be content with an error.
  expect(answered).toEqual([200]);
});

describe("against the demo provider", () => {
  const model = "demo/demo-chat";
  const tools = [
    {
      type: ChatCompletionToolType.function,
      function: {
        name: "get_weather",
        description: "Get the current weather in a location",
        parameters: { type: "object", properties: { location: { type: "string" } }, required: ["location"] },
      },
    },
  ];

  test("a stream tells its tool call, its usage and its end", async () => {
    const calls: SchemaChatCompletionMessageToolCall[] = [];
    const seen: string[] = [];
    await demoClient.streamChatCompletion(
      { model, messages: [{ role: MessageRole.User, content: "What is the weather in Paris?" }], tools },
      {
        onTool: (call) => void calls.push(call),
        onUsageMetrics: ({ total_tokens }) => void seen.push(total_tokens > 0 ? "usage" : "no usage"),
        onFinish: () => void seen.push("finished"),
      },
    );
    expect(calls.map((call) => call.function)).toEqual([{ name: "get_weather", arguments: '{"location":"Paris"}' }]);
    expect(seen).toEqual(["usage", "finished"]);
  });

  test("the tool's result is answered", async () => {
    const { choices } = await demoClient.createChatCompletion({
      model,
      tools,
      messages: [
        { role: MessageRole.User, content: "What is the weather in Paris?" },
        {
          role: MessageRole.Assistant,
          content: "",
          tool_calls: [
            {
              id: "call_1",
              type: ChatCompletionToolType.function,
              function: { name: "get_weather", arguments: '{"location":"Paris"}' },
            },
          ],
        },
        { role: MessageRole.Tool, tool_call_id: "call_1", content: "21 °C" },
      ],
    });
    expect(choices[0]?.message.content).toBe("The tool get_weather answered: 21 °C");
  });
});
