import { describe, expect, test } from "bun:test";
import type { Block } from "../../../src/formats/form/blocks.ts";
import type { Conversation, Tool, Turn } from "../../../src/formats/form/conversation.ts";
import { CannotTranslate } from "../../../src/formats/form/dialect.ts";
import { CONVERSE_DIALECT } from "../../../src/formats/converse/dialect.ts";
import { writeRequest } from "../../../src/formats/converse/write-request.ts";
import { conversation, NO_SAMPLING, system, target, user } from "../messages/conversations.ts";

const SONNET = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
const OPUS = "anthropic.claude-opus-4-8";
const NOVA = "us.amazon.nova-pro-v1:0";
const LLAMA = "meta.llama3-3-70b-instruct-v1:0";

const NO_LIMITS: Conversation["limits"] = { maxOutputTokens: undefined, stop: [], answers: undefined };

function write(members: Partial<Conversation>, model = SONNET) {
  return writeRequest(conversation({ limits: NO_LIMITS, ...members }), target(model, "bedrock"));
}

const refusal = (members: Partial<Conversation>, model?: string): string | undefined => {
  try {
    write(members, model);
    return undefined;
  } catch (error) {
    if (error instanceof CannotTranslate) return error.member;
    throw error;
  }
};

const messagesOf = (turns: readonly Turn[], members: Partial<Conversation> = {}, model?: string): unknown =>
  write({ turns, ...members }, model).body["messages"];

const text = (said: string): Block => ({ type: "text", text: said });
const assistant = (...blocks: Block[]): Turn => ({ role: "assistant", blocks });
const call = (id: string, input = "{}", name = "f"): Block => ({ type: "call", id, name, input, kind: "function" });
const result = (callId: string, said = "ok", isError = false): Turn => ({
  role: "tool",
  blocks: [{ type: "result", callId, blocks: [{ type: "text", text: said }], isError, kind: "function" }],
});
const tool: Tool = {
  kind: "function",
  name: "f",
  description: "Does",
  parameters: { properties: { a: {} } },
  strict: undefined,
  cache: undefined,
};
const SPEC = { name: "f", description: "Does", inputSchema: { json: { type: "object", properties: { a: {} } } } };

test("a plain request has neither model nor stream in its body", () => {
  expect(write({ stream: true })).toEqual({
    body: { messages: [{ role: "user", content: [{ text: "Hello" }] }] },
    notes: [],
  });
});

describe("turns", () => {
  test("of the system at the beginning are its own member, without what would defeat caching", () => {
    const billing = system("x-anthropic-billing-header: cch=1");
    const { body } = write({
      turns: [billing, system("Be"), { role: "developer", blocks: [{ type: "text", text: "good" }] }, user("Hi")],
    });
    expect(body).toEqual({
      system: [{ text: "Be" }, { text: "good" }],
      messages: [{ role: "user", content: [{ text: "Hi" }] }],
    });
  });

  test("of the system later stay in their place, and neighbours are one message", () => {
    expect(
      messagesOf([user("Hi"), system("Now"), user("Go"), user(" "), assistant(text("A")), assistant(text("B"))]),
    ).toEqual([
      {
        role: "user",
        content: [{ text: "Hi" }, { text: "<system-reminder>\nNow\n</system-reminder>" }, { text: "Go" }],
      },
      { role: "assistant", content: [{ text: "A" }, { text: "B" }] },
    ]);
  });

  test("that begin with the assistant, or say nothing, get a beginning", () => {
    for (const turns of [[assistant(text("A"))], []]) {
      const { body, notes } = write({ turns });
      expect(body["messages"]).toMatchObject([
        { role: "user", content: [{ text: "." }] },
        ...(turns.length > 0 ? [{}] : []),
      ]);
      expect(notes).toEqual([{ kind: "adjusted", member: "messages" }]);
    }
  });

  test("of tools are in the user's message behind the calls, results first", () => {
    const turns = [
      user("Hi"),
      assistant(call("a", '{"x":12345678901234567890}'), call("b")),
      user("And"),
      result("b", "B", true),
      result("a", ""),
    ];
    expect(
      JSON.stringify(messagesOf([...turns.slice(0, 2), ...turns.slice(3), ...turns.slice(2, 3)], { tools: [tool] })),
    ).toBe(
      JSON.stringify([
        { role: "user", content: [{ text: "Hi" }] },
        {
          role: "assistant",
          content: [
            { toolUse: { toolUseId: "a", name: "f", input: { x: JSON.rawJSON("12345678901234567890") } } },
            { toolUse: { toolUseId: "b", name: "f", input: {} } },
          ],
        },
        {
          role: "user",
          content: [
            { toolResult: { toolUseId: "b", content: [{ text: "B" }], status: "error" } },
            { toolResult: { toolUseId: "a", content: [{ text: "" }] } },
            { text: "And" },
          ],
        },
      ]),
    );
  });

  test("with a failure that says nothing say so, and models without a member for it are told in words", () => {
    const turns = [user("Hi"), assistant(call("a")), result("a", " ", true)];
    expect(messagesOf(turns, { tools: [tool] })).toMatchObject([
      {},
      {},
      { content: [{ toolResult: { content: [{ text: "The tool failed and said nothing." }], status: "error" } }] },
    ]);
    const { body, notes } = write(
      { turns: [user("Hi"), assistant(call("a")), result("a", "no", true)], tools: [tool] },
      LLAMA,
    );
    expect(JSON.stringify(body["messages"])).toContain('{"toolUseId":"a","content":[{"text":"Error:"},{"text":"no"}]}');
    expect(notes).toEqual([{ kind: "adjusted", member: "is_error" }]);
  });

  test("with results of calls that are not there are told in words", () => {
    const { body, notes } = write({ turns: [result("z", "found"), user("Hi")] });
    expect(body).toEqual({
      messages: [{ role: "user", content: [{ text: "Tool result:" }, { text: "found" }, { text: "Hi" }] }],
    });
    expect(notes).toEqual([{ kind: "adjusted", member: "messages[].tool_call_id" }]);
  });

  test("have ids and names that fit, the same ones for a call and its result", () => {
    const id = "call:é".repeat(20);
    const messages = JSON.stringify(messagesOf([user("Hi"), assistant(call(id, "{}", "a.b")), result(id)]));
    const ids = [...messages.matchAll(/"toolUseId":"([\w-]{1,64})"/g)].map(([, found]) => found);
    expect([ids.length, new Set(ids).size]).toEqual([2, 1]);
    expect(messages).toMatch(/"name":"a_b_[0-9a-f]{8}"/);
  });
});

describe("thoughts", () => {
  const seal = { origin: "bedrock/converse", kind: "signature", value: "S" } as const;
  const thought: Block = { type: "thinking", text: "Hm", seal };

  test("go back to the provider that sealed them, and before all else of a turn with a budget", () => {
    const hidden: Block = { type: "thinking", text: "", seal: { ...seal, kind: "encrypted", value: "UkVE" } };
    expect(
      messagesOf([user("Hi"), assistant(text("A"), thought, hidden, call("a")), result("a")], { tools: [tool] }),
    ).toMatchObject([
      {},
      {
        content: [
          { reasoningContent: { reasoningText: { text: "Hm", signature: "S" } } },
          { reasoningContent: { redactedContent: "UkVE" } },
          { text: "A" },
          { toolUse: {} },
        ],
      },
      {},
    ]);
  });

  test.each([undefined, { ...seal, origin: "anthropic/messages" }, { ...seal, origin: "other/converse" }])(
    "of others do not: %j",
    (other) => {
      const { body, notes } = write({
        turns: [user("Hi"), assistant({ ...thought, seal: other }, text("A")), user("B")],
      });
      expect(JSON.stringify(body)).not.toContain("reasoning");
      expect(notes).toEqual([{ kind: "dropped", member: "messages[].thinking" }]);
    },
  );
});

describe("media", () => {
  const png = "iVBORw0KGgoAAA";
  const write1 = (block: Block): unknown => messagesOf([{ role: "user", blocks: [text("See"), block] }]);
  test.each<[Block, object]>([
    [
      { type: "image", source: { kind: "base64", data: png }, mediaType: "image/jpeg" },
      { image: { format: "png", source: { bytes: png } } },
    ],
    [
      {
        type: "document",
        source: { kind: "base64", data: "JVBERi0=" },
        mediaType: undefined,
        name: "My  report.v2 (é).pdf",
      },
      { document: { format: "pdf", name: "My report-v2 (-)", source: { bytes: "JVBERi0=" } } },
    ],
    [
      { type: "document", source: { kind: "text", text: "é" }, mediaType: "text/plain" },
      { document: { format: "txt", name: "document", source: { bytes: "w6k=" } } },
    ],
    [
      { type: "document", source: { kind: "base64", data: "e30=" }, mediaType: "application/json; charset=utf-8" },
      { document: { format: "txt", name: "document", source: { bytes: "e30=" } } },
    ],
    [
      { type: "audio", source: { kind: "base64", data: "AA==" }, mediaType: "audio/wav" },
      { audio: { format: "wav", source: { bytes: "AA==" } } },
    ],
    [
      { type: "video", source: { kind: "base64", data: "AA==" }, mediaType: "video/quicktime" },
      { video: { format: "mov", source: { bytes: "AA==" } } },
    ],
  ])("are bytes: %j", (block, written) => {
    expect(write1(block)).toEqual([{ role: "user", content: [{ text: "See" }, written] }]);
  });

  test("that are at a URL are to be fetched, if anybody may", () => {
    const at = (type: "image" | "document" | "audio"): boolean | undefined =>
      CONVERSE_DIALECT.needsBytes?.(
        { type, source: { kind: "url", url: "https://a/b" }, mediaType: undefined },
        target(SONNET, "bedrock"),
      );
    expect([at("image"), at("document"), at("audio")]).toEqual([true, true, false]);
  });

  test("in results are parts of them, and documents have names of their own", () => {
    const paper: Block = { type: "document", source: { kind: "text", text: "x" }, mediaType: undefined, name: "a" };
    const turn: Turn = {
      role: "tool",
      blocks: [
        {
          type: "result",
          callId: "a",
          blocks: [{ type: "image", source: { kind: "base64", data: png }, mediaType: undefined }, paper],
          isError: false,
          kind: "function",
        },
      ],
    };
    const { body, notes } = write({
      turns: [user("Hi"), assistant(call("a")), turn, { role: "user", blocks: [paper] }],
      tools: [tool],
    });
    expect(body["messages"]).toMatchObject([
      {},
      {},
      {
        content: [
          { toolResult: { content: [{ image: { format: "png" } }, { document: { name: "a" } }] } },
          { document: { name: "a (2)" } },
          { text: "." },
        ],
      },
    ]);
    expect(notes).toEqual([{ kind: "adjusted", member: "messages" }]);
  });

  test.each<[Block, string]>([
    [{ type: "image", source: { kind: "url", url: "https://a/b.png" }, mediaType: undefined }, "image"],
    [{ type: "document", source: { kind: "url", url: "https://a/b.pdf" }, mediaType: undefined }, "document"],
    [{ type: "image", source: { kind: "file", id: "f" }, mediaType: undefined }, "file_id"],
    [{ type: "image", source: { kind: "base64", data: "AAAA" }, mediaType: "image/tiff" }, "image"],
    [{ type: "image", source: { kind: "base64", data: "AAAA" }, mediaType: undefined }, "image"],
    [{ type: "document", source: { kind: "base64", data: "AAAA" }, mediaType: "application/zip" }, "document"],
    [{ type: "opaque", format: "messages", name: "search_result", value: {} }, "search_result"],
  ])("that it cannot take are refused: %j", (block, member) => {
    expect(refusal({ turns: [{ role: "user", blocks: [block] }] })).toBe(member);
  });
});

describe("tools", () => {
  test.each<[Conversation["toolChoice"], object | undefined]>([
    [undefined, undefined],
    [{ kind: "auto" }, undefined],
    [{ kind: "required" }, { any: {} }],
    [{ kind: "named", name: "f" }, { tool: { name: "f" } }],
    [{ kind: "allowed", mode: "required", names: ["f"] }, { any: {} }],
    [{ kind: "allowed", mode: "auto", names: ["f"] }, undefined],
  ])("are chosen by %j", (toolChoice, written) => {
    const others: Tool[] = toolChoice?.kind === "allowed" ? [{ ...tool, name: "g" }] : [];
    const { body, notes } = write({ tools: [tool, ...others], toolChoice });
    expect(body["toolConfig"]).toEqual({ tools: [{ toolSpec: SPEC }], ...(written && { toolChoice: written }) });
    expect(notes).toEqual([]);
  });

  test("that may not be called are not told of, and calls of before are words", () => {
    const turns = [user("Hi"), assistant(call("a", '{"x":1}')), result("a", "ok"), user("Go")];
    const noted = [{ kind: "adjusted" as const, member: "tool_choice" }];
    expect(write({ tools: [tool], toolChoice: { kind: "none" } }).notes).toEqual(noted);
    expect(write({ toolChoice: { kind: "none" } }).notes).toEqual([]);
    const { body, notes } = write({ turns, tools: [tool], toolChoice: { kind: "none" } });
    expect(body).toEqual({
      messages: [
        { role: "user", content: [{ text: "Hi" }] },
        { role: "assistant", content: [{ text: 'Tool call f: {"x":1}' }] },
        { role: "user", content: [{ text: "Tool result:" }, { text: "ok" }, { text: "Go" }] },
      ],
    });
    expect(notes).toEqual(noted);
  });

  test("are there if the history has calls", () => {
    const { body, notes } = write({
      turns: [user("Hi"), assistant(call("a"), call("b", "{}", "g")), result("a"), result("b")],
    });
    const declared = (name: string) => ({ toolSpec: { name, inputSchema: { json: { type: "object" } } } });
    expect(body["toolConfig"]).toEqual({ tools: [declared("f"), declared("g")] });
    expect(notes).toEqual([{ kind: "adjusted", member: "tools" }]);
  });

  test("that are strict, of free text, without a description, and one at a time", () => {
    const strict: Tool = { ...tool, strict: true, description: "" };
    const custom: Tool = { kind: "custom", name: "patch", description: "P", format: { definition: "start: X" } };
    const asked = { tools: [strict, custom], parallelCalls: false };
    const { body, notes } = write(asked);
    expect(body["toolConfig"]).toMatchObject({
      tools: [
        { toolSpec: { name: "f", strict: true } },
        { toolSpec: { name: "patch", description: expect.stringContaining("start: X") } },
      ],
    });
    expect(JSON.stringify(body)).not.toContain('"description":""');
    expect(notes).toEqual([
      { kind: "dropped", member: "parallel_tool_calls" },
      { kind: "adjusted", member: "tools[1].type" },
    ]);
    expect(write(asked, NOVA).notes).toContainEqual({ kind: "dropped", member: "tools[0].strict" });
  });

  test("that are demanded and not there are refused", () => {
    expect(refusal({ toolChoice: { kind: "required" } })).toBe("tool_choice");
    expect(refusal({ tools: [tool], toolChoice: { kind: "allowed", mode: "required", names: ["x"] } })).toBe(
      "tool_choice",
    );
  });
});

describe("thinking", () => {
  const reasoning = (members: Partial<NonNullable<Conversation["reasoning"]>>): Partial<Conversation> => ({
    reasoning: { effort: undefined, budget: undefined, isAdaptive: false, isShown: undefined, ...members },
  });
  test.each<[string, Partial<Conversation>, object, readonly string[]]>([
    [
      SONNET,
      reasoning({ budget: 2000 }),
      {
        additionalModelRequestFields: { thinking: { type: "enabled", budget_tokens: 2000 } },
        inferenceConfig: { maxTokens: 10_192 },
      },
      [],
    ],
    [SONNET, reasoning({ effort: "none" }), { additionalModelRequestFields: { thinking: { type: "disabled" } } }, []],
    [
      OPUS,
      reasoning({ effort: "xhigh" }),
      {
        additionalModelRequestFields: { thinking: { type: "adaptive", display: "summarized" } },
        outputConfig: { effort: "xhigh" },
      },
      [],
    ],
    ["anthropic.claude-v2:1", reasoning({ effort: "high" }), {}, ["thinking"]],
    [NOVA, reasoning({ effort: "high" }), {}, ["reasoning"]],
    [NOVA, reasoning({ effort: "none" }), {}, []],
    [
      "us.amazon.nova-2-lite-v1:0",
      reasoning({ effort: "minimal" }),
      { additionalModelRequestFields: { reasoningConfig: { type: "enabled", maxReasoningEffort: "low" } } },
      ["reasoning"],
    ],
    [
      "us.amazon.nova-2-lite-v1:0",
      {
        ...reasoning({ effort: "high" }),
        sampling: { ...NO_SAMPLING, temperature: 0.5 },
      },
      { additionalModelRequestFields: { reasoningConfig: { type: "enabled", maxReasoningEffort: "high" } } },
      ["temperature"],
    ],
    [
      "us.amazon.nova-2-lite-v1:0",
      { ...reasoning({ budget: 20_000 }), limits: { ...NO_LIMITS, maxOutputTokens: 9 } },
      {
        additionalModelRequestFields: { reasoningConfig: { type: "enabled", maxReasoningEffort: "medium" } },
        inferenceConfig: { maxTokens: 9 },
      },
      ["reasoning"],
    ],
    [
      "openai.gpt-oss-120b-1:0",
      reasoning({ effort: "medium" }),
      { additionalModelRequestFields: { reasoning_effort: "medium" } },
      [],
    ],
    ["amazon.nova-2-lite-v1:0", reasoning({ budget: -1 }), {}, []],
    [LLAMA, reasoning({ isAdaptive: true }), {}, ["reasoning"]],
    ["us.deepseek.r1-v1:0", reasoning({ effort: "none" }), {}, ["reasoning"]],
    ["us.deepseek.r1-v1:0", reasoning({ isAdaptive: true }), {}, []],
    ["qwen.qwen3-32b-v1:0", reasoning({ effort: "high" }), {}, ["reasoning"]],
    ["qwen.qwen3-32b-v1:0", reasoning({ effort: "none" }), {}, []],
  ])("%s by %j", (model, members, written, noted) => {
    const { body, notes } = write(members, model);
    const { messages: _, ...rest } = body;
    expect(rest).toEqual({ ...written });
    expect(notes.map(({ member }) => member)).toEqual([...noted]);
  });
});

describe("limits and sampling", () => {
  const sampling = { ...NO_SAMPLING, temperature: 1.5, topK: 5 };
  test.each<[string, object, object | undefined]>([
    [SONNET, { temperature: 1 }, { top_k: 5 }],
    [NOVA, { temperature: 1 }, { inferenceConfig: { topK: 5 } }],
    [LLAMA, { temperature: 1 }, undefined],
  ])("of %s", (model, inference, fields) => {
    const limits = { maxOutputTokens: 50, stop: ["\n", "END"], answers: 1 };
    const { body, notes } = write({ sampling, limits }, model);
    expect(body["inferenceConfig"]).toEqual({ maxTokens: 50, stopSequences: ["END"], ...inference });
    expect(body["additionalModelRequestFields"]).toEqual(fields);
    expect(notes).toEqual([
      { kind: "adjusted", member: "stop" },
      { kind: "adjusted", member: "temperature" },
      ...(fields ? [] : [{ kind: "dropped", member: "top_k" } as const]),
    ]);
  });

  test("that have no place are noted or refused", () => {
    const others = { seed: 0, frequencyPenalty: 1, presencePenalty: 0, logitBias: { "1": 1 } };
    expect(write({ sampling: { ...NO_SAMPLING, ...others } }).notes.map(({ member }) => member)).toEqual([
      "seed",
      "frequency_penalty",
      "logit_bias",
    ]);
    expect(refusal({ limits: { ...NO_LIMITS, answers: 2 } })).toBe("n");
    expect(refusal({ sampling: { ...NO_SAMPLING, logprobs: 0 } })).toBe("logprobs");
  });
});

describe("output", () => {
  const schema = { type: "object", properties: { a: { type: "object", properties: {} } } };
  const output = { kind: "schema", name: "N", description: undefined, schema, strict: true } as const;
  test("by a schema is a text, closed", () => {
    expect(write({ output }).body["outputConfig"]).toEqual({
      textFormat: {
        type: "json_schema",
        structure: {
          jsonSchema: {
            name: "N",
            schema:
              '{"type":"object","properties":{"a":{"type":"object","properties":{},"additionalProperties":false}},"additionalProperties":false}',
          },
        },
      },
    });
  });
  test("by words that the wire refuses are told in the description", () => {
    const limited = { type: "integer", minimum: 1 };
    const { body, notes } = write({ output: { ...output, schema: limited } });
    expect(JSON.stringify(body["outputConfig"])).toContain(
      JSON.stringify(JSON.stringify({ type: "integer", description: "{minimum: 1}" })),
    );
    expect(notes).toEqual([{ kind: "adjusted", member: "response_format" }]);
    const tools: Tool[] = [{ ...tool, strict: true, parameters: { type: "object", properties: { a: limited } } }];
    expect(write({ tools }).notes).toEqual([{ kind: "adjusted", member: "tools[0].parameters" }]);
  });
});

describe("cache marks", () => {
  const marked = (said: string, ttl?: "1h"): Block => ({ type: "text", text: said, cache: { ttl } });
  const tools: readonly Tool[] = [{ ...tool, cache: { ttl: undefined } } as Tool];
  const turns: readonly Turn[] = [
    { role: "system", blocks: [{ type: "text", text: "S", cache: { ttl: undefined } }] },
    { role: "user", blocks: [marked("A", "1h")] },
  ];
  const point = (ttl?: string) => ({ cachePoint: { type: "default", ...(ttl && { ttl }) } });

  test("are points behind what they mark", () => {
    expect(write({ turns, tools })).toEqual({
      body: {
        system: [{ text: "S" }, point()],
        messages: [{ role: "user", content: [{ text: "A" }, point("1h")] }],
        toolConfig: { tools: [{ toolSpec: SPEC }, point()] },
      },
      notes: [],
    });
  });

  test("are as many as the model takes, the last ones", () => {
    const many: Turn = { role: "user", blocks: ["A", "B", "C", "D"].map((said) => marked(said)) };
    const { body, notes } = write({ turns: [many], tools });
    expect(body["toolConfig"]).toEqual({ tools: [{ toolSpec: SPEC }] });
    expect(JSON.stringify(body["messages"]).split("cachePoint")).toHaveLength(5);
    expect(notes).toEqual([{ kind: "dropped", member: "cache_control" }]);
  });

  test.each([
    [NOVA, 2],
    [LLAMA, 0],
  ])("of %s", (model, points) => {
    const { body, notes } = write({ turns, tools }, model);
    expect(JSON.stringify(body).split("cachePoint").length - 1).toBe(points);
    expect(JSON.stringify(body)).not.toContain("ttl");
    expect(notes).toEqual([{ kind: "dropped", member: "cache_control" }]);
  });
});

test("bookkeeping goes where it has a place", () => {
  const { body, notes } = write({
    bookkeeping: {
      user: "u-1",
      metadata: { team: "a b", odd: "{}", number: 1 },
      serviceTier: "standard_only",
      verbosity: "low",
      promptCacheKey: "k",
      store: true,
    },
  });
  expect(body).toMatchObject({ requestMetadata: { user_id: "u-1", team: "a b" }, serviceTier: { type: "default" } });
  expect(notes.map(({ member }) => member)).toEqual([
    "metadata.odd",
    "metadata.number",
    "verbosity",
    "prompt_cache_key",
    "store",
  ]);
});
