import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { APICallError, generateText, jsonSchema, stepCountIs, streamText, tool } from "ai";
import { dataEvent, json, sse } from "../fixtures/answers.ts";
import { createGate } from "../fixtures/gate.ts";
import { rejectionOf } from "../fixtures/rejection.ts";
import { chunk, head, reset, wait } from "../fixtures/script.ts";
import { startGateway } from "../fixtures/start-in-process.ts";
import { bodyText, startRig } from "./start-rig.ts";

const rig = await startRig();
const demo = await startGateway({}, { demo: true });
afterAll(async () => {
  await Promise.all([rig[Symbol.asyncDispose](), demo.stop()]);
});
beforeEach(() => rig.reset());

const gateway = createOpenAICompatible({ name: "gateway", baseURL: rig.baseUrl, includeUsage: true });
const model = gateway("openai/gpt-4o");
const demoModel = createOpenAICompatible({ name: "gateway", baseURL: `${demo.url}/v1` })("demo/demo-chat");
const getWeather = tool({
  description: "Get the current weather in a location",
  inputSchema: jsonSchema<{ location: string }>({
    type: "object",
    properties: { location: { type: "string" } },
    required: ["location"],
  }),
  execute: ({ location }) => Promise.resolve(`21 °C in ${location}`),
});
const delta = (content: string): string =>
  dataEvent({ id: "c", created: 1, model: "gpt-4o", choices: [{ index: 0, delta: { role: "assistant", content } }] });

describe("errors", () => {
  test("of a provider keep status, message and the hint whether to try again", async () => {
    for (const [status, isRetryable] of [
      [400, false],
      [429, true],
      [503, true],
    ] as const) {
      rig.answer(json(status, { error: { message: `said with ${status}`, type: "t", param: null, code: null } }));
      const error = await rejectionOf(generateText({ model, prompt: "hi", maxRetries: 0 }));
      expect(error).toBeInstanceOf(APICallError);
      expect(error).toMatchObject({ statusCode: status, message: `said with ${status}`, isRetryable });
    }
  });

  test("of the gateway are told in the same way", async () => {
    const asking = generateText({ model: gateway("unknown"), prompt: "hi", maxRetries: 0 });
    expect(await rejectionOf(asking)).toMatchObject({
      statusCode: 400,
      message: expect.stringContaining("Unable to determine provider"),
    });
  });

  test("in mid-stream end the stream as an error", async () => {
    const gate = createGate();
    const start = head(200, { "content-type": "text/event-stream", "transfer-encoding": "chunked" });
    rig.answer([start, chunk(delta("half")), wait(gate), reset()]);
    const errors: unknown[] = [];
    const { fullStream } = streamText({
      model,
      prompt: "hi",
      maxRetries: 0,
      onError: ({ error }) => void errors.push(error),
    });
    const types: string[] = [];
    for await (const part of fullStream) {
      types.push(part.type);
      if (part.type === "text-delta") gate.open();
    }
    expect(types).toContain("error");
    expect(String(errors[0])).toContain("closed the connection before its answer was complete");
  });
});

test("a stream arrives in its parts, with usage", async () => {
  const usage = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 };
  const last = {
    id: "c",
    created: 1,
    model: "gpt-4o",
    choices: [{ index: 0, delta: {}, finish_reason: "stop" }],
    usage,
  };
  rig.answer(sse([delta("Hel"), delta("lo"), dataEvent(last)], { done: true }));
  const result = streamText({ model, prompt: "hi" });
  expect(await Array.fromAsync(result.textStream)).toEqual(["Hel", "lo"]);
  expect(await result.usage).toMatchObject({ inputTokens: 3, outputTokens: 2 });
  expect(JSON.parse(bodyText(rig.calls()[0]))).toMatchObject({
    model: "gpt-4o",
    stream: true,
    stream_options: { include_usage: true },
  });
});

describe("against the demo provider", () => {
  const prompt = "What is the weather in Paris?";

  test("a tool is called and its result answered, whole", async () => {
    const { text, steps } = await generateText({
      model: demoModel,
      prompt,
      tools: { get_weather: getWeather },
      stopWhen: stepCountIs(3),
    });
    expect(steps).toHaveLength(2);
    expect(text).toBe("The tool get_weather answered: 21 °C in Paris");
  });

  test("and streamed", async () => {
    const result = streamText({
      model: demoModel,
      prompt,
      tools: { get_weather: getWeather },
      stopWhen: stepCountIs(3),
    });
    const calls: unknown[] = [];
    for await (const part of result.fullStream) if (part.type === "tool-call") calls.push(part.input);
    expect(calls).toEqual([{ location: "Paris" }]);
    expect(await result.text).toBe("The tool get_weather answered: 21 °C in Paris");
  });
});
