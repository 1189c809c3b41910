import { describe, expect, test } from "bun:test";
import { readRequest } from "../../../src/formats/chat/read-request.ts";
import type { JsonObject } from "../../../src/core/json/parse.ts";
import { wrapSeal } from "../../../src/formats/form/seal-envelope.ts";
import { conversationOf } from "./samples.ts";

const SEAL = { origin: "anthropic/messages", kind: "signature", value: "EqQB+/=" } as const;
const ENCRYPTED = { origin: "openai/responses", kind: "encrypted", value: "gAAAA" } as const;

const read = (...messages: JsonObject[]) => readRequest({ model: "m", messages });
const call = (id: string | null, name: string) => ({ id, function: { name, arguments: '{"a":1}' } });

describe("the content of messages", () => {
  test.each([
    ["a text", "Hi", [{ type: "text", text: "Hi" }]],
    ["an empty text", "", []],
    ["a text part", [{ type: "text", text: "Hi" }], [{ type: "text", text: "Hi" }]],
    ["a part alone", { type: "text", text: "Hi" }, [{ type: "text", text: "Hi" }]],
    [
      "bare texts",
      ["a", "b"],
      [
        { type: "text", text: "a" },
        { type: "text", text: "b" },
      ],
    ],
    [
      "a cached text",
      [{ type: "text", text: "Hi", cache_control: { type: "ephemeral", ttl: "1h" } }],
      [{ type: "text", text: "Hi", cache: { ttl: "1h" } }],
    ],
    [
      "OpenAI's mark of a cache",
      [{ type: "text", text: "Hi", prompt_cache_breakpoint: { mode: "explicit" } }],
      [{ type: "text", text: "Hi", cache: { ttl: undefined } }],
    ],
    [
      "an image by URL",
      [{ type: "image_url", image_url: { url: "https://e.example/a.jpg", detail: "low" } }],
      [
        {
          type: "image",
          source: { kind: "url", url: "https://e.example/a.jpg" },
          mediaType: undefined,
          detail: "low",
        },
      ],
    ],
    [
      "an image whose URL is bare, at Google's store",
      [{ type: "image_url", image_url: "gs://bucket/a.png" }],
      [{ type: "image", source: { kind: "url", url: "gs://bucket/a.png" }, mediaType: undefined }],
    ],
    [
      "an image as data",
      [{ type: "image_url", image_url: { url: "data:image/webp;base64,AAAA" } }],
      [{ type: "image", source: { kind: "base64", data: "AAAA" }, mediaType: "image/webp" }],
    ],
    [
      "an image as data of no type",
      [{ type: "image_url", image_url: { url: "data:;base64,iVBORw0KGgoAAA" } }],
      [{ type: "image", source: { kind: "base64", data: "iVBORw0KGgoAAA" }, mediaType: "image/png" }],
    ],
    [
      "raw base64",
      [{ type: "image_url", image_url: { url: "/9j/4AAQ" } }],
      [{ type: "image", source: { kind: "base64", data: "/9j/4AAQ" }, mediaType: "image/jpeg" }],
    ],
    [
      "sound",
      [{ type: "input_audio", input_audio: { data: "AAAA", format: "wav" } }],
      [{ type: "audio", source: { kind: "base64", data: "AAAA" }, mediaType: "audio/wav" }],
    ],
    [
      "Mistral's sound",
      [{ type: "input_audio", input_audio: "https://e.example/a.mp3" }],
      [{ type: "audio", source: { kind: "url", url: "https://e.example/a.mp3" }, mediaType: undefined }],
    ],
    [
      "a file",
      [{ type: "file", file: { file_data: "data:application/pdf;base64,JVBERi0", filename: "a.pdf" } }],
      [
        {
          type: "document",
          source: { kind: "base64", data: "JVBERi0" },
          mediaType: "application/pdf",
          name: "a.pdf",
        },
      ],
    ],
    [
      "a file by its id",
      [{ type: "file", file: { file_id: "file-1" } }],
      [{ type: "document", source: { kind: "file", id: "file-1" }, mediaType: undefined }],
    ],
    [
      "Mistral's document",
      [{ type: "document_url", document_url: "https://e.example/a.pdf" }],
      [{ type: "document", source: { kind: "url", url: "https://e.example/a.pdf" }, mediaType: undefined }],
    ],
    [
      "a video",
      [{ type: "video_url", video_url: { url: "https://e.example/a.mp4" } }],
      [{ type: "video", source: { kind: "url", url: "https://e.example/a.mp4" }, mediaType: undefined }],
    ],
  ])("%s", (_, content, blocks) => {
    const { turns, foreign } = read({ role: "user", content });
    expect(turns).toEqual([{ role: "user", blocks }] as never);
    expect(foreign).toEqual([]);
  });

  test("a part that nobody knows is named, and so is a role", () => {
    const { foreign } = read({ role: "user", content: [{ type: "hologram" }] }, { role: "oracle", content: "" });
    expect(foreign).toEqual([
      { path: "messages[0].content[0].type", isEssential: true },
      { path: "messages[1].role", isEssential: true },
    ]);
  });
});

describe("tools in messages", () => {
  test("calls of every spelling, and results in a row as one turn", () => {
    const { turns } = read(
      {
        role: "assistant",
        content: null,
        tool_calls: [
          { id: "c1", type: "function", function: { name: "f", arguments: { b: 2 } } },
          { id: "c2", type: "custom", custom: { name: "patch", input: "*** Begin" } },
        ],
      },
      { role: "tool", tool_call_id: "c2", content: "done" },
      { role: "tool", tool_call_id: "c1", content: [{ type: "text", text: "1" }] },
    );
    expect(turns).toEqual([
      {
        role: "assistant",
        blocks: [
          { type: "call", id: "c1", name: "f", input: '{"b":2}', kind: "function" },
          { type: "call", id: "c2", name: "patch", input: "*** Begin", kind: "custom" },
        ],
      },
      {
        role: "tool",
        blocks: [
          { type: "result", callId: "c2", blocks: [{ type: "text", text: "done" }], isError: false, kind: "custom" },
          { type: "result", callId: "c1", blocks: [{ type: "text", text: "1" }], isError: false, kind: "function" },
        ],
      },
    ]);
  });

  test("results without ids answer the calls in their order, by name first", () => {
    const { turns } = read(
      { role: "assistant", tool_calls: [call(null, "f"), call(null, "g"), call("", "f")] },
      { role: "tool", name: "g", content: "g" },
      { role: "tool", content: "f1" },
      { role: "tool", content: "f2" },
      { role: "assistant", function_call: { name: "old", arguments: "" } },
      { role: "function", name: "old", content: null },
    );
    const ids = turns.flatMap(({ blocks }) =>
      blocks.map((block) => (block.type === "call" ? block.id : block.type === "result" ? block.callId : "")),
    );
    const [f1, g, f2, g2, f1b, f2b, old, old2] = ids;
    expect([g2, f1b, f2b, old2]).toEqual([g, f1, f2, old] as string[]);
    expect(new Set([f1, g, f2, old]).size).toBe(4);
  });

  test("a hundred thousand calls whose results come in the other order take no time that grows with their square", () => {
    const calls = Array.from({ length: 100_000 }, (__, index) => call(`c${index}`, "f"));
    const results = calls.map(({ id }) => ({ role: "tool", tool_call_id: id, content: "x" })).toReversed();
    const { turns } = read({ role: "assistant", tool_calls: calls }, ...results);
    expect(turns.map(({ blocks }) => blocks.length)).toEqual([100_000, 100_000]);
  });
});

describe("thoughts that clients give back", () => {
  const detail = (members: JsonObject) => ({ type: "reasoning.text", format: "x", ...members });

  test("go to the places that they had", () => {
    const { turns, foreign } = read({
      role: "assistant",
      content: "Said",
      reasoning_content: "AB",
      reasoning_details: [
        detail({ text: "A", signature: wrapSeal(SEAL), index: 0 }),
        { type: "reasoning.summary", summary: "B", index: 2 },
        { type: "reasoning.encrypted", data: wrapSeal(ENCRYPTED), id: "rs_1", index: 2 },
      ],
      tool_calls: [call("c1", "f")],
    });
    expect(turns[0]?.blocks).toEqual([
      { type: "thinking", text: "A", seal: SEAL },
      { type: "text", text: "Said" },
      { type: "thinking", text: "B", seal: { ...ENCRYPTED, id: "rs_1" } },
      { type: "call", id: "c1", name: "f", input: '{"a":1}', kind: "function" },
    ]);
    expect(foreign).toEqual([]);
  });

  test.each([
    ["reasoning_content", { reasoning_content: "A" }],
    ["reasoning", { reasoning: "A" }],
    ["a list", { reasoning_content: [{ type: "text", text: "A" }] }],
    ["Mistral's part", { content: [{ type: "thinking", thinking: [{ type: "text", text: "A" }] }] }],
    ["LiteLLM's blocks", { thinking_blocks: [{ type: "thinking", thinking: "A" }] }],
  ])("%s", (_, members) => {
    expect(read({ role: "assistant", ...members }).turns[0]?.blocks).toEqual([
      { type: "thinking", text: "A", seal: undefined },
    ]);
  });

  test("a signature in no envelope is left out and named, its text is not", () => {
    const { turns, foreign } = read({
      role: "assistant",
      content: "S",
      reasoning_details: [detail({ text: "A", signature: "raw", index: 0 })],
      tool_calls: [{ ...call("c", "f"), extra_content: { google: { thought_signature: "raw" } } }],
    });
    expect(turns[0]?.blocks.map(({ type }) => type)).toEqual(["thinking", "text", "call"]);
    expect(foreign).toEqual([
      { path: "messages[0].tool_calls[0].extra_content", isEssential: false },
      { path: "messages[0].reasoning_details[0]", isEssential: false },
    ]);
  });

  test("the seal of a call comes back", () => {
    const seal = { origin: "google/generate", kind: "signature", value: "s" } as const;
    const extra_content = { google: { thought_signature: wrapSeal(seal) } };
    const [turn] = read({ role: "assistant", tool_calls: [{ ...call("c", "f"), extra_content }] }).turns;
    expect(turn?.blocks).toMatchObject([{ type: "call", seal }]);
  });
});

describe("members of the request", () => {
  test.each([
    ["auto", { kind: "auto" }],
    ["any", { kind: "required" }],
    [{ type: "required" }, { kind: "required" }],
    [
      { type: "function", function: { name: "f" } },
      { kind: "named", name: "f" },
    ],
    [{ function: { name: "f" } }, { kind: "named", name: "f" }],
    [
      { type: "custom", custom: { name: "p" } },
      { kind: "named", name: "p" },
    ],
    [
      {
        type: "allowed_tools",
        allowed_tools: { mode: "required", tools: [{ type: "function", function: { name: "f" } }] },
      },
      { kind: "allowed", mode: "required", names: ["f"] },
    ],
  ])("tool_choice %j", (tool_choice, choice) => {
    expect(conversationOf({ tool_choice }).toolChoice).toEqual(choice as never);
  });

  const reasoning = { effort: undefined, budget: undefined, isAdaptive: false, isShown: undefined };
  test.each([
    [{ reasoning_effort: "xhigh" }, { ...reasoning, effort: "xhigh" }],
    [{ reasoning: { max_tokens: 2000, exclude: true } }, { ...reasoning, budget: 2000, isShown: false }],
    [{ reasoning: { enabled: true } }, { ...reasoning, isAdaptive: true }],
    [{ thinking: { type: "disabled" } }, { ...reasoning, effort: "none" }],
    [{ thinking: { type: "enabled", budget_tokens: 1024 } }, { ...reasoning, budget: 1024 }],
    [{ enable_thinking: false }, { ...reasoning, effort: "none" }],
    [{ reasoning_format: "parsed" }, { ...reasoning, isShown: true }],
    [{ reasoning_effort: "default" }, undefined],
    [{ reasoning_effort: "ultra" }, undefined],
    [{ chat_template_kwargs: { enable_thinking: false } }, { ...reasoning, effort: "none" }],
    [{ chat_template_kwargs: { thinking: true } }, { ...reasoning, isAdaptive: true }],
    [{ chat_template_kwargs: { reasoning_effort: "low" } }, { ...reasoning, effort: "low" }],
    [{ thinking_budget: 0 }, { ...reasoning, effort: "none" }],
    [{ thinking_budget: -1 }, { ...reasoning, isAdaptive: true }],
    [
      { enable_thinking: false, thinking_budget: 500 },
      { ...reasoning, effort: "none" },
    ],
  ])("%j", (members, wanted) => {
    expect(conversationOf(members).reasoning).toEqual(wanted as never);
  });

  test("names of speakers have no place, which is told once", () => {
    const messages = ["a", "b"].map((name) => ({ role: "user", content: "Hi", name }));
    expect(conversationOf({ messages }).foreign).toEqual([{ path: "messages[].name", isEssential: false }]);
    const result = { role: "tool", tool_call_id: "c", name: "f", content: "R" };
    expect(conversationOf({ messages: [result] }).foreign).toEqual([]);
  });

  test("what is understood in part is told", () => {
    expect(conversationOf({ reasoning_effort: "ultra" }).foreign).toEqual([
      { path: "reasoning_effort", isEssential: false },
    ]);
    expect(conversationOf({ chat_template_kwargs: { enable_thinking: true, other: 1 } }).foreign).toEqual([
      { path: "chat_template_kwargs.other", isEssential: false },
    ]);
  });

  test("limits, sampling and bookkeeping", () => {
    const conversation = conversationOf({
      max_tokens: 5,
      max_completion_tokens: 7,
      stop: "x",
      n: 1,
      logprobs: true,
      top_logprobs: 3,
      random_seed: 4,
      top_k: 9,
      user: "u",
      stream: true,
      stream_options: { include_usage: true, include_obfuscation: false },
      response_format: { type: "json_schema", json_schema: { name: "n", schema: { type: "object" }, strict: true } },
    });
    expect(conversation.limits).toEqual({ maxOutputTokens: 7, stop: ["x"], answers: 1 });
    expect(conversation.sampling).toMatchObject({ logprobs: 3, seed: 4, topK: 9 });
    expect(conversation.bookkeeping).toMatchObject({ user: "u" });
    expect(conversation.output).toMatchObject({ kind: "schema", name: "n", strict: true });
    expect(conversation.wantsUsage).toBe(true);
    expect(conversation.foreign).toEqual([]);
  });

  test("members that are not understood are named, unless they say nothing", () => {
    const { foreign } = conversationOf({
      audio: { voice: "alloy" },
      modalities: ["text"],
      prediction: { type: "content", content: "x" },
      guided_json: {},
      plugins: [],
      moderation: null,
      constructor: 1,
    });
    expect(foreign).toEqual([
      { path: "audio", isEssential: true },
      { path: "prediction", isEssential: false },
      { path: "guided_json", isEssential: true },
      { path: "constructor", isEssential: false },
    ]);
  });

  test.each([
    [{ type: "function", function: { name: "f" }, later: 1 }, ["tool_choice.later"]],
    [{ type: "function", name: "f" }, []],
    [
      { type: "allowed_tools", allowed_tools: { mode: "auto", tools: [] }, later: 1, never: null },
      ["tool_choice.later"],
    ],
  ])("of the choice %j, what is not known is named", (tool_choice, paths) => {
    const { foreign } = conversationOf({ tools: [{ type: "function", function: { name: "f" } }], tool_choice });
    expect(foreign).toEqual(paths.map((path) => ({ path, isEssential: false })));
  });

  test("tools of other kinds cannot cross", () => {
    const { tools, foreign } = conversationOf({
      tools: [{ type: "web_search" }, { function: { name: "f" } }, { google_search: {} }],
      functions: [{ name: "g" }],
    });
    expect(tools.map(({ name }) => name)).toEqual(["f", "g"]);
    expect(foreign).toEqual([
      { path: "tools[0].type", isEssential: true },
      { path: "tools[2]", isEssential: true },
    ]);
  });
});
