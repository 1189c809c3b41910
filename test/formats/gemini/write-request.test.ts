import { describe, expect, test } from "bun:test";
import type { JsonObject } from "../../../src/core/json/parse.ts";
import type { MediaBlock, Seal } from "../../../src/formats/form/blocks.ts";
import type { Conversation, Reasoning, ToolChoice, Turn } from "../../../src/formats/form/conversation.ts";
import { CannotTranslate } from "../../../src/formats/form/dialect.ts";
import { GEMINI_WIRE } from "../../../src/formats/gemini/wire-dialect.ts";
import {
  assistant,
  call,
  conversation,
  NEW,
  OLD,
  result,
  results,
  system,
  target,
  text,
  THINKER,
  tool,
  user,
} from "./conversations.ts";
import { NO_BOOKKEEPING, NO_LIMITS, NO_SAMPLING } from "./conversations.ts";
import { brokenRules } from "./provider-rules.ts";
import { cpuGrowth, LINEAR } from "../../fixtures/cpu-growth.ts";

/** What is sent, and what could not be said: `-` in front of what was dropped, `~` of what was adjusted. */
function write(members: Partial<Conversation>, model = NEW): { body: JsonObject; notes: string[] } {
  const { body, notes } = GEMINI_WIRE.writeRequest(conversation(members), target(model));
  expect(brokenRules(JSON.parse(JSON.stringify(body)), model)).toEqual([]);
  return { body, notes: notes.map(({ kind, member }) => (kind === "dropped" ? "-" : "~") + member) };
}

const contentsOf = (turns: readonly Turn[], model = NEW): unknown => write({ turns }, model).body["contents"];

const said = (...parts: readonly object[]) => ({ role: "user", parts });
const answered = (...parts: readonly object[]) => ({ role: "model", parts });

const SIGNATURE = "U0lH";
const own: Seal = { origin: "google/generate", kind: "signature", value: SIGNATURE };
const foreign: Seal = { origin: "anthropic/messages", kind: "signature", value: "x" };
const LOST = "skip_thought_signature_validator";

describe("turns", () => {
  test("leading instructions go apart, later ones stay in their place", () => {
    const turns = [system("a"), { ...system("b"), role: "developer" } as Turn, user("Hi"), system("c"), user("d")];
    expect(write({ turns }).body).toMatchObject({
      systemInstruction: { parts: [{ text: "a" }, { text: "b" }] },
      contents: [said({ text: "Hi" }, { text: "<system-reminder>\nc\n</system-reminder>" }, { text: "d" })],
    });
  });

  test("Claude Code's billing header, which is never the same, is left out", () => {
    const { body } = write({ turns: [system("x-anthropic-billing-header: cch=1"), user("Hi")] });
    expect(body["systemInstruction"]).toBeUndefined();
  });

  test.each<[string, readonly Turn[]]>([
    ["nothing but instructions", [system("a")]],
    ["a model that speaks first", [assistant(text("a")), user("b")]],
  ])("the user has the first word in %s", (_, turns) => {
    const { body, notes } = write({ turns });
    expect((body["contents"] as unknown[])[0]).toEqual(said({ text: "." }));
    expect(notes).toEqual(["~messages"]);
  });

  test("what the model begins is gone on with", () => {
    expect(contentsOf([user("a"), assistant(text("b"))])).toEqual([said({ text: "a" }), answered({ text: "b" })]);
  });

  test("texts that are empty are none", () => {
    expect(contentsOf([user(""), user("a"), assistant(text("")), user("b")])).toEqual([
      said({ text: "a" }, { text: "b" }),
    ]);
  });
});

const BYTES = "iVBORw0KGgo=";
const image = (source: MediaBlock["source"], more: Partial<MediaBlock> = {}): MediaBlock => ({
  type: "image",
  source,
  mediaType: undefined,
  ...more,
});
const base64 = (data: string) => ({ kind: "base64", data }) as const;
const url = (address: string) => ({ kind: "url", url: address }) as const;
const withMedia = (block: MediaBlock, model = NEW) => write({ turns: [{ role: "user", blocks: [block] }] }, model);

describe("media", () => {
  test.each<[string, MediaBlock, object]>([
    [
      "an image, by its bytes",
      image(base64(BYTES), { mediaType: "image/jpeg" }),
      {
        inlineData: { mimeType: "image/png", data: BYTES },
      },
    ],
    [
      "how closely it is looked at",
      image(base64(BYTES), { detail: "low" }),
      {
        ...{ inlineData: { mimeType: "image/png", data: BYTES }, mediaResolution: { level: "MEDIA_RESOLUTION_LOW" } },
      },
    ],
    [
      "a PDF",
      image(base64("JVBERi0="), { type: "document" }),
      {
        inlineData: { mimeType: "application/pdf", data: "JVBERi0=" },
      },
    ],
    [
      "a text",
      image({ kind: "text", text: "abc" }, { type: "document", mediaType: "text/plain" }),
      {
        inlineData: { mimeType: "text/plain", data: "YWJj" },
      },
    ],
    [
      "what is read as text",
      image(base64("e30="), { type: "document", mediaType: "application/json" }),
      {
        inlineData: { mimeType: "text/plain", data: "e30=" },
      },
    ],
    [
      "sound",
      image(base64("AAAA"), { type: "audio", mediaType: "audio/wav" }),
      {
        inlineData: { mimeType: "audio/wav", data: "AAAA" },
      },
    ],
    [
      "film",
      image(base64("AAAA"), { type: "video", mediaType: "video/mp4" }),
      {
        inlineData: { mimeType: "video/mp4", data: "AAAA" },
      },
    ],
    [
      "a film on YouTube",
      image(url("https://www.youtube.com/watch?v=1"), { type: "video" }),
      {
        fileData: { fileUri: "https://www.youtube.com/watch?v=1" },
      },
    ],
    [
      "a file of Google's",
      image(url("https://generativelanguage.googleapis.com/v1beta/files/a"), { mediaType: "image/png" }),
      {
        fileData: { mimeType: "image/png", fileUri: "https://generativelanguage.googleapis.com/v1beta/files/a" },
      },
    ],
  ])("%s", (_, block, part) => {
    expect(withMedia(block)).toMatchObject({ body: { contents: [said(part)] }, notes: [] });
  });

  test("older models are not told how closely to look", () => {
    expect(withMedia(image(base64(BYTES), { detail: "low" }), THINKER)).toMatchObject({
      body: { contents: [said({ inlineData: { mimeType: "image/png" } })] },
      notes: ["-detail"],
    });
  });

  test("what is at another address must come as bytes", () => {
    const needed = (block: MediaBlock): boolean | undefined => GEMINI_WIRE.needsBytes?.(block, target());
    expect(needed(image(url("https://example.com/a.png")))).toBeTrue();
    expect(needed(image(url("https://example.com/a.pdf"), { type: "document" }))).toBeTrue();
    expect(needed(image(url("https://youtu.be/1"), { type: "document" }))).toBeFalse();
    expect(needed(image(url("https://example.com/a.mp4"), { type: "video" }))).toBeFalse();
    expect(needed(image(base64(BYTES)))).toBeFalse();
  });

  test.each<[string, MediaBlock, string, string]>([
    ["an image on the web", image(url("https://example.com/a.png")), "image_url", NEW],
    ["a document on the web", image(url("http://example.com/a.pdf"), { type: "document" }), "document_url", NEW],
    ["a film on YouTube for an old model", image(url("https://youtu.be/1"), { type: "video" }), "video_url", OLD],
    ["a file in a store", image({ kind: "file", id: "f" }), "file_id", NEW],
    ["an unknown type", image(base64("AAAA")), "image", NEW],
    ["a GIF", image(base64("R0lGOD")), "image", NEW],
    [
      "a spreadsheet",
      image(base64("UEsD"), { type: "document", mediaType: "application/vnd.ms-excel" }),
      "document",
      NEW,
    ],
    ["sound of an unknown type", image(base64("AAAA"), { type: "audio" }), "audio", NEW],
  ])("%s is refused", (_, block, member, model) => {
    expect(() => withMedia(block, model)).toThrow(CannotTranslate);
    expect(() => withMedia(block, model)).toThrow(expect.objectContaining({ member }));
  });
});

const SCHEMA = { type: "object", properties: { a: { $ref: "#/$defs/b" } }, $defs: { b: { const: "c" } } };

describe("tools", () => {
  test("are functions in one tool, with their schemas as they are", () => {
    const tools = [tool("f", SCHEMA), tool("g"), tool("h", { properties: {} })];
    expect(write({ tools })).toMatchObject({
      body: {
        tools: [
          {
            functionDeclarations: [
              { name: "f", parametersJsonSchema: SCHEMA },
              { name: "g" },
              { name: "h", parametersJsonSchema: { type: "object", properties: {} } },
            ],
          },
        ],
      },
      notes: [],
    });
    expect(write({ tools }).body["toolConfig"]).toBeUndefined();
  });

  test("have schemas in the words that older models know", () => {
    const tools = [tool("f", SCHEMA), tool("g", { type: "object", properties: {}, additionalProperties: false })];
    expect(write({ tools }, OLD).body["tools"]).toEqual([
      {
        functionDeclarations: [
          { name: "f", parameters: { type: "object", properties: { a: { type: "string", enum: ["c"] } } } },
          { name: "g" },
        ],
      },
    ]);
  });

  test("that take text are functions with one argument, and grammars are told", () => {
    const format = { type: "grammar", syntax: "lark", definition: "start: A" };
    const tools = [{ kind: "custom", name: "patch", description: "Edits.", format } as const];
    const turns = [
      user("a"),
      assistant(call("1", { name: "patch", kind: "custom", input: "*** Begin", seal: own })),
      results(result("1", { kind: "custom" })),
    ];
    const { body, notes } = write({ tools, turns });
    expect(notes).toEqual(["~tools.patch"]);
    expect(body).toMatchObject({
      tools: [{ functionDeclarations: [{ name: "patch", parameters: { required: ["input"] } }] }],
      contents: [{}, answered({ functionCall: { args: { input: "*** Begin" } } }), {}],
    });
    expect(JSON.stringify(body["tools"])).toContain("start: A");
  });

  const NAMES = ["a.b:c-d_1", "9lives", "with space", "ä", `mcp__${"long_".repeat(20)}`];
  test("have names that the API takes, in declarations, choices, calls and results", () => {
    for (const name of NAMES) {
      const { body } = write({
        tools: [tool(name)],
        toolChoice: { kind: "named", name },
        turns: [user("a"), assistant(call("1", { name, seal: own })), results(result("1"))],
      });
      const names = [...JSON.stringify(body).matchAll(/"(?:name":|allowedFunctionNames":\[)"([^"]*)"/g)];
      expect(names).toHaveLength(4);
      const [sent] = new Set(names.map(([, each]) => each));
      expect(new Set(names.map(([, each]) => each)).size).toBe(1);
      // What the provider says comes back as the client's name.
      const answer = { candidates: [{ content: { parts: [{ functionCall: { name: sent } }] }, finishReason: "STOP" }] };
      const read = GEMINI_WIRE.readAnswer(answer, target(NEW, [tool(name)]));
      expect(read).toMatchObject({ blocks: [{ type: "call", name }] });
    }
    expect(new Set(NAMES.map((name) => JSON.stringify(write({ tools: [tool(name)] }).body))).size).toBe(NAMES.length);
  });

  test.each<[ToolChoice | undefined, object | undefined, string]>([
    [undefined, undefined, NEW],
    [{ kind: "auto" }, { mode: "AUTO" }, NEW],
    [{ kind: "none" }, { mode: "NONE" }, NEW],
    [{ kind: "required" }, { mode: "ANY" }, NEW],
    [{ kind: "named", name: "f" }, { mode: "ANY", allowedFunctionNames: ["f"] }, NEW],
    [{ kind: "allowed", mode: "required", names: ["f"] }, { mode: "ANY", allowedFunctionNames: ["f"] }, NEW],
    [{ kind: "allowed", mode: "auto", names: ["f"] }, { mode: "VALIDATED", allowedFunctionNames: ["f"] }, NEW],
    [{ kind: "allowed", mode: "required", names: ["f"] }, { mode: "ANY", allowedFunctionNames: ["f"] }, OLD],
  ])("choice %j", (toolChoice, functionCallingConfig, model) => {
    const { body } = write({ tools: [tool("f"), tool("g")], toolChoice }, model);
    expect(body["toolConfig"]).toEqual(functionCallingConfig && { functionCallingConfig });
  });

  test("an older model is only offered what it may call", () => {
    const toolChoice = { kind: "allowed", mode: "auto", names: ["g"] } as const;
    const { body } = write({ tools: [tool("f"), tool("g")], toolChoice }, OLD);
    expect(body).toMatchObject({
      tools: [{ functionDeclarations: [{ name: "g" }] }],
      toolConfig: { functionCallingConfig: { mode: "AUTO" } },
    });
  });

  test.each<[string, Partial<Conversation>, object | undefined, string[], string]>([
    ["all of them", { tools: [tool("f", SCHEMA, true)] }, { mode: "VALIDATED" }, [], NEW],
    ["a forced one", { tools: [tool("f", SCHEMA, true)], toolChoice: { kind: "required" } }, { mode: "ANY" }, [], NEW],
    ["one of two", { tools: [tool("f", SCHEMA, true), tool("g")] }, undefined, ["-tools[].strict"], NEW],
    ["for an older model", { tools: [tool("f", {}, true)] }, undefined, ["-tools[].strict"], OLD],
  ])("strict: %s", (_, members, functionCallingConfig, notes, model) => {
    const written = write(members, model);
    expect(written.body["toolConfig"]).toEqual(functionCallingConfig && { functionCallingConfig });
    expect(written.notes).toEqual(notes);
  });

  test("without any, there is no choice", () => {
    const { body, notes } = write({ toolChoice: { kind: "none" }, parallelCalls: false });
    expect(Object.keys(body)).toEqual(["contents"]);
    expect(notes).toEqual([]);
    expect(write({ tools: [tool("f")], parallelCalls: false }).notes).toEqual(["-parallel_tool_calls"]);
  });
});

describe("calls and results", () => {
  test("results follow their calls in one turn, in the calls' order", () => {
    const turns = [
      user("a"),
      assistant(text("b"), call("1", { input: '{"x":12345678901234567890}', seal: own }), call("2", { name: "g" })),
      results(result("2", { blocks: [text('{"y":1}')] })),
      results(result("1", { isError: true, blocks: [text("no"), text("never")] })),
      user("c"),
    ];
    expect(JSON.parse(JSON.stringify(contentsOf(turns)))).toEqual([
      said({ text: "a" }),
      answered(
        { text: "b" },
        { functionCall: { id: "1", name: "f", args: { x: 12345678901234567890 } }, thoughtSignature: SIGNATURE },
        { functionCall: { id: "2", name: "g", args: {} } },
      ),
      said(
        { functionResponse: { id: "1", name: "f", response: { error: "no\nnever" } } },
        { functionResponse: { id: "2", name: "g", response: { y: 1 } } },
        { text: "c" },
      ),
    ]);
    expect(JSON.stringify(contentsOf(turns))).toContain('{"x":12345678901234567890}');
  });

  test.each([
    ["", { output: "" }],
    ["[1]", { output: "[1]" }],
    ["{broken", { output: "{broken" }],
    ['{"a":1}', { a: 1 }],
  ])("result %j", (output, response) => {
    const turns = [user("a"), assistant(call("1", { seal: own })), results(result("1", { blocks: [text(output)] }))];
    expect(contentsOf(turns)).toMatchObject([{}, {}, said({ functionResponse: { response } })]);
  });

  const picture = image(base64(BYTES));
  const part = { inlineData: { mimeType: "image/png", data: BYTES } };
  const withPicture = [
    user("a"),
    assistant(call("1", { seal: own }), call("2")),
    results(result("1", { blocks: [picture] }), result("2")),
  ];

  test("pictures are in the result", () => {
    expect(contentsOf(withPicture)).toMatchObject([
      {},
      {},
      said({ functionResponse: { response: { output: "" }, parts: [part] } }, { functionResponse: { id: "2" } }),
    ]);
  });

  test("pictures come behind all results for models before Gemini 3", () => {
    const { body, notes } = write({ turns: withPicture }, THINKER);
    expect(body["contents"]).toMatchObject([
      {},
      {},
      said({ functionResponse: { response: { output: "(see attachment)" } } }, { functionResponse: { id: "2" } }, part),
    ]);
    expect(notes).toEqual(["~tool_result.images"]);
  });

  test("a result of no call is refused, one that comes late or twice is told in words", () => {
    expect(() => write({ turns: [user("a"), results(result("9"))] })).toThrow(
      expect.objectContaining({ member: "messages[].tool_call_id" }),
    );
    const turns = [
      user("a"),
      assistant(call("1", { seal: own })),
      results(result("1"), result("1", { blocks: [text("again")] })),
    ];
    const { body, notes } = write({ turns });
    expect(body["contents"]).toMatchObject([
      {},
      {},
      said({ functionResponse: { id: "1" } }, { text: "Tool result:" }, { text: "again" }),
    ]);
    expect(notes).toEqual(["~messages[].tool_call_id"]);
  });

  test.each([
    ["", {}],
    ["no JSON", { _raw: "no JSON" }],
    ["[1]", { _raw: "[1]" }],
  ])("arguments %j", (input, args) => {
    const turns = [user("a"), assistant(call("1", { input, seal: own })), results(result("1"))];
    expect(contentsOf(turns)).toMatchObject([{}, answered({ functionCall: { args } }), {}]);
  });
});

describe("signatures", () => {
  const after = results(result("1"));
  const thought = (words: string, seal: Seal | undefined) => ({ type: "thinking", text: words, seal }) as const;

  test.each<[string, Turn, object, string[]]>([
    ["on a call", assistant(call("1", { seal: own })), [{ functionCall: {}, thoughtSignature: SIGNATURE }], []],
    [
      "of any provider of the API",
      assistant(call("1", { seal: { ...own, origin: "generate" } })),
      [{ thoughtSignature: SIGNATURE }],
      [],
    ],
    ["before a call", assistant(thought("", own), call("1")), [{ functionCall: {}, thoughtSignature: SIGNATURE }], []],
    [
      "on a thought",
      assistant(thought("hm", own), call("1", { seal: own })),
      [{ text: "hm", thought: true, thoughtSignature: SIGNATURE }, { functionCall: {} }],
      [],
    ],
    [
      "on a text",
      assistant({ ...text("a"), seal: own } as never, call("1", { seal: own })),
      [{ text: "a", thoughtSignature: SIGNATURE }, { functionCall: {} }],
      [],
    ],
    [
      "that client lost",
      assistant(call("1"), call("2")),
      [{ thoughtSignature: LOST }, { functionCall: { id: "2" } }],
      ["~thought_signature"],
    ],
    [
      "of others",
      assistant(thought("hm", foreign), call("1", { seal: foreign })),
      [{ thoughtSignature: LOST }],
      ["-messages[].thinking", "~thought_signature"],
    ],
    ["of nobody", assistant(thought("hm", undefined), call("1", { seal: own })), [{ functionCall: {} }], []],
  ])("%s", (_, turn, parts, notes) => {
    const calls = turn.blocks.flatMap((block) => (block.type === "call" ? block.id : []));
    const written = write({ turns: [user("a"), turn, results(...calls.map((id) => result(id)))] });
    expect(written.body["contents"]).toMatchObject([{}, { parts }, {}]);
    expect((written.body["contents"] as { parts: unknown[] }[])[1]?.parts).toHaveLength((parts as unknown[]).length);
    expect(written.notes).toEqual(notes);
  });

  test("that came behind a text go back onto it, or into a part of their own", () => {
    const encrypted: Seal = { ...own, kind: "encrypted" };
    expect(contentsOf([user("a"), assistant(text("b"), thought("", encrypted)), user("c")])).toMatchObject([
      {},
      answered({ text: "b", thoughtSignature: SIGNATURE }),
      {},
    ]);
    expect(contentsOf([user("a"), assistant(call("1", { seal: own }), thought("", encrypted)), after])).toMatchObject([
      {},
      answered({ functionCall: {} }, { text: "", thoughtSignature: SIGNATURE }),
      {},
    ]);
  });

  test("are not made up for models before Gemini 3", () => {
    expect(write({ turns: [user("a"), assistant(call("1")), after] }, THINKER)).toMatchObject({
      body: { contents: [{}, { parts: [{ functionCall: { id: "1", name: "f", args: {} } }] }, {}] },
      notes: [],
    });
  });

  test("many that came alone take time by their number", async () => {
    const make = (size: number) => {
      const said = Array.from({ length: size }, (_, at) => [thought("", own), call(`c${at}`, { seal: own })]).flat();
      const turns = [
        user("Go"),
        assistant(...said),
        results(...said.flatMap((block) => ("id" in block ? [result(block.id)] : []))),
      ];
      return () => contentsOf(turns);
    };
    expect(await cpuGrowth(10_000, make)).toBeLessThan(LINEAR);
  });
});

const ask = (members: Partial<Reasoning>): Reasoning => ({
  effort: undefined,
  budget: undefined,
  isAdaptive: false,
  isShown: undefined,
  ...members,
});

describe("thinking", () => {
  const PRO = "gemini-2.5-pro";
  const PRO_3 = "gemini-3-pro-preview";
  const shown = { includeThoughts: true };
  test.each<[string, Partial<Reasoning>, object | undefined, string[]]>([
    [NEW, { effort: "low" }, { thinkingLevel: "LOW", ...shown }, []],
    [NEW, { effort: "minimal" }, { thinkingLevel: "MINIMAL", ...shown }, []],
    [NEW, { effort: "none" }, { thinkingLevel: "MINIMAL", ...shown }, ["~thinking"]],
    [NEW, { effort: "max" }, { thinkingLevel: "HIGH", ...shown }, ["~thinking"]],
    [NEW, { budget: 8192 }, { thinkingLevel: "MEDIUM", ...shown }, ["~thinking"]],
    [NEW, { budget: -1 }, shown, []],
    [NEW, { isAdaptive: true }, undefined, []],
    [NEW, { isAdaptive: true, isShown: true }, shown, []],
    [NEW, { isShown: true }, shown, []],
    [NEW, { effort: "low", isShown: false }, { thinkingLevel: "LOW" }, []],
    [PRO_3, { effort: "none" }, { thinkingLevel: "LOW", ...shown }, ["~thinking"]],
    [PRO_3, { effort: "minimal" }, { thinkingLevel: "LOW", ...shown }, ["~thinking"]],
    [PRO_3, { effort: "medium" }, { thinkingLevel: "HIGH", ...shown }, ["~thinking"]],
    ["gemini-3.1-pro", { effort: "medium" }, { thinkingLevel: "MEDIUM", ...shown }, []],
    [THINKER, { effort: "none" }, { thinkingBudget: 0 }, []],
    [THINKER, { effort: "minimal" }, { thinkingBudget: 1024, ...shown }, []],
    [THINKER, { effort: "medium" }, { thinkingBudget: 8192, ...shown }, []],
    [THINKER, { effort: "max" }, { thinkingBudget: 24_576, ...shown }, []],
    [THINKER, { budget: 100 }, { thinkingBudget: 100, ...shown }, []],
    [THINKER, { budget: 99_999 }, { thinkingBudget: 24_576, ...shown }, ["~thinking.budget_tokens"]],
    [THINKER, { isAdaptive: true }, { thinkingBudget: -1 }, []],
    ["qwen3-32b", { effort: "none" }, { thinkingBudget: 0 }, []],
    ["qwen3-32b", { effort: "low" }, { thinkingBudget: -1, ...shown }, ["~thinking"]],
    ["deepseek-r1", { effort: "none" }, shown, ["~thinking"]],
    [PRO, { effort: "none" }, { thinkingBudget: 128, ...shown }, ["~thinking"]],
    [PRO, { effort: "xhigh" }, { thinkingBudget: 32_768, ...shown }, []],
    [OLD, { effort: "high" }, undefined, ["-thinking"]],
    [OLD, { effort: "none" }, undefined, []],
    [OLD, { isShown: true }, undefined, []],
  ])("%s %j", (model, reasoning, thinkingConfig, notes) => {
    const written = write({ reasoning: ask(reasoning) }, model);
    expect(written.body["generationConfig"]).toEqual(thinkingConfig && { thinkingConfig });
    expect(written.notes).toEqual(notes);
  });

  test("leaves room for an answer", () => {
    const limits = { ...NO_LIMITS, maxOutputTokens: 4096 };
    expect(write({ limits, reasoning: ask({ effort: "high" }) }, THINKER).body).toMatchObject({
      generationConfig: { maxOutputTokens: 4096, thinkingConfig: { thinkingBudget: 3072 } },
    });
  });
});

describe("settings", () => {
  test("that the API has", () => {
    const { body, notes } = write({
      limits: { maxOutputTokens: 9, stop: ["a", "", "b"], answers: 1 },
      sampling: {
        ...NO_SAMPLING,
        ...{ temperature: 2.5, topP: 0.5, topK: 3, seed: 0, frequencyPenalty: 0, presencePenalty: 1, logitBias: {} },
      },
      bookkeeping: { ...NO_BOOKKEEPING, serviceTier: "flex" },
    });
    expect(body).toEqual({
      contents: [said({ text: "Hello" })],
      generationConfig: {
        maxOutputTokens: 9,
        stopSequences: ["a", "b"],
        temperature: 2,
        topP: 0.5,
        topK: 3,
        seed: 0,
        presencePenalty: 1,
      },
      serviceTier: "flex",
    });
    expect(notes).toEqual(["~temperature"]);
  });

  test("that it has not are named", () => {
    const { body, notes } = write({
      sampling: { ...NO_SAMPLING, logitBias: { 5: 1 } },
      bookkeeping: {
        ...{ user: "u", metadata: {}, serviceTier: "scale", verbosity: "low", promptCacheKey: "k", store: true },
      },
    });
    expect(Object.keys(body)).toEqual(["contents"]);
    expect(notes.toSorted()).toEqual(
      ["-logit_bias", "-user", "-metadata", "-service_tier", "-verbosity", "-prompt_cache_key", "-store"].toSorted(),
    );
  });

  test("cache marks are not needed", () => {
    const cache = { ttl: undefined };
    const turns: Turn[] = [{ role: "user", blocks: [{ type: "text", text: "a", cache }] }];
    expect(write({ turns, tools: [{ ...tool("f"), cache } as never] }).notes).toEqual([]);
  });

  test("a seed of more than 32 bits", () => {
    const { body, notes } = write({ sampling: { ...NO_SAMPLING, seed: 2 ** 40 + 7 } });
    expect([body["generationConfig"], notes]).toEqual([{ seed: 7 }, ["~seed"]]);
  });

  test("an output that is longer than the model's longest one", () => {
    const limits = { ...NO_LIMITS, maxOutputTokens: 32_000 };
    expect(write({ limits }, OLD)).toMatchObject({
      body: { generationConfig: { maxOutputTokens: 8192 } },
      notes: ["~max_tokens"],
    });
  });

  test.each<[string, Partial<Conversation>, string]>([
    ["several answers", { limits: { ...NO_LIMITS, answers: 2 } }, "n"],
    ["log probabilities", { sampling: { ...NO_SAMPLING, logprobs: 0 } }, "logprobs"],
    ["six stop texts", { limits: { ...NO_LIMITS, stop: [..."abcdef"] } }, "stop"],
  ])("%s: refused", (_, members, member) => {
    expect(() => write(members)).toThrow(expect.objectContaining({ member }));
  });

  const output = { kind: "schema", name: "n", description: "d", schema: SCHEMA, strict: true } as const;
  test.each<[Conversation["output"], string, object]>([
    [{ kind: "json" }, NEW, { responseMimeType: "application/json" }],
    [output, NEW, { responseMimeType: "application/json", responseJsonSchema: SCHEMA }],
    [
      output,
      OLD,
      {
        responseMimeType: "application/json",
        responseSchema: { type: "object", properties: { a: { type: "string", enum: ["c"] } } },
      },
    ],
  ])("output %j of %s", (wanted, model, generationConfig) => {
    expect(write({ output: wanted }, model)).toMatchObject({ body: { generationConfig }, notes: [] });
  });
});
