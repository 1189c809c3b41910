import { describe, expect, test } from "bun:test";
import type { JsonObject } from "../../../src/core/json/parse.ts";
import type { Block } from "../../../src/formats/form/blocks.ts";
import type { Conversation, Turn } from "../../../src/formats/form/conversation.ts";
import { CannotTranslate } from "../../../src/formats/form/dialect.ts";
import { writeRequest } from "../../../src/formats/messages/write-request.ts";
import { conversation, NO_SAMPLING, system, target, user } from "./conversations.ts";

const NEW = target("claude-opus-4-8");
const OLD = target("claude-sonnet-4-5");

const write = (members: Partial<Conversation>, to = NEW) => writeRequest(conversation(members), to);
const bodyOf = (members: Partial<Conversation>, to = NEW) => write(members, to).body;
const notesOf = (members: Partial<Conversation>, to = NEW) =>
  write(members, to).notes.map(({ kind, member }) => `${kind} ${member}`);
const messagesOf = (turns: readonly Turn[], to = NEW) => bodyOf({ turns }, to)["messages"];

const call = (id: string, input = "{}"): Block => ({ type: "call", id, name: "f", input, kind: "function" });
const result = (callId: string, text: string): Block => ({
  type: "result",
  callId,
  blocks: [{ type: "text", text }],
  isError: false,
  kind: "function",
});
const assistant = (...blocks: Block[]): Turn => ({ role: "assistant", blocks });
const tool = (...blocks: Block[]): Turn => ({ role: "tool", blocks });

function refusedMember(members: Partial<Conversation>, to = NEW): string {
  try {
    write(members, to);
  } catch (error) {
    if (error instanceof CannotTranslate) return error.member;
    throw error;
  }
  return "nothing";
}

describe("messages for a provider", () => {
  test("have the instructions apart", () => {
    const turns: Turn[] = [
      system("Be brief"),
      { role: "developer", blocks: [{ type: "text", text: "Be kind", cache: { ttl: "1h" } }] },
      user("Hello"),
    ];
    expect(bodyOf({ turns })).toEqual({
      model: "claude-opus-4-8",
      max_tokens: 100,
      system: [
        { type: "text", text: "Be brief" },
        { type: "text", text: "Be kind", cache_control: { type: "ephemeral", ttl: "1h" } },
      ],
      messages: [{ role: "user", content: "Hello" }],
    });
    expect(bodyOf({ turns: [system("Be brief"), user("Hello")] })["system"]).toBe("Be brief");
  });

  test("keep later instructions where they are", () => {
    const turns = [user("A"), system("B"), user("C")];
    expect(messagesOf(turns)).toEqual([
      { role: "user", content: "A" },
      { role: "system", content: "B" },
      { role: "user", content: "C" },
    ]);
    expect(messagesOf(turns, OLD)).toEqual([
      {
        role: "user",
        content: [
          { type: "text", text: "A" },
          { type: "text", text: "<system-reminder>\nB\n</system-reminder>" },
          { type: "text", text: "C" },
        ],
      },
    ]);
  });

  test("have results first and directly behind their calls, each once", () => {
    const turns = [
      assistant(call("a"), call("b")),
      user("Wait"),
      tool(result("b", "2"), result("b", "again"), result("old", "0")),
      tool(result("a", "1")),
      user("Now?"),
    ];
    expect(messagesOf(turns)).toEqual([
      {
        role: "assistant",
        content: [
          { type: "tool_use", id: "a", name: "f", input: {} },
          { type: "tool_use", id: "b", name: "f", input: {} },
        ],
      },
      {
        role: "user",
        content: [
          { type: "tool_result", tool_use_id: "b", content: "2" },
          { type: "tool_result", tool_use_id: "a", content: "1" },
          { type: "text", text: "Tool result:" },
          { type: "text", text: "again" },
          { type: "text", text: "Tool result:" },
          { type: "text", text: "0" },
          { type: "text", text: "Wait" },
          { type: "text", text: "Now?" },
        ],
      },
    ]);
    expect(notesOf({ turns })).toEqual(["adjusted messages[].tool_call_id"]);
  });

  test("join what one party says in several turns", () => {
    const turns = [
      user("Q"),
      assistant(call("a")),
      assistant(call("b")),
      tool(result("a", "1")),
      tool(result("b", "2")),
    ];
    expect(messagesOf(turns)).toMatchObject([
      { role: "user" },
      { role: "assistant", content: [{ id: "a" }, { id: "b" }] },
      { role: "user", content: [{ tool_use_id: "a" }, { tool_use_id: "b" }] },
    ]);
  });

  test("have no blank text and no empty message", () => {
    const turns = [user("A"), assistant({ type: "text", text: " \n" }), user(""), user("B")];
    expect(messagesOf(turns)).toEqual([
      {
        role: "user",
        content: [
          { type: "text", text: "A" },
          { type: "text", text: "B" },
        ],
      },
    ]);
    expect(messagesOf([system("Only this")])).toEqual([{ role: "user", content: "." }]);
    expect(notesOf({ turns: [system("Only this")] })).toEqual(["adjusted messages"]);
  });

  test("do not end what the assistant is to go on with in white space", () => {
    expect(messagesOf([user("A"), assistant({ type: "text", text: "Once \n" })])).toEqual([
      { role: "user", content: "A" },
      { role: "assistant", content: "Once" },
    ]);
  });

  test("have results of every kind", () => {
    const failed: Block = { type: "result", callId: "a", blocks: [], isError: true, kind: "function" };
    const seen: Block = {
      type: "result",
      callId: "b",
      blocks: [
        { type: "text", text: "See" },
        { type: "image", source: { kind: "base64", data: "iVBORw0KGgo" }, mediaType: undefined },
      ],
      isError: false,
      kind: "function",
      cache: { ttl: undefined },
    };
    const silent: Block = { type: "result", callId: "c", blocks: [], isError: false, kind: "function" };
    const messages = messagesOf([assistant(call("a"), call("b"), call("c")), tool(failed, seen, silent)]);
    expect(messages).toMatchObject([
      {},
      {
        content: [
          { type: "tool_result", tool_use_id: "a", content: "The tool failed and said nothing.", is_error: true },
          {
            type: "tool_result",
            tool_use_id: "b",
            content: [
              { type: "text", text: "See" },
              { type: "image", source: { type: "base64", media_type: "image/png", data: "iVBORw0KGgo" } },
            ],
            cache_control: { type: "ephemeral" },
          },
          { type: "tool_result", tool_use_id: "c" },
        ],
      },
    ]);
  });

  test("have ids, names and arguments that the wire takes", () => {
    const odd: Block = { type: "call", id: "call:1/é", name: "a.b", input: "not json", kind: "function" };
    const custom: Block = { type: "call", id: "call_2", name: "patch", input: "*** Begin", kind: "custom" };
    const [said, given] = messagesOf([
      assistant(odd, custom),
      tool(result("call:1/é", "1"), result("call_2", "2")),
    ]) as [{ content: { id: string }[] }, { content: { tool_use_id: string }[] }];
    expect(said.content).toMatchObject([
      { id: expect.stringMatching(/^[\w-]+$/), name: "a_x2e_b", input: { _raw: "not json" } },
      { id: "call_2", name: "patch", input: { input: "*** Begin" } },
    ]);
    expect(given.content.map(({ tool_use_id: id }) => id)).toEqual(said.content.map(({ id }) => id));
  });

  test("have the numbers of arguments with all their digits", () => {
    const input = '{"id":1234567890123456789,"n":[0.12345678901234567,1],"s":"1234567890123456789"}';
    expect(JSON.stringify(messagesOf([assistant(call("a", input)), tool(result("a", "1"))]))).toContain(
      `"input":${input}`,
    );
  });

  test("have thoughts only if this provider sealed them", () => {
    const thought = (origin: string): Block => ({
      type: "thinking",
      text: "Hm",
      seal: { origin, kind: "signature", value: "sig" },
    });
    const turns = [
      user("Q"),
      assistant(
        thought("anthropic/messages"),
        thought("bedrock/messages"),
        thought("messages"),
        thought("openai/responses"),
        { type: "thinking", text: "Bare", seal: undefined },
        { type: "thinking", text: "", seal: { origin: "anthropic/messages", kind: "encrypted", value: "xyz" } },
        { ...call("a"), seal: { origin: "google/chat", kind: "signature", value: "g" } } as Block,
      ),
      tool(result("a", "1")),
    ];
    expect(messagesOf(turns)).toMatchObject([
      {},
      {
        content: [
          { type: "thinking", thinking: "Hm", signature: "sig" },
          { type: "thinking", thinking: "Hm", signature: "sig" },
          { type: "redacted_thinking", data: "xyz" },
          { type: "tool_use", id: "a", name: "f", input: {} },
        ],
      },
      {},
    ]);
    expect(notesOf({ turns })).toEqual(["dropped messages[].thinking"]);
  });

  test("have at most four cache marks, the last ones", () => {
    const marked = (text: string): Turn => ({
      role: "user",
      blocks: [{ type: "text", text, cache: { ttl: undefined } }],
    });
    const { body, notes } = write({ turns: [..."abcdef"].map(marked) });
    const [{ content }] = body["messages"] as [{ content: { text: string; cache_control?: object }[] }];
    expect(content.filter(({ cache_control: mark }) => mark).map(({ text }) => text)).toEqual(["c", "d", "e", "f"]);
    expect(notes).toEqual([{ kind: "dropped", member: "cache_control" }]);
  });

  test.each<[Block, object]>([
    [
      { type: "image", source: { kind: "url", url: "https://e.com/a.png" }, mediaType: undefined, detail: "high" },
      { type: "image", source: { type: "url", url: "https://e.com/a.png" } },
    ],
    [
      { type: "image", source: { kind: "base64", data: "/9j/4AAQ" }, mediaType: "image/png" },
      { type: "image", source: { type: "base64", media_type: "image/jpeg", data: "/9j/4AAQ" } },
    ],
    [
      { type: "document", source: { kind: "base64", data: "JVBERi0x" }, mediaType: undefined, name: "a.pdf" },
      { type: "document", source: { type: "base64", media_type: "application/pdf", data: "JVBERi0x" }, title: "a.pdf" },
    ],
    [
      { type: "document", source: { kind: "base64", data: "YSxi" }, mediaType: "text/csv" },
      { type: "document", source: { type: "text", media_type: "text/plain", data: "a,b" } },
    ],
    [
      { type: "document", source: { kind: "url", url: "https://e.com/a.pdf" }, mediaType: undefined },
      { type: "document", source: { type: "url", url: "https://e.com/a.pdf" } },
    ],
  ])("hold media %#", (block, written) => {
    expect(messagesOf([{ role: "user", blocks: [block] }])).toEqual([{ role: "user", content: [written] }]);
  });

  test.each<[Block, string]>([
    [{ type: "audio", source: { kind: "base64", data: "AAAA" }, mediaType: "audio/wav" }, "audio"],
    [{ type: "video", source: { kind: "url", url: "https://e.com" }, mediaType: undefined }, "video"],
    [{ type: "image", source: { kind: "file", id: "f" }, mediaType: undefined }, "file_id"],
    [{ type: "image", source: { kind: "base64", data: "AAAA" }, mediaType: "image/tiff" }, "image"],
    [{ type: "image", source: { kind: "base64", data: "AAAA" }, mediaType: undefined }, "image"],
    [{ type: "document", source: { kind: "base64", data: "UEsDBA" }, mediaType: "application/zip" }, "document"],
  ])("refuse %j", (block, member) => {
    expect(refusedMember({ turns: [{ role: "user", blocks: [block] }] })).toBe(member);
  });
});

describe("tools for a provider", () => {
  const f = {
    kind: "function",
    name: "f",
    description: "d",
    parameters: undefined,
    strict: undefined,
    cache: undefined,
  } as const;
  const g = { ...f, name: "g", parameters: { properties: {} }, strict: true } as const;

  test("are written with a schema of an object", () => {
    expect(bodyOf({ tools: [f, g] })).toMatchObject({
      tools: [
        { name: "f", description: "d", input_schema: { type: "object", properties: {} } },
        { name: "g", description: "d", input_schema: { type: "object", properties: {} }, strict: true },
      ],
    });
    expect(notesOf({ tools: [g] }, target("claude-3-7-sonnet"))).toEqual(["dropped tools[].strict"]);
  });

  test("that take free text become functions of one text", () => {
    const grammar = { type: "grammar", syntax: "lark", definition: "start: WORD" };
    const { body, notes } = write({
      tools: [{ kind: "custom", name: "patch", description: "Patches", format: grammar }],
    });
    expect(body["tools"]).toEqual([
      {
        name: "patch",
        description: "Patches\n\nThe text in `input` must follow this grammar:\nstart: WORD",
        input_schema: {
          type: "object",
          properties: { input: { type: "string" } },
          required: ["input"],
          additionalProperties: false,
        },
      },
    ]);
    expect(notes).toEqual([{ kind: "adjusted", member: "tools.patch" }]);
  });

  test.each<[Conversation["toolChoice"], boolean | undefined, object | undefined]>([
    [undefined, undefined, undefined],
    [undefined, true, undefined],
    [undefined, false, { type: "auto", disable_parallel_tool_use: true }],
    [{ kind: "auto" }, undefined, { type: "auto" }],
    [{ kind: "none" }, false, { type: "none" }],
    [{ kind: "required" }, false, { type: "any", disable_parallel_tool_use: true }],
    [{ kind: "named", name: "g" }, undefined, { type: "tool", name: "g" }],
    [{ kind: "allowed", mode: "required", names: ["g"] }, undefined, { type: "any" }],
  ])("choice %j, parallel %j", (toolChoice, parallelCalls, written) => {
    const body = bodyOf({ tools: [f, g], toolChoice, parallelCalls });
    expect(body["tool_choice"]).toEqual(written);
    expect(body["tools"]).toHaveLength(toolChoice?.kind === "allowed" ? 1 : 2);
    const isDemand = /"(?:any|tool)"/.test(JSON.stringify(written ?? ""));
    if (!isDemand) expect(bodyOf({ toolChoice, parallelCalls })).not.toHaveProperty("tool_choice");
  });
});

describe("thinking for a provider", () => {
  const asked = (members: Partial<NonNullable<Conversation["reasoning"]>>, maxOutputTokens?: number) => ({
    reasoning: { effort: undefined, budget: undefined, isAdaptive: false, isShown: undefined, ...members },
    limits: { maxOutputTokens, stop: [], answers: undefined },
  });
  const thinkingOf = (model: string, ...args: Parameters<typeof asked>) => {
    const { thinking, max_tokens: most, output_config: config } = bodyOf(asked(...args), target(model));
    return [thinking, most, config];
  };
  const enabled = (budget: number) => ({ type: "enabled", budget_tokens: budget });

  test.each<[string, Parameters<typeof asked>, unknown[]]>([
    ["claude-sonnet-4-5", [{}], [undefined, 8192, undefined]],
    ["claude-sonnet-4-5", [{ effort: "none" }], [{ type: "disabled" }, 8192, undefined]],
    ["claude-sonnet-4-5", [{ effort: "low" }], [enabled(2048), 10_240, undefined]],
    ["claude-sonnet-4-5", [{ effort: "high" }, 10_000], [enabled(8976), 10_000, undefined]],
    ["claude-sonnet-4-5", [{ effort: "high" }, 100], [enabled(1024), 1124, undefined]],
    ["claude-sonnet-4-5", [{ effort: "max" }], [enabled(55_808), 64_000, undefined]],
    ["claude-sonnet-4-5", [{ budget: 2000 }, 2500], [enabled(2000), 2500, undefined]],
    [
      "claude-sonnet-4-5",
      [{ isAdaptive: true, isShown: false }],
      [{ ...enabled(24_576), display: "omitted" }, 32_768, undefined],
    ],
    ["claude-opus-4-5", [{ effort: "xhigh" }], [enabled(32_768), 40_960, { effort: "high" }]],
    ["claude-opus-4-0", [{ effort: "xhigh" }], [enabled(30_976), 32_000, undefined]],
    ["claude-3-5-haiku-latest", [{ effort: "high" }], [undefined, 8192, undefined]],
    ["claude-sonnet-4-6", [{ budget: 2000 }, 2500], [enabled(2000), 2500, undefined]],
    [
      "claude-sonnet-4-6",
      [{ effort: "xhigh" }, 9000],
      [{ type: "adaptive", display: "summarized" }, 9000, { effort: "max" }],
    ],
    [
      "claude-opus-4-8",
      [{ effort: "minimal" }, 9000],
      [{ type: "adaptive", display: "summarized" }, 9000, { effort: "low" }],
    ],
    [
      "claude-opus-4-8",
      [{ effort: "medium" }],
      [{ type: "adaptive", display: "summarized" }, 16_384, { effort: "medium" }],
    ],
    ["claude-opus-4-8", [{ isAdaptive: true }, 9000], [{ type: "adaptive" }, 9000, undefined]],
    [
      "claude-opus-4-8",
      [{ budget: 20_000 }, 30_000],
      [{ type: "adaptive", display: "summarized" }, 30_000, { effort: "high" }],
    ],
    ["claude-opus-4-8", [{ effort: "none" }, 9000], [{ type: "disabled" }, 9000, undefined]],
    [
      "claude-mythos-5",
      [{ effort: "none" }, 9000],
      [{ type: "adaptive", display: "summarized" }, 9000, { effort: "low" }],
    ],
    ["of-next-year", [{ effort: "minimal" }, 9000], [enabled(1024), 9000, { effort: "low" }]],
    ["deepseek-v4-pro", [{ effort: "medium" }, 9000], [enabled(8192), 9000, { effort: "high" }]],
    ["gpt-5", [{ effort: "minimal" }, 9000], [enabled(1024), 9000, { effort: "low" }]],
    ["glm-4.6", [{ effort: "low" }, 9000], [enabled(2048), 9000, undefined]],
    ["kimi-k2-thinking", [{ effort: "none" }, 9000], [undefined, 9000, undefined]],
    ["claude-sonnet-4-5", [{ budget: 0 }, 9000], [{ type: "disabled" }, 9000, undefined]],
    ["claude-sonnet-4-5", [{ budget: -1 }, 90_000], [enabled(24_576), 64_000, undefined]],
  ])("%s %j", (model, args, written) => {
    expect(thinkingOf(model, ...args)).toEqual(written);
  });

  test("gives way to a call that must be made", () => {
    const tools = [
      {
        kind: "function",
        name: "f",
        description: undefined,
        parameters: undefined,
        strict: undefined,
        cache: undefined,
      },
    ] as const;
    const members = { ...asked({ effort: "high" }, 9000), tools, toolChoice: { kind: "required" } as const };
    for (const to of [OLD, NEW]) {
      expect(bodyOf(members, to)).not.toHaveProperty("thinking");
      expect(bodyOf(members, to)).toMatchObject({ tool_choice: { type: "any" }, max_tokens: 9000 });
      expect(notesOf(members, to)).toEqual(["adjusted thinking"]);
    }
  });

  test("with a budget is not asked for in the midst of calls whose thoughts are lost", () => {
    const turns = [user("Q"), assistant(call("a")), tool(result("a", "1"))];
    const members = { ...asked({ effort: "high" }, 9000), turns };
    expect(bodyOf(members, OLD)).not.toHaveProperty("thinking");
    expect(bodyOf(members, NEW)).toHaveProperty("thinking");
    const kept = {
      type: "thinking",
      text: "Hm",
      seal: { origin: "anthropic/messages", kind: "signature", value: "s" },
    } as const;
    const whole = [user("Q"), assistant({ type: "text", text: "So" }, kept, call("a")), tool(result("a", "1"))];
    const body = bodyOf({ ...members, turns: whole }, OLD);
    expect(body).toHaveProperty("thinking");
    expect(body["messages"]).toMatchObject([
      {},
      { content: [{ type: "thinking" }, { type: "text" }, { type: "tool_use" }] },
      {},
    ]);
  });
});

describe("settings for a provider", () => {
  const sampling = (members: Partial<Conversation["sampling"]>) => ({ sampling: { ...NO_SAMPLING, ...members } });

  test.each<[Partial<Conversation["sampling"]>, string, object, string[]]>([
    [{ temperature: 1.5, topK: 5 }, "claude-3-5-haiku", { temperature: 1, top_k: 5 }, ["adjusted temperature"]],
    [{ temperature: 0.5, topP: 0.5 }, "claude-3-5-haiku", { temperature: 0.5, top_p: 0.5 }, []],
    [{ temperature: 0.5, topP: 0.5 }, "claude-sonnet-4-5", { temperature: 0.5 }, ["dropped top_p"]],
    [
      { temperature: 0.5, topP: 0.5, topK: 3 },
      "claude-opus-4-8",
      {},
      ["dropped temperature", "dropped top_p", "dropped top_k"],
    ],
    [{ temperature: 1, topP: 1 }, "claude-opus-4-8", {}, []],
    [
      { seed: 0, frequencyPenalty: 0, presencePenalty: 0.5, logitBias: { "1": 5 } },
      "claude-opus-4-8",
      {},
      ["dropped seed", "dropped presence_penalty", "dropped logit_bias"],
    ],
  ])("%j for %s", (members, model, written, notes) => {
    const to = target(model);
    const body = bodyOf(sampling(members), to);
    const { temperature, top_p, top_k } = body;
    expect(JSON.parse(JSON.stringify({ temperature, top_p, top_k }))).toEqual(written);
    expect(notesOf(sampling(members), to)).toEqual(notes);
  });

  test("have no sampling beside thoughts", () => {
    const reasoning = { effort: "low", budget: undefined, isAdaptive: false, isShown: undefined } as const;
    const members = {
      ...sampling({ temperature: 0.5, topK: 3 }),
      reasoning,
      limits: { maxOutputTokens: 9000, stop: [], answers: undefined },
    };
    expect(notesOf(members, OLD)).toEqual(["dropped temperature", "dropped top_k"]);
  });

  test("ask for no more than the model can say", () => {
    const limits = { maxOutputTokens: 100_000, stop: [], answers: undefined };
    const to = target("claude-3-5-haiku-latest");
    expect(bodyOf({ limits }, to)["max_tokens"]).toBe(8192);
    expect(notesOf({ limits }, to)).toEqual(["adjusted max_tokens"]);
    expect(bodyOf({ limits }, target("of-next-year"))["max_tokens"]).toBe(100_000);
  });

  test("name tools that only the history has, but to Anthropic", () => {
    const turns: Turn[] = [
      user("Hi"),
      { role: "assistant", blocks: [{ type: "call", id: "a", name: "f", input: "{}", kind: "function" }] },
      { role: "tool", blocks: [{ type: "result", callId: "a", blocks: [], isError: false, kind: "function" }] },
    ];
    expect(bodyOf({ turns }, target("claude-opus-4-5", "vertex"))).toMatchObject({
      tools: [{ name: "f", input_schema: { type: "object" } }],
      tool_choice: { type: "none" },
    });
    expect(bodyOf({ turns }, target("claude-opus-4-5"))).not.toContainKey("tools");
    expect(bodyOf({}, target("claude-opus-4-5", "vertex"))).not.toContainKey("tools");
  });

  test("with a demand for tools, and none, are refused", () => {
    expect(refusedMember({ toolChoice: { kind: "required" } })).toBe("tool_choice");
    expect(refusedMember({ toolChoice: { kind: "allowed", mode: "required", names: ["f"] } })).toBe("tool_choice");
    expect(bodyOf({ toolChoice: { kind: "none" } })).not.toContainKey("tool_choice");
  });

  test("call what failed with a picture by words, as it may be marked only with text", () => {
    const image: Block = { type: "image", source: { kind: "base64", data: "iVBORw0KGgo=" }, mediaType: "image/png" };
    const failed = { ...result("a", "no"), isError: true } as Extract<Block, { type: "result" }>;
    const turns = [user("Hi"), assistant(call("a")), tool({ ...failed, blocks: [...failed.blocks, image as never] })];
    const [, , answered] = bodyOf({ turns })["messages"] as { content: JsonObject[] }[];
    expect(answered?.content).toEqual([
      {
        type: "tool_result",
        tool_use_id: "a",
        content: [
          { type: "text", text: "Error:" },
          { type: "text", text: "no" },
          expect.objectContaining({ type: "image" }),
        ],
      },
    ]);
    expect(notesOf({ turns })).toEqual(["adjusted is_error"]);
  });

  test("tell calls with one id apart, and their results", () => {
    const turns: Turn[] = [
      user("Hi"),
      { role: "assistant", blocks: [call("a"), call("a")] },
      { role: "tool", blocks: [result("a", "1"), result("a", "2")] },
      { role: "assistant", blocks: [call("a")] },
      { role: "tool", blocks: [result("a", "3")] },
    ];
    const messages = bodyOf({ turns })["messages"] as { content: JsonObject[] }[];
    const ids = messages.flatMap(({ content }) =>
      Array.isArray(content) ? content.flatMap(({ id }) => id ?? []) : [],
    );
    const answered = messages.flatMap(({ content }) =>
      Array.isArray(content)
        ? content.flatMap(({ tool_use_id, content: said }) => (tool_use_id ? [[tool_use_id, said]] : []))
        : [],
    );
    expect(new Set(ids).size).toBe(3);
    expect(ids[0]).toBe("a");
    expect(answered).toEqual([
      [ids[0], "1"],
      [ids[1], "2"],
      [ids[2], "3"],
    ]);
  });

  test("name the output's schema, with closed objects", () => {
    const schema = {
      type: "object",
      properties: {
        enum: { type: "array", items: { type: "object", properties: { a: { const: { type: "object" } } } } },
      },
      $defs: { x: { anyOf: [{ type: "object", additionalProperties: false }, { type: "null" }] } },
    };
    const output = { kind: "schema", name: "n", description: undefined, schema, strict: true } as const;
    expect(bodyOf({ output })["output_config"]).toEqual({
      format: {
        type: "json_schema",
        schema: {
          type: "object",
          additionalProperties: false,
          properties: {
            enum: {
              type: "array",
              items: { type: "object", additionalProperties: false, properties: { a: { const: { type: "object" } } } },
            },
          },
          $defs: { x: { anyOf: [{ type: "object", additionalProperties: false }, { type: "null" }] } },
        },
      },
    });
  });

  test("that would change the answer are refused", () => {
    expect(refusedMember({ limits: { maxOutputTokens: 1, stop: [], answers: 2 } })).toBe("n");
    expect(refusedMember(sampling({ logprobs: 0 }))).toBe("logprobs");
    const tool = {
      kind: "function",
      name: "",
      description: undefined,
      parameters: undefined,
      strict: undefined,
      cache: undefined,
    } as const;
    expect(refusedMember({ tools: [tool] })).toBe("tools[].name");
  });

  test("keep stop texts that say something", () => {
    const limits = { maxOutputTokens: 1, stop: ["END", "\n"], answers: 1 };
    expect(bodyOf({ limits })["stop_sequences"]).toEqual(["END"]);
    expect(notesOf({ limits })).toEqual(["adjusted stop"]);
  });

  test("keep the books as far as the wire can", () => {
    const bookkeeping = {
      user: "u1",
      metadata: { a: "b" },
      serviceTier: "flex",
      verbosity: "low",
      promptCacheKey: "k",
      store: true,
    };
    const { body, notes } = write({ bookkeeping, stream: true });
    expect(body).toMatchObject({ metadata: { user_id: "u1" }, stream: true });
    expect(body).not.toHaveProperty("service_tier");
    expect(notes.map(({ member }) => member)).toEqual([
      "service_tier",
      "metadata",
      "verbosity",
      "prompt_cache_key",
      "store",
    ]);
    expect(bodyOf({ bookkeeping: { ...bookkeeping, serviceTier: "default" } })["service_tier"]).toBe("standard_only");
  });
});
