import { describe, expect, test } from "bun:test";
import { writeRequest } from "../../../src/formats/cohere/write-request.ts";
import type { Block, MediaBlock, TextBlock } from "../../../src/formats/form/blocks.ts";
import type { Conversation, Tool, Turn } from "../../../src/formats/form/conversation.ts";
import { CannotTranslate } from "../../../src/formats/form/dialect.ts";
import { conversation, NO_SAMPLING, system, target, user } from "../messages/conversations.ts";

const MODEL = "command-a-reasoning-08-2025";
const NO_LIMITS: Conversation["limits"] = { maxOutputTokens: undefined, stop: [], answers: undefined };

const write = (members: Partial<Conversation>, model = MODEL) =>
  writeRequest(conversation({ limits: NO_LIMITS, ...members }), target(model, "cohere"));

const refusal = (members: Partial<Conversation>): string | undefined => {
  try {
    write(members);
    return undefined;
  } catch (error) {
    if (error instanceof CannotTranslate) return error.member;
    throw error;
  }
};

const messagesOf = (turns: readonly Turn[]): unknown => write({ turns }).body["messages"];

const text = (said: string): TextBlock => ({ type: "text", text: said });
const assistant = (...blocks: Block[]): Turn => ({ role: "assistant", blocks });
const call = (id: string, input = "{}", kind: "function" | "custom" = "function"): Block => ({
  type: "call",
  id,
  name: "f",
  input,
  kind,
});
const result = (callId: string, isError: boolean, ...blocks: (TextBlock | MediaBlock)[]): Turn => ({
  role: "tool",
  blocks: [{ type: "result", callId, blocks, isError, kind: "function" }],
});
const image: MediaBlock = { type: "image", source: { kind: "base64", data: "iVBORw0KGgoA" }, mediaType: undefined };
const wireCall = (id: string, args = "{}") => ({ id, type: "function", function: { name: "f", arguments: args } });
const tool: Tool = {
  kind: "function",
  name: "f",
  description: undefined,
  parameters: undefined,
  strict: undefined,
  cache: { ttl: undefined },
};
const wireTool = (name: string) => ({
  type: "function",
  function: { name, parameters: { type: "object", properties: {} } },
});

test("a plain request", () => {
  expect(write({ stream: true, limits: { maxOutputTokens: 9, stop: ["a"], answers: 1 } })).toEqual({
    body: {
      model: MODEL,
      messages: [{ role: "user", content: "Hello" }],
      stream: true,
      max_tokens: 9,
      stop_sequences: ["a"],
    },
    notes: [],
  });
});

describe("messages", () => {
  test("of the system stay in their place, without what would defeat caching", () => {
    const turns = [system("x-anthropic-billing-header: cch=1"), system("Be"), user("Hi"), system("Now"), user(" ")];
    expect(messagesOf(turns)).toEqual([
      { role: "system", content: "Be" },
      { role: "user", content: "Hi" },
      { role: "system", content: "Now" },
    ]);
  });

  test("have images as URLs", () => {
    const byUrl: Block = {
      type: "image",
      source: { kind: "url", url: "https://a" },
      mediaType: undefined,
      detail: "low",
    };
    expect(messagesOf([{ role: "user", blocks: [text("See"), image, byUrl] }])).toEqual([
      {
        role: "user",
        content: [
          { type: "text", text: "See" },
          { type: "image_url", image_url: { url: "data:image/png;base64,iVBORw0KGgoA" } },
          { type: "image_url", image_url: { url: "https://a", detail: "low" } },
        ],
      },
    ]);
  });

  test("of the assistant have what is said before calls as their plan, and own thoughts", () => {
    const seal = { origin: "cohere/cohere", kind: "signature", value: "thinking" } as const;
    const thought: Block = { type: "thinking", text: "Hm", seal };
    const turns = [
      user("Hi"),
      assistant(thought, text("I will"), call("a", "")),
      assistant(call("b", "x", "custom")),
      result("a", false, text("A")),
      result("b", true, text("B"), text("C")),
      assistant(thought, text("Done")),
      user("And"),
    ];
    expect(messagesOf(turns)).toEqual([
      { role: "user", content: "Hi" },
      {
        role: "assistant",
        content: [{ type: "thinking", thinking: "Hm" }],
        tool_plan: "I will",
        tool_calls: [wireCall("a"), wireCall("b", '{"input":"x"}')],
      },
      { role: "tool", tool_call_id: "a", content: "A" },
      {
        role: "tool",
        tool_call_id: "b",
        content: [
          { type: "text", text: "Error: B" },
          { type: "text", text: "C" },
        ],
      },
      {
        role: "assistant",
        content: [
          { type: "thinking", thinking: "Hm" },
          { type: "text", text: "Done" },
        ],
      },
      { role: "user", content: "And" },
    ]);
  });

  test("do not have thoughts of others", () => {
    const thought: Block = { type: "thinking", text: "Hm", seal: undefined };
    const { body, notes } = write({ turns: [user("Hi"), assistant(thought, text("A")), user("B")] });
    expect(body["messages"]).toMatchObject([{}, { role: "assistant", content: "A" }, {}]);
    expect(notes).toEqual([{ kind: "dropped", member: "messages[].thinking" }]);
  });

  test("of tools are texts, and their images are the user's behind all of them", () => {
    const turns = [
      user("Hi"),
      assistant(call("a"), call("b"), call("c")),
      result("a", false, image),
      result("b", false),
      result("c", true),
      user("So?"),
    ];
    const { body, notes } = write({ turns });
    expect(body["messages"]).toMatchObject([
      {},
      {},
      { role: "tool", tool_call_id: "a", content: "(see attachment)" },
      { role: "tool", tool_call_id: "b", content: "(no output)" },
      { role: "tool", tool_call_id: "c", content: "Error: (no output)" },
      { role: "user", content: [{ type: "image_url" }, { type: "text", text: "So?" }] },
    ]);
    expect(notes).toEqual([
      { kind: "adjusted", member: "tool_result.images" },
      { kind: "adjusted", member: "is_error" },
    ]);
  });

  test("with results of calls that are not there are told in words", () => {
    const { body, notes } = write({ turns: [user("Hi"), assistant(text("A")), result("z", false, text("found"))] });
    expect(body["messages"]).toMatchObject([
      {},
      {},
      {
        role: "user",
        content: [
          { type: "text", text: "Tool result:" },
          { type: "text", text: "found" },
        ],
      },
    ]);
    expect(notes).toEqual([{ kind: "adjusted", member: "messages[].tool_call_id" }]);
  });

  test("have documents of text beside them", () => {
    const paper: Block = { type: "document", source: { kind: "text", text: "T" }, mediaType: undefined, name: "N" };
    const json: Block = { type: "document", source: { kind: "base64", data: "e30=" }, mediaType: "application/json" };
    const { body, notes } = write({ turns: [{ role: "user", blocks: [paper, json, text("Read")] }] });
    expect(body).toMatchObject({
      messages: [{ role: "user", content: "Read" }],
      documents: [
        { id: "document_0", data: { title: "N", text: "T" } },
        { id: "document_1", data: { text: "{}" } },
      ],
    });
    expect(notes).toEqual([{ kind: "adjusted", member: "document" }]);
    expect(messagesOf([{ role: "user", blocks: [paper] }])).toEqual([{ role: "user", content: "." }]);
  });

  test.each<[readonly Turn[], string]>([
    [
      [
        {
          role: "user",
          blocks: [{ type: "document", source: { kind: "base64", data: "JVBERi0=" }, mediaType: "application/pdf" }],
        },
      ],
      "document",
    ],
    [
      [{ role: "user", blocks: [{ type: "audio", source: { kind: "base64", data: "AA" }, mediaType: "audio/wav" }] }],
      "audio",
    ],
    [
      [{ role: "user", blocks: [{ type: "image", source: { kind: "file", id: "f" }, mediaType: undefined }] }],
      "file_id",
    ],
    [
      [{ role: "user", blocks: [{ type: "opaque", format: "messages", name: "search_result", value: {} }] }],
      "search_result",
    ],
    [[user("Hi"), assistant(text("Once"))], "messages"],
  ])("that it cannot take are refused: %j", (turns, member) => {
    expect(refusal({ turns })).toBe(member);
  });

  test("are there even if nothing is said", () => {
    expect(write({ turns: [] })).toMatchObject({
      body: { messages: [{ role: "user", content: "." }] },
      notes: [{ kind: "adjusted", member: "messages" }],
    });
  });
});

describe("tools", () => {
  test.each<[Conversation["toolChoice"], readonly string[], string | undefined]>([
    [undefined, ["f", "g"], undefined],
    [{ kind: "auto" }, ["f", "g"], undefined],
    [{ kind: "none" }, ["f", "g"], "NONE"],
    [{ kind: "required" }, ["f", "g"], "REQUIRED"],
    [{ kind: "named", name: "g" }, ["g"], "REQUIRED"],
    [{ kind: "allowed", mode: "auto", names: ["f"] }, ["f"], undefined],
    [{ kind: "allowed", mode: "required", names: ["f"] }, ["f"], "REQUIRED"],
  ])("are chosen by %j", (toolChoice, names, written) => {
    const { body, notes } = write({ tools: [tool, { ...tool, name: "g" } as Tool], toolChoice });
    expect(body["tools"]).toEqual(names.map(wireTool));
    expect(body["tool_choice"] as string | undefined).toBe(written);
    expect(notes).toEqual([]);
  });

  test("that are demanded and not there are refused; without any there is no choice", () => {
    expect(refusal({ toolChoice: { kind: "named", name: "x" }, tools: [tool] })).toBe("tool_choice");
    expect(write({ toolChoice: { kind: "none" } }).body).not.toHaveProperty("tool_choice");
  });

  test("that are strict, of free text, and one at a time", () => {
    const strict = { ...tool, strict: true } as Tool;
    const custom: Tool = { kind: "custom", name: "patch", description: "P", format: { definition: "start: X" } };
    expect(write({ tools: [strict, { ...strict, name: "g" } as Tool] })).toMatchObject({
      body: { strict_tools: true },
      notes: [],
    });
    const { body, notes } = write({ tools: [strict, tool, custom], parallelCalls: false });
    expect(body).not.toHaveProperty("strict_tools");
    expect(JSON.stringify(body["tools"])).toContain("start: X");
    expect(notes).toEqual([
      { kind: "dropped", member: "parallel_tool_calls" },
      { kind: "dropped", member: "tools[].strict" },
      { kind: "adjusted", member: "tools[2].type" },
    ]);
  });
});

describe("thinking", () => {
  type Asked = Partial<NonNullable<Conversation["reasoning"]>>;
  test.each<[Asked, number | undefined, object | undefined, readonly string[]]>([
    [{ effort: "none" }, undefined, { type: "disabled" }, []],
    [{ budget: 0 }, undefined, { type: "disabled" }, []],
    [{ effort: "minimal" }, undefined, { type: "enabled", token_budget: 1024 }, []],
    [{ effort: "low" }, undefined, { type: "enabled", token_budget: 2048 }, []],
    [{ effort: "medium" }, undefined, { type: "enabled", token_budget: 8192 }, []],
    [{ effort: "medium" }, 4000, { type: "enabled", token_budget: 2976 }, []],
    [{ effort: "high" }, 10, { type: "enabled" }, []],
    [{ effort: "max" }, undefined, { type: "enabled" }, ["reasoning"]],
    [{ isAdaptive: true }, undefined, { type: "enabled" }, []],
    [{ budget: 3000 }, undefined, { type: "enabled", token_budget: 3000 }, []],
    [{ budget: -1 }, undefined, { type: "enabled" }, []],
    [{ budget: 3000 }, 1000, { type: "enabled", token_budget: 500 }, ["thinking.budget_tokens"]],
    [{ isShown: true }, undefined, undefined, []],
  ])("by %j within %p", (asked, maxOutputTokens, written, noted) => {
    const reasoning = { effort: undefined, budget: undefined, isAdaptive: false, isShown: undefined, ...asked };
    const { body, notes } = write({ reasoning, limits: { ...NO_LIMITS, maxOutputTokens } });
    expect(body["thinking"] as object | undefined).toEqual(written);
    expect(notes.map(({ member }) => member)).toEqual([...noted]);
  });

  test.each<[Asked, readonly string[]]>([
    [{ effort: "high" }, ["reasoning"]],
    [{ effort: "none" }, []],
    [{ isShown: true }, []],
  ])("is not asked of models that do not: %j", (asked, noted) => {
    const reasoning = { effort: undefined, budget: undefined, isAdaptive: false, isShown: undefined, ...asked };
    const { body, notes } = write({ reasoning }, "command-a-03-2025");
    expect(body).not.toHaveProperty("thinking");
    expect(notes.map(({ member }) => member)).toEqual([...noted]);
  });
});

test("numbers are brought into their ranges", () => {
  const high = { temperature: 1.5, topP: 1, topK: 900, seed: 7, frequencyPenalty: 2, presencePenalty: -1 };
  const { body, notes } = write({ sampling: { ...NO_SAMPLING, ...high, logitBias: { "1": 1 } } });
  expect(body).toMatchObject({ temperature: 1, p: 0.99, k: 500, seed: 7, frequency_penalty: 1, presence_penalty: 0 });
  expect(notes).toEqual([
    { kind: "dropped", member: "logit_bias" },
    ...["temperature", "top_p", "top_k", "frequency_penalty", "presence_penalty"].map((member) => ({
      kind: "adjusted" as const,
      member,
    })),
  ]);
  const fitting = { temperature: 0.3, topP: 0.75, topK: 0, seed: 0, frequencyPenalty: 0, presencePenalty: 1 };
  expect(write({ sampling: { ...NO_SAMPLING, ...fitting } })).toMatchObject({
    body: { temperature: 0.3, p: 0.75, k: 0, seed: 0, frequency_penalty: 0, presence_penalty: 1 },
    notes: [],
  });
});

test("output is JSON, by a schema or without", () => {
  const schema = { type: "object", properties: {} };
  expect(write({ output: { kind: "json" } }).body["response_format"]).toEqual({ type: "json_object" });
  const output = { kind: "schema", name: "N", description: undefined, schema, strict: true } as const;
  expect(write({ output }).body["response_format"]).toEqual({ type: "json_object", json_schema: schema });
});

test("what it cannot do is refused, and what the answer does not depend on is left out", () => {
  expect(refusal({ limits: { ...NO_LIMITS, answers: 2 } })).toBe("n");
  expect(refusal({ limits: { ...NO_LIMITS, stop: ["1", "2", "3", "4", "5", "6"] } })).toBe("stop");
  expect(refusal({ limits: { ...NO_LIMITS, stop: ["1", "2", "3", "4", "5"] } })).toBeUndefined();
  expect(refusal({ sampling: { ...NO_SAMPLING, logprobs: 1 } })).toBe("logprobs");
  const bookkeeping = {
    user: "u",
    metadata: {},
    serviceTier: "flex",
    verbosity: "low",
    promptCacheKey: "k",
    store: true,
  };
  expect(write({ bookkeeping }).notes.map(({ member }) => member)).toEqual([
    "user",
    "metadata",
    "service_tier",
    "verbosity",
    "prompt_cache_key",
    "store",
  ]);
});
