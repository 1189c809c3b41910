import { describe, expect, test } from "bun:test";
import type { JsonObject } from "../../../src/core/json/parse.ts";
import type { ToolChoice } from "../../../src/formats/form/conversation.ts";
import { CannotTranslate } from "../../../src/formats/form/dialect.ts";
import { readRequest } from "../../../src/formats/messages/read-request.ts";

const read = (members: JsonObject) =>
  readRequest({ model: "claude", max_tokens: 10, messages: [{ role: "user", content: "Hi" }], ...members });

const foreignOf = (members: JsonObject) =>
  read(members).foreign.map(({ path, isEssential }) => (isEssential ? `${path}!` : path));

const said = (content: unknown, role = "user") => read({ messages: [{ role, content }] });

describe("turns of a messages request", () => {
  test("begin with the instructions", () => {
    expect(read({ system: "Be brief" }).turns).toEqual([
      { role: "system", blocks: [{ type: "text", text: "Be brief" }] },
      { role: "user", blocks: [{ type: "text", text: "Hi" }] },
    ]);
  });

  test("are without Claude Code's billing header", () => {
    const system = [
      { type: "text", text: "x-anthropic-billing-header: cc_version=2; cch=1a2b3;" },
      { type: "text", text: "You are Claude Code", cache_control: { type: "ephemeral", ttl: "1h" } },
    ];
    expect(read({ system }).turns[0]).toEqual({
      role: "system",
      blocks: [{ type: "text", text: "You are Claude Code", cache: { ttl: "1h" } }],
    });
    expect(read({ system: "x-anthropic-billing-header: cch=1" }).turns).toHaveLength(1);
  });

  test("have pictures as data URLs, too", () => {
    const url = "data:image/png;base64,iVBORw0KGgo=";
    expect(said([{ type: "image", source: { type: "url", url } }]).turns[0]?.blocks).toMatchObject([
      { type: "image", source: { kind: "base64", data: "iVBORw0KGgo=" }, mediaType: "image/png" },
    ]);
  });

  test("keep instructions in the middle in their place", () => {
    const messages = [
      { role: "user", content: "A" },
      { role: "system", content: [{ type: "text", text: "B" }] },
      { role: "user", content: "C" },
    ];
    expect(read({ messages }).turns.map(({ role }) => role)).toEqual(["user", "system", "user"]);
  });

  test("hold results apart from what the user says", () => {
    const { turns } = said([
      { type: "text", text: "And now?" },
      { type: "tool_result", tool_use_id: "a", content: "1" },
      {
        type: "tool_result",
        tool_use_id: "b",
        is_error: true,
        content: [
          { type: "text", text: "2" },
          { type: "image", source: { type: "base64", media_type: "image/png", data: "iVBORw0KGgo" } },
        ],
      },
      { type: "tool_result", tool_use_id: "c" },
    ]);
    expect(turns).toEqual([
      {
        role: "tool",
        blocks: [
          { type: "result", callId: "a", kind: "function", isError: false, blocks: [{ type: "text", text: "1" }] },
          {
            type: "result",
            callId: "b",
            kind: "function",
            isError: true,
            blocks: [
              { type: "text", text: "2" },
              { type: "image", mediaType: "image/png", source: { kind: "base64", data: "iVBORw0KGgo" } },
            ],
          },
          { type: "result", callId: "c", kind: "function", isError: false, blocks: [] },
        ],
      },
      { role: "user", blocks: [{ type: "text", text: "And now?" }] },
    ]);
  });

  test("hold thoughts with their seals, and calls with theirs", () => {
    const own = {
      type: "thinking",
      text: "Hm",
      seal: { origin: "messages", kind: "signature", value: "sig" },
    } as const;
    const { turns } = said(
      [
        { type: "thinking", thinking: "Hm", signature: "sig" },
        { type: "redacted_thinking", data: "xyz" },
        { type: "thinking", thinking: "Other", signature: "gw1.groq/chat.encrypted.YWJj" },
        { type: "thinking", thinking: "Bare", signature: "" },
        { type: "text", text: "Look:" },
        { type: "redacted_thinking", data: "gw1.google/chat.signature.YWJj" },
        { type: "tool_use", id: "t1", name: "f", input: { a: 1 } },
        { type: "tool_use", id: "t2", name: "g", input: {} },
      ],
      "assistant",
    );
    expect(turns[0]?.blocks).toEqual([
      own,
      { type: "thinking", text: "", seal: { origin: "messages", kind: "encrypted", value: "xyz" } },
      { type: "thinking", text: "Other", seal: { origin: "groq/chat", kind: "encrypted", value: "abc" } },
      { type: "thinking", text: "Bare", seal: undefined },
      { type: "text", text: "Look:" },
      {
        type: "call",
        id: "t1",
        name: "f",
        input: '{"a":1}',
        kind: "function",
        seal: { origin: "google/chat", kind: "signature", value: "abc" },
      },
      { type: "call", id: "t2", name: "g", input: "{}", kind: "function" },
    ]);
  });

  test("hold documents by source", () => {
    const { turns } = said([
      { type: "document", source: { type: "base64", media_type: "application/pdf", data: "JVBERi" }, title: "a.pdf" },
      { type: "document", source: { type: "text", media_type: "text/plain", data: "plain" } },
      { type: "document", source: { type: "url", url: "https://example.com/b.pdf" } },
      { type: "document", source: { type: "content", content: [{ type: "text", text: "parts" }] } },
      { type: "image", source: { type: "url", url: "https://example.com/b.png" } },
    ]);
    expect(turns[0]?.blocks).toEqual([
      { type: "document", source: { kind: "base64", data: "JVBERi" }, mediaType: "application/pdf", name: "a.pdf" },
      { type: "document", source: { kind: "text", text: "plain" }, mediaType: "text/plain" },
      { type: "document", source: { kind: "url", url: "https://example.com/b.pdf" }, mediaType: undefined },
      { type: "document", source: { kind: "text", text: "parts" }, mediaType: "text/plain" },
      { type: "image", source: { kind: "url", url: "https://example.com/b.png" }, mediaType: undefined },
    ]);
  });

  test("take the cache mark of the whole request at their end", () => {
    const marked = read({ cache_control: { type: "ephemeral" } });
    expect(marked.turns[0]?.blocks).toEqual([{ type: "text", text: "Hi", cache: { ttl: undefined } }]);
    expect(marked.foreign).toEqual([]);
  });

  test("are refused with the place of what has a wrong type", () => {
    const memberOf = (members: JsonObject): string => {
      try {
        read(members);
      } catch (error) {
        if (error instanceof CannotTranslate) return error.member;
      }
      return "accepted";
    };
    expect(memberOf({ messages: "Hi" })).toBe("messages");
    expect(memberOf({ messages: ["Hi"] })).toBe("messages[0]");
    expect(memberOf({ messages: [{ role: "user", content: 1 }] })).toBe("messages[0].content");
    expect(memberOf({ messages: [{ role: "bot", content: "" }] })).toBe("messages[0].role");
    expect(memberOf({ tools: {} })).toBe("tools");
    expect(memberOf({ tool_choice: { type: "some" } })).toBe("tool_choice.type");
    expect(memberOf({ stop_sequences: "END" })).toBe("stop_sequences");
    expect(memberOf({ output_config: { format: { type: "json" } } })).toBe("output_config.format");
  });
});

describe("settings of a messages request", () => {
  test("are read", () => {
    const schema = { type: "object", properties: {} };
    const { turns: _, ...settings } = read({
      stream: true,
      stop_sequences: ["END"],
      temperature: 0.5,
      top_p: 0.9,
      top_k: 40,
      metadata: { user_id: "u1" },
      service_tier: "standard_only",
      output_config: { effort: "high", format: { type: "json_schema", schema } },
      thinking: { type: "adaptive", display: "summarized" },
      tools: [{ name: "f", description: "does f", input_schema: schema, strict: true, cache_control: {} }],
      tool_choice: { type: "tool", name: "f", disable_parallel_tool_use: true },
    });
    expect(settings).toEqual({
      model: "claude",
      stream: true,
      tools: [
        {
          kind: "function",
          name: "f",
          description: "does f",
          parameters: schema,
          strict: true,
          cache: { ttl: undefined },
        },
      ],
      toolChoice: { kind: "named", name: "f" },
      parallelCalls: false,
      limits: { maxOutputTokens: 10, stop: ["END"], answers: undefined },
      sampling: {
        temperature: 0.5,
        topP: 0.9,
        topK: 40,
        seed: undefined,
        frequencyPenalty: undefined,
        presencePenalty: undefined,
        logitBias: undefined,
        logprobs: undefined,
      },
      reasoning: { effort: "high", budget: undefined, isAdaptive: true, isShown: true },
      output: { kind: "schema", name: undefined, description: undefined, schema, strict: true },
      bookkeeping: {
        user: "u1",
        metadata: undefined,
        serviceTier: "default",
        verbosity: undefined,
        promptCacheKey: undefined,
        store: undefined,
      },
      wantsUsage: true,
      foreign: [],
    });
  });

  test.each([
    [
      { type: "enabled", budget_tokens: 2000 },
      { effort: undefined, budget: 2000, isAdaptive: false },
    ],
    [
      { type: "enabled", budget_tokens: 2000, display: "omitted" },
      { budget: 2000, isAdaptive: false, isShown: false },
    ],
    [{ type: "adaptive" }, { effort: undefined, budget: undefined, isAdaptive: true }],
    [{ type: "disabled" }, { effort: "none", isAdaptive: false }],
    // DeepSeek's, Z.ai's and Moonshot's have no budget.
    [{ type: "enabled" }, { isAdaptive: true }],
  ])("thinking %j", (thinking, reasoning) => {
    expect<object | undefined>(read({ thinking }).reasoning).toEqual({
      effort: undefined,
      budget: undefined,
      isShown: undefined,
      ...reasoning,
    });
  });

  test.each<[string, ToolChoice]>([
    ["auto", { kind: "auto" }],
    ["any", { kind: "required" }],
    ["none", { kind: "none" }],
  ])("tool choice %s", (type, toolChoice) => {
    expect(read({ tool_choice: { type } }).toolChoice).toEqual(toolChoice);
  });
});

describe("what has no place in the form", () => {
  test.each<[JsonObject, string[]]>([
    [{ container: "c1" }, ["container!"]],
    [{ mcp_servers: [{ type: "url" }] }, ["mcp_servers!"]],
    [{ mcp_servers: [], container: null }, []],
    [
      { context_management: { edits: [] }, speed: "fast", new_member: 1 },
      ["context_management", "speed", "new_member"],
    ],
    [{ max_tokens: 0 }, ["max_tokens!"]],
    [{ metadata: { user_id: "u", other: 1 } }, ["metadata.other"]],
    [{ thinking: { type: "disabled" }, output_config: { effort: "low" } }, ["output_config.effort"]],
    [{ tools: [{ type: "web_search_20250305", name: "web_search" }] }, ["tools[0].type!"]],
    [{ tools: [{ type: "bash_20250124", name: "bash" }] }, ["tools[0].type!"]],
    [{ tools: [{ type: "tool_search_tool_bm25_20251119", name: "t" }] }, ["tools[0].type"]],
    [
      { tools: [{ name: "f", defer_loading: true, input_examples: [{}] }] },
      ["tools[0].defer_loading", "tools[0].input_examples"],
    ],
    [{ tools: [{ name: "f", allowed_callers: ["code_execution_20260120"] }] }, ["tools[0].allowed_callers!"]],
  ])("%j", (members, foreign) => {
    expect(foreignOf(members)).toEqual(foreign);
  });

  test.each<[JsonObject, string, string[]]>([
    [{ type: "search_result", source: "s", title: "t", content: [] }, "user", ["messages[0].content[0].type!"]],
    [{ type: "image", source: { type: "file", file_id: "f1" } }, "user", ["messages[0].content[0].source!"]],
    [{ type: "container_upload", file_id: "f1" }, "user", ["messages[0].content[0].type!"]],
    [{ type: "server_tool_use", id: "s", name: "web_search", input: {} }, "assistant", []],
    [{ type: "web_search_tool_result", tool_use_id: "s", content: [] }, "assistant", []],
    [{ type: "compaction", content: "summary" }, "assistant", ["messages[0].content[0].type!"]],
  ])("block %j", (block, role, foreign) => {
    const { turns, foreign: found } = said([block], role);
    expect(found.map(({ path, isEssential }) => (isEssential ? `${path}!` : path))).toEqual(foreign);
    expect(turns[0]?.blocks).toEqual([
      { type: "opaque", format: "messages", name: String(block["type"]), value: block },
    ]);
  });
});
