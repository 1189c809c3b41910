import { describe, expect, test } from "bun:test";
import { post, readCompletion, readError, readEvents, startForTests, WEATHER_TOOL } from "./demo-client.ts";

const provider = startForTests();
const USER = { role: "user", content: "Good morning, gateway" } as const;
const CHAT = { model: "demo-chat", messages: [USER] } as const;
const chat = (body: unknown): Promise<Response> => post(provider, "/chat/completions", body);
const message = async (body: unknown) => (await readCompletion(await chat(body))).message;

describe("refusals, in OpenAI's shape", () => {
  test.each([
    ["{", null],
    ["[]", null],
    [{ model: "demo-chat" }, "messages"],
    [{ model: "demo-chat", messages: [] }, "messages"],
    [{ model: "demo-chat", messages: ["hi"] }, "messages"],
  ])("400 for %j names %p", async (body, param) => {
    const response = await chat(body);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      error: { message: expect.any(String), type: "invalid_request_error", param, code: null },
    });
  });

  test("invalid UTF-8 is refused", async () => {
    const response = await fetch(`${provider.url}/chat/completions`, {
      method: "POST",
      body: new Uint8Array([0x22, 0xff, 0x22]),
    });
    expect(response.status).toBe(400);
  });

  test("404 for an unknown model, also with stream", async () => {
    for (const stream of [false, true]) {
      const response = await chat({ ...CHAT, model: "gpt-4", stream });
      expect(response.status).toBe(404);
      expect(await readError(response)).toMatchObject({ code: "model_not_found", type: "invalid_request_error" });
    }
  });

  test("404 for an unknown path", async () => {
    expect((await post(provider, "/nothing", CHAT)).status).toBe(404);
  });
});

test("lists its two models", async () => {
  expect(await (await fetch(`${provider.url}/models`)).json()).toMatchObject({
    object: "list",
    data: [
      { id: "demo-chat", object: "model", owned_by: "demo" },
      { id: "demo-embedding", object: "model", owned_by: "demo" },
    ],
  });
});

describe("one body", () => {
  test("says who answers and repeats the user's words in short", async () => {
    const answer = await message(CHAT);
    expect(answer.role).toBe("assistant");
    expect(answer.content).toContain("demo provider");
    expect(answer.content).toContain("Good morning, gateway");
    const long = await message({ ...CHAT, messages: [{ role: "user", content: "word ".repeat(500) }] });
    expect(long.content?.length).toBeLessThan(700);
  });

  test("reads text parts, and only the last message of the user", async () => {
    const parts = [
      { type: "text", text: "look here" },
      { type: "image_url", image_url: { url: "https://example.com/a.png" } },
    ];
    const { content } = await message({
      ...CHAT,
      messages: [USER, { role: "assistant", content: "Hi" }, { role: "user", content: parts }],
    });
    expect(content).toContain("“look here”");
    expect(content).not.toContain("Good morning");
  });

  test("counts words as usage and honours max_tokens", async () => {
    const whole = await readCompletion(await chat(CHAT));
    const words = whole.content.split(/\s+/).length;
    expect(whole.finishReason).toBe("stop");
    expect(whole.usage).toEqual({ prompt_tokens: 3, completion_tokens: words, total_tokens: 3 + words });
    const cut = await readCompletion(await chat({ ...CHAT, max_tokens: 2 }));
    expect(cut.finishReason).toBe("length");
    expect(cut.content).toBe("Hello, this ");
    expect(cut.usage?.completion_tokens).toBe(2);
  });
});

describe("a stream", () => {
  test("sends the role, the words, the end and [DONE], and usage only if asked", async () => {
    const response = await chat({ ...CHAT, stream: true });
    expect(response.headers.get("content-type")).toStartWith("text/event-stream");
    const events = readEvents(await response.text());
    expect(events.at(-1)).toBe("[DONE]");
    const chunks = events.slice(0, -1).map((event) => JSON.parse(event));
    expect(new Set(chunks.map(({ id }) => id)).size).toBe(1);
    expect(chunks.every((chunk) => chunk.object === "chat.completion.chunk" && !("usage" in chunk))).toBe(true);
    expect(chunks[0].choices[0].delta).toEqual({ role: "assistant", content: "", refusal: null });
    expect(chunks.at(-1).choices[0]).toMatchObject({ delta: {}, finish_reason: "stop" });
    const words = chunks.slice(1, -1).map(({ choices }) => choices[0].delta.content);
    expect(words.join("")).toBe((await readCompletion(await chat(CHAT))).content);
    expect(words.length).toBeGreaterThan(20);
  });

  test("sends one usage chunk without choices before [DONE] if it was asked for", async () => {
    const response = await chat({ ...CHAT, stream: true, max_tokens: 4, stream_options: { include_usage: true } });
    const events = readEvents(await response.text());
    const chunks = events.slice(0, -1).map((event) => JSON.parse(event));
    expect(chunks.at(-1)).toMatchObject({
      choices: [],
      usage: { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 },
    });
    expect(chunks.slice(0, -1).every(({ usage }) => usage === null)).toBe(true);
    expect(chunks.at(-2).choices[0].finish_reason).toBe("length");
  });

  test("of a tool call sends the name first, then the arguments in pieces", async () => {
    const messages = [{ role: "user", content: "What is the weather in Paris in celsius?" }];
    const response = await chat({ ...CHAT, messages, tools: [WEATHER_TOOL], stream: true });
    const chunks = readEvents(await response.text())
      .slice(0, -1)
      .map((event) => JSON.parse(event).choices[0]);
    expect(chunks[0].delta).toEqual({ role: "assistant", content: "", refusal: null });
    expect(chunks[1].delta.tool_calls).toMatchObject([
      { index: 0, type: "function", function: { name: "get_weather", arguments: "" } },
    ]);
    const pieces = chunks.slice(2, -1).map(({ delta }) => delta.tool_calls[0].function.arguments);
    expect(pieces.length).toBeGreaterThan(1);
    expect(JSON.parse(pieces.join(""))).toEqual({ location: "Paris", unit: "celsius" });
    expect(chunks.at(-1).finish_reason).toBe("tool_calls");
  });
});

test.each([
  CHAT,
  { ...CHAT, stream: true, stream_options: { include_usage: true } },
  { ...CHAT, messages: [{ role: "user", content: "weather" }], tools: [WEATHER_TOOL], stream: true },
])("the same request twice gets identical bytes: %j", async (body) => {
  const [first, second] = [await (await chat(body)).bytes(), await (await chat(body)).bytes()];
  expect(second).toEqual(first);
  const other = await (await chat({ ...body, user: "another" })).bytes();
  expect(other).not.toEqual(first);
});

describe("tool_choice", () => {
  const tools = [WEATHER_TOOL, { type: "function", function: { name: "echo", description: "Echoes" } }] as const;

  test("none never calls", async () => {
    const messages = [{ role: "user", content: "weather in Paris" }];
    expect(await message({ ...CHAT, messages, tools, tool_choice: "none" })).not.toHaveProperty("tool_calls");
  });

  test("auto calls nothing for a message that asks for no tool", async () => {
    expect(await message({ ...CHAT, tools })).not.toHaveProperty("tool_calls");
  });

  test("required calls the first if none is asked for, a named one is called whatever is asked", async () => {
    expect((await message({ ...CHAT, tools, tool_choice: "required" })).tool_calls).toMatchObject([
      { type: "function", function: { name: "get_weather", arguments: '{"location":"Paris"}' } },
    ]);
    const named = { type: "function", function: { name: "echo" } };
    const messages = [{ role: "user", content: "weather in Paris" }];
    expect((await message({ ...CHAT, messages, tools, tool_choice: named })).tool_calls).toMatchObject([
      { function: { name: "echo" } },
    ]);
  });
});

describe("after tool results", () => {
  const call = { id: "call_1", type: "function", function: { name: "get_weather", arguments: "{}" } };
  const conversation = [
    { role: "user", content: "weather in Paris" },
    { role: "assistant", content: null, tool_calls: [call] },
  ];

  test("a failed tool is told as failed", async () => {
    const messages = [...conversation, { role: "tool", tool_call_id: "call_1", content: "Error: no such city" }];
    expect((await message({ ...CHAT, messages, tools: [WEATHER_TOOL] })).content).toBe(
      "The tool get_weather failed. Error: no such city",
    );
  });

  test("answers with the result, even if a tool is required", async () => {
    const messages = [
      ...conversation,
      { role: "tool", tool_call_id: "call_1", content: [{ type: "text", text: "21 °C, sunny" }] },
    ];
    const answer = await message({ ...CHAT, messages, tools: [WEATHER_TOOL], tool_choice: "required" });
    expect(answer.content).toBe("The tool get_weather answered: 21 °C, sunny");
  });
});

describe("embeddings", () => {
  const embed = async (body: object): Promise<{ data: { embedding: number[] | string }[]; usage: object }> =>
    (await (await post(provider, "/embeddings", { model: "demo-embedding", ...body })).json()) as never;

  test("are unit vectors, nearer to each other the more words are shared", async () => {
    const { data, usage } = await embed({
      input: ["the cat sat on a mat", "a cat on the mat", "quarterly revenue grew"],
    });
    const [cat = [], alike = [], other = []] = data.map(({ embedding }) => embedding as number[]);
    const dot = (a: number[], b: number[]): number => a.reduce((sum, x, index) => sum + x * (b[index] ?? 0), 0);
    expect(dot(cat, cat)).toBeCloseTo(1, 5);
    expect(dot(cat, alike)).toBeGreaterThan(dot(cat, other) + 0.3);
    expect(usage).toMatchObject({ prompt_tokens: expect.any(Number) });
  });

  test("come as base64 of little-endian floats if that is asked for", async () => {
    const [floats] = (await embed({ input: "hello", dimensions: 8 })).data;
    const [encoded] = (await embed({ input: "hello", dimensions: 8, encoding_format: "base64" })).data;
    const bytes = Buffer.from(String(encoded?.embedding), "base64");
    expect(Array.from({ length: 8 }, (_, index) => bytes.readFloatLE(index * 4))).toEqual(
      floats?.embedding as number[],
    );
  });
});
