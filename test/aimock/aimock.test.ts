import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import Anthropic from "@anthropic-ai/sdk";
import { type JournalEntry, LLMock } from "@copilotkit/aimock";
import OpenAI, { APIError } from "openai";
import type { RunningGateway } from "../fixtures/start-gateway.ts";
import { startGateway } from "../fixtures/start-in-process.ts";
import { within } from "../fixtures/within.ts";

/** Without a pause between chunks a cut stream is closed before its head is out. */
const LATENCY_MS = 30;
const LONG = "a text that is long enough to be sent in many chunks ".repeat(4);

// An independent idea of what OpenAI and Anthropic answer, so that the gateway is not only tested with our own.
const aimock = new LLMock({ port: 0, host: "127.0.0.1", strict: true, latency: LATENCY_MS });
aimock
  .onMessage("please-429", {
    error: { message: "Rate limited", type: "rate_limit_error", code: "rate_limit_exceeded" },
    status: 429,
    retryAfter: 17,
  })
  .onMessage("please-500", { error: { message: "Exploded", type: "server_error" }, status: 500 })
  .onMessage("please-cut", { content: LONG }, { truncateAfterChunks: 2 })
  .on({ userMessage: "weather", hasToolResult: true }, { content: "It is 21 °C in Paris." })
  .on(
    { userMessage: "weather", hasToolResult: false },
    { toolCalls: [{ name: "get_weather", arguments: '{"city":"Paris"}' }] },
  )
  .onMessage("both", {
    toolCalls: [
      { name: "get_weather", arguments: '{"city":"Paris"}' },
      { name: "get_weather", arguments: '{"city":"Rome"}' },
    ],
  })
  .onMessage("hello", { content: "Hello there, friend." });

let gateway: RunningGateway;
let openai: OpenAI;
let anthropic: Anthropic;
beforeAll(async () => {
  await aimock.start();
  gateway = await startGateway({
    OPENAI_API_KEY: "sk-provider",
    OPENAI_API_URL: `${aimock.url}/v1`,
    ANTHROPIC_API_KEY: "sk-ant-provider",
    ANTHROPIC_API_URL: `${aimock.url}/v1`,
  });
  openai = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: "sk-client", maxRetries: 0 });
  anthropic = new Anthropic({ baseURL: gateway.url, apiKey: "sk-client", maxRetries: 0 });
});
afterAll(async () => {
  await gateway.stop();
  await within(aimock.stop(), 5000, "aimock to stop");
});
beforeEach(() => aimock.clearRequests());

const calls = (): JournalEntry[] => aimock.getRequests().filter(({ method }) => method === "POST");
const user = (content: string) => [{ role: "user" as const, content }];
const gpt = "openai/gpt-4o";
const claude = "anthropic/claude-sonnet-4-5";
const parameters = { type: "object" as const, properties: { city: { type: "string" } }, required: ["city"] };
const chatTools = [{ type: "function" as const, function: { name: "get_weather", parameters } }];

async function failureOf(promise: PromiseLike<unknown>): Promise<unknown> {
  return promise.then(
    () => "no failure",
    (error: unknown) => error,
  );
}

describe("errors", () => {
  test("keep status, message and Retry-After, and are asked for once", async () => {
    const error = await failureOf(openai.chat.completions.create({ model: gpt, messages: user("please-429") }));
    expect(error).toBeInstanceOf(OpenAI.RateLimitError);
    expect(String(error)).toContain("Rate limited");
    expect((error as APIError).headers?.get("retry-after")).toBe("17");
    expect(calls()).toHaveLength(1);
  });

  test("of 5xx are not repeated by the gateway either", async () => {
    const error = await failureOf(openai.responses.create({ model: gpt, input: "please-500" }));
    expect(error).toBeInstanceOf(OpenAI.InternalServerError);
    expect(String(error)).toContain("Exploded");
    expect(calls()).toHaveLength(1);
  });

  test("on the Messages API are Anthropic's", async () => {
    const asking = anthropic.messages.create({ model: claude, max_tokens: 64, messages: user("please-429") });
    const error = await failureOf(asking);
    expect(error).toBeInstanceOf(Anthropic.RateLimitError);
    expect(error).toMatchObject({ type: "rate_limit_error", apiMessage: "Rate limited" });
    expect(calls()).toHaveLength(1);
  });

  test("of what nobody expected are the provider's own", async () => {
    const error = await failureOf(openai.chat.completions.create({ model: gpt, messages: user("unmatched") }));
    expect(error).toMatchObject({ status: 503 });
  });
});

describe("a cut stream", () => {
  const readAll = async (stream: AsyncIterable<unknown>): Promise<number> => (await Array.fromAsync(stream)).length;

  test("of chat completions ends in an error", async () => {
    const stream = await openai.chat.completions.create({ model: gpt, messages: user("please-cut"), stream: true });
    expect(await failureOf(readAll(stream))).toBeInstanceOf(APIError);
  });

  test("of responses ends in an error", async () => {
    const stream = await openai.responses.create({ model: gpt, input: "please-cut", stream: true });
    expect(await failureOf(readAll(stream))).toBeInstanceOf(APIError);
  });

  test("of messages ends in an error", async () => {
    const stream = anthropic.messages.stream({ model: claude, max_tokens: 64, messages: user("please-cut") });
    expect(await failureOf(stream.finalMessage())).toBeInstanceOf(Anthropic.APIError);
  });
});

describe("chat completions", () => {
  test("answer whole and streamed, each with one call of the client's own body", async () => {
    const request = { model: gpt, messages: user("hello"), temperature: 0.5, seed: 7 };
    const whole = await openai.chat.completions.create(request);
    expect(whole.choices[0]?.message.content).toBe("Hello there, friend.");
    const streamed = await openai.chat.completions.stream(request).finalContent();
    expect(streamed).toBe("Hello there, friend.");
    expect(calls()).toHaveLength(2);
    expect(calls()[0]).toMatchObject({ path: "/v1/chat/completions", body: { ...request, model: "gpt-4o" } });
    expect(calls()[1]).toMatchObject({ body: { ...request, model: "gpt-4o", stream: true } });
  });

  test("call a tool and answer with its result", async () => {
    const messages = user("weather in Paris?");
    const first = await openai.chat.completions.create({ model: gpt, messages, tools: chatTools });
    const message = first.choices[0]?.message;
    const call = message?.tool_calls?.[0];
    expect(call).toMatchObject({ function: { name: "get_weather", arguments: '{"city":"Paris"}' } });
    const second = await openai.chat.completions.create({
      model: gpt,
      tools: chatTools,
      messages: [
        ...messages,
        ...(message ? [message] : []),
        { role: "tool", tool_call_id: call?.id ?? "", content: "21" },
      ],
    });
    expect(second.choices[0]?.message.content).toBe("It is 21 °C in Paris.");
    expect(calls()).toHaveLength(2);
  });

  test("stream parallel tool calls apart from each other", async () => {
    const stream = openai.chat.completions.stream({ model: gpt, messages: user("both"), tools: chatTools });
    const completion = await stream.finalChatCompletion();
    const cities = completion.choices[0]?.message.tool_calls?.map((call) =>
      call.type === "function" ? call.function.arguments : "",
    );
    expect(cities).toEqual(['{"city":"Paris"}', '{"city":"Rome"}']);
    expect(completion.choices[0]?.finish_reason).toBe("tool_calls");
  });
});

describe("responses", () => {
  test("answer whole and streamed", async () => {
    const whole = await openai.responses.create({ model: gpt, input: "hello" });
    expect(whole.output_text).toBe("Hello there, friend.");
    const stream = await openai.responses.create({ model: gpt, input: "hello", stream: true });
    const types = new Set<string>();
    let text = "";
    for await (const event of stream) {
      types.add(event.type);
      if (event.type === "response.output_text.delta") text += event.delta;
    }
    expect(text).toBe("Hello there, friend.");
    expect(types).toContain("response.completed");
    expect(calls().map(({ path }) => path)).toEqual(["/v1/responses", "/v1/responses"]);
  });

  test("call tools in parallel", async () => {
    const tools = [{ type: "function" as const, name: "get_weather", parameters, strict: false }];
    const { output } = await openai.responses.create({ model: gpt, input: "both", tools });
    expect(output.filter(({ type }) => type === "function_call")).toHaveLength(2);
  });
});

describe("messages", () => {
  const tools = [{ name: "get_weather", input_schema: parameters }];

  test("answer whole and streamed", async () => {
    const request = { model: claude, max_tokens: 64, messages: user("hello") };
    const whole = await anthropic.messages.create(request);
    expect(whole.content).toMatchObject([{ type: "text", text: "Hello there, friend." }]);
    expect(await anthropic.messages.stream(request).finalText()).toBe("Hello there, friend.");
    expect(calls()).toHaveLength(2);
    expect(calls()[0]).toMatchObject({ path: "/v1/messages", headers: { "anthropic-version": expect.any(String) } });
    for (const { headers } of calls()) expect(JSON.stringify(headers)).not.toContain("sk-client");
  });

  test("stream parallel tool calls apart from each other", async () => {
    const message = await anthropic.messages
      .stream({ model: claude, max_tokens: 64, messages: user("both"), tools })
      .finalMessage();
    const inputs = message.content.flatMap((block) => (block.type === "tool_use" ? [block.input] : []));
    expect(inputs).toEqual([{ city: "Paris" }, { city: "Rome" }]);
    expect(message.stop_reason).toBe("tool_use");
  });
});
