import { describe, expect, test } from "bun:test";
import { CannotTranslate } from "../../../src/formats/form/dialect.ts";
import type { Conversation } from "../../../src/formats/form/conversation.ts";
import { readRequest } from "../../../src/formats/gemini/read-request.ts";

const HELLO = [{ role: "user", parts: [{ text: "Hello" }] }];

const read = (body: Record<string, unknown>): Conversation =>
  readRequest({ model: "openai/m", stream: true, contents: HELLO, ...body });

const config = (generationConfig: Record<string, unknown>): Conversation => read({ generationConfig });

const foreignOf = (body: Record<string, unknown>) =>
  read(body).foreign.map(({ path, isEssential }) => `${isEssential ? "!" : ""}${path}`);

describe("a request of Gemini's API", () => {
  test("says of its model and its stream what the path says", () => {
    const { model, stream, turns, foreign } = read({});
    expect({ model, stream, turns, foreign }).toEqual({
      model: "openai/m",
      stream: true,
      turns: [{ role: "user", blocks: [{ type: "text", text: "Hello" }] }],
      foreign: [],
    });
  });

  test.each([
    ["snake_case", { system_instruction: { parts: [{ text: "Be brief" }] } }],
    ["camelCase", { systemInstruction: { role: "user", parts: [{ text: "Be brief" }] } }],
    ["a string", { systemInstruction: "Be brief" }],
    ["one part", { systemInstruction: { parts: { text: "Be brief" } } }],
  ])("has instructions: %s", (_, body) => {
    expect(read(body).turns[0]).toEqual({ role: "system", blocks: [{ type: "text", text: "Be brief" }] });
  });

  test.each([
    ["a string", "Hello"],
    ["a content", { parts: [{ text: "Hello" }] }],
    ["strings", ["Hello"]],
    ["a part that is a string", [{ parts: ["Hello"] }]],
  ])("may have as its contents %s", (_, contents) => {
    expect(read({ contents }).turns).toEqual([{ role: "user", blocks: [{ type: "text", text: "Hello" }] }]);
  });

  test("has calls and results, matched by id or by name and order", () => {
    const call = (name: string, id?: string) => ({ functionCall: { name, args: { a: 1 }, ...(id && { id }) } });
    const result = (name: string, output: string, id?: string) => ({
      functionResponse: { name, response: { output }, ...(id && { id }) },
    });
    const { turns } = read({
      contents: [
        ...HELLO,
        { role: "model", parts: [{ text: "Wait" }, call("f"), call("f"), call("g", "own")] },
        { role: "user", parts: [result("g", "3", "own"), result("f", "1")] },
        { role: "function", parts: [{ text: "and" }, result("f", "2", "unknown")] },
        { role: "model", parts: [call("f")] },
        { role: "user", parts: [{ function_response: { name: "f", response: { error: "no" } } }] },
      ],
    });
    const ids = turns.map(({ role, blocks }) => [
      role,
      ...blocks.map((block) => {
        if (block.type === "call") return block.id;
        return block.type === "result" ? `${block.callId}: ${JSON.stringify(block.blocks[0])}` : block.type;
      }),
    ]);
    const text = (said: string) => JSON.stringify({ type: "text", text: said });
    expect(ids).toEqual([
      ["user", "text"],
      ["assistant", "text", "call_n1", "call_n2", "own"],
      ["tool", `own: ${text("3")}`, `call_n1: ${text("1")}`, `call_n2: ${text("2")}`],
      ["user", "text"],
      ["assistant", "call_n4"],
      ["tool", `call_n4: ${text("no")}`],
    ]);
    expect(turns.at(-1)?.blocks[0]).toMatchObject({ isError: true });
  });

  test("is refused with a result of no call", () => {
    const contents = [{ role: "user", parts: [{ functionResponse: { name: "f", response: {} } }] }];
    expect(() => read({ contents })).toThrow(CannotTranslate);
    try {
      read({ contents });
    } catch (error) {
      expect(error).toMatchObject({ member: "contents[0].parts[0].functionResponse" });
    }
  });

  test("has results that are objects as their JSON, and pictures in them", () => {
    const { turns } = read({
      contents: [
        { role: "model", parts: [{ functionCall: { name: "f" } }] },
        {
          parts: [
            {
              functionResponse: {
                name: "f",
                response: { x: 1, y: [2] },
                parts: [{ inline_data: { mime_type: "image/png", data: "AA-_" } }],
              },
            },
          ],
        },
      ],
    });
    expect(turns).toEqual([
      { role: "assistant", blocks: [{ type: "call", id: "call_n1", name: "f", input: "{}", kind: "function" }] },
      {
        role: "tool",
        blocks: [
          {
            type: "result",
            callId: "call_n1",
            isError: false,
            kind: "function",
            blocks: [
              { type: "text", text: '{"x":1,"y":[2]}' },
              { type: "image", source: { kind: "base64", data: "AA+/" }, mediaType: "image/png" },
            ],
          },
        ],
      },
    ]);
  });

  test("has media of all kinds", () => {
    const parts = [
      { inlineData: { mimeType: "application/pdf", data: "AAAA", displayName: "a.pdf" } },
      { inlineData: { mimeType: "audio/wav", data: "AAAA" } },
      { inlineData: { mimeType: "text/plain; charset=utf-8", data: btoa("plain") } },
      { fileData: { mimeType: "image/jpeg", fileUri: "https://example.com/a.jpg" } },
      {
        inlineData: { mimeType: "image/png", data: "AAAA" },
        mediaResolution: { level: "MEDIA_RESOLUTION_LOW" },
      },
    ];
    expect(read({ contents: [{ parts }] }).turns[0]?.blocks).toEqual([
      { type: "document", source: { kind: "base64", data: "AAAA" }, mediaType: "application/pdf", name: "a.pdf" },
      { type: "audio", source: { kind: "base64", data: "AAAA" }, mediaType: "audio/wav" },
      { type: "document", source: { kind: "text", text: "plain" }, mediaType: "text/plain" },
      { type: "image", source: { kind: "url", url: "https://example.com/a.jpg" }, mediaType: "image/jpeg" },
      { type: "image", source: { kind: "base64", data: "AAAA" }, mediaType: "image/png", detail: "low" },
    ]);
  });

  test.each([
    [{ cachedContent: "cachedContents/1" }, ["!cachedContent"]],
    [{ safety_settings: [{}], labels: { a: "b" } }, ["safetySettings", "labels"]],
    [{ safetySettings: [], cachedContent: null }, []],
    [
      { tools: [{ google_search: {} }, { codeExecution: {}, urlContext: null }] },
      ["!tools[0].googleSearch", "!tools[1].codeExecution"],
    ],
    [
      { generationConfig: { speechConfig: {}, responseLogprobs: true, mediaResolution: "X" } },
      ["!generationConfig.speechConfig", "!generationConfig.responseLogprobs", "generationConfig.mediaResolution"],
    ],
    [{ generationConfig: { responseLogprobs: false, responseModalities: ["text"] } }, []],
    [{ contents: [{ parts: [{ fileData: { fileUri: "gs://b/x" } }] }] }, ["!contents[0].parts[0].fileData.fileUri"]],
    [{ contents: [{ role: "model", parts: [{ executableCode: {} }] }] }, ["contents[0].parts[0].executableCode"]],
    [{ contents: [{ parts: [{ odd: {} }] }] }, ["!contents[0].parts[0].odd"]],
    [{ toolConfig: { retrievalConfig: {} } }, ["toolConfig.retrievalConfig"]],
  ])("has members that only Google has: %j", (body, paths) => {
    expect(foreignOf(body)).toEqual(paths);
  });

  test("has tools, with schemas of both kinds", () => {
    const { tools } = read({
      tools: [
        {
          function_declarations: [
            {
              name: "f",
              description: "Does",
              parameters: {
                type: "OBJECT",
                property_ordering: ["b", "a"],
                properties: {
                  a: { type: "STRING", nullable: true, enum: ["x"], minLength: "2" },
                  b: { type: "ARRAY", items: { anyOf: [{ type: "INTEGER" }, { type: "NULL" }] } },
                  property_ordering: { type: "BOOLEAN" },
                },
                required: ["b"],
              },
            },
            { name: "g", parameters_json_schema: { type: "object", properties: { a_b: { $ref: "#" } } } },
            { name: "h" },
          ],
        },
      ],
    });
    expect(tools.map((tool) => tool.kind === "function" && [tool.name, tool.description, tool.parameters])).toEqual([
      [
        "f",
        "Does",
        {
          type: "object",
          properties: {
            b: { type: "array", items: { anyOf: [{ type: "integer" }, { type: "null" }] } },
            a: { type: ["string", "null"], enum: ["x", null], minLength: 2 },
            property_ordering: { type: "boolean" },
          },
          required: ["b"],
        },
      ],
      ["g", undefined, { type: "object", properties: { a_b: { $ref: "#" } } }],
      ["h", undefined, undefined],
    ]);
    const [first] = tools;
    const parameters = first?.kind === "function" ? first.parameters : {};
    expect(Object.keys(Object(parameters?.["properties"]))).toEqual(["b", "a", "property_ordering"]);
  });

  test.each([
    [{ mode: "AUTO" }, { kind: "auto" }],
    [{ mode: "none" }, { kind: "none" }],
    [{ mode: "ANY" }, { kind: "required" }],
    [
      { mode: "ANY", allowedFunctionNames: ["f"] },
      { kind: "named", name: "f" },
    ],
    [
      { mode: "ANY", allowed_function_names: ["f", "g"] },
      { kind: "allowed", mode: "required", names: ["f", "g"] },
    ],
    [{ mode: "VALIDATED" }, { kind: "auto" }],
    [{ mode: "MODE_UNSPECIFIED" }, undefined],
  ])("chooses tools: %j", (functionCallingConfig, choice) => {
    expect(read({ tool_config: { functionCallingConfig } }).toolChoice).toEqual(choice as Conversation["toolChoice"]);
  });

  test.each([
    [{ thinkingBudget: -1 }, { isAdaptive: true }],
    [{ thinkingBudget: 0 }, { effort: "none" }],
    [
      { thinking_budget: 512, include_thoughts: true },
      { budget: 512, isShown: true },
    ],
    [{ thinkingLevel: "LOW" }, { effort: "low" }],
    [{ includeThoughts: false }, { isShown: false }],
  ])("says how much to think: %j", (thinkingConfig, reasoning) => {
    const none = { effort: undefined, budget: undefined, isAdaptive: false, isShown: undefined };
    expect(config({ thinkingConfig }).reasoning).toEqual({ ...none, ...reasoning } as Conversation["reasoning"]);
  });

  test("has an output format", () => {
    const schema = { type: "object" };
    const written = { kind: "schema", name: undefined, description: undefined, schema, strict: true } as const;
    expect(config({ responseMimeType: "application/json" }).output).toEqual({ kind: "json" });
    expect(config({ responseMimeType: "text/plain" }).output).toBeUndefined();
    expect(config({ response_schema: { type: "OBJECT" }, response_mime_type: "application/json" }).output).toEqual(
      written,
    );
    expect(config({ responseJsonSchema: schema }).output).toEqual(written);
  });

  test("has sampling and limits", () => {
    const { sampling, limits, bookkeeping } = read({
      generation_config: {
        temperature: 0.5,
        top_p: 0.9,
        topK: 40,
        max_output_tokens: 99,
        stopSequences: ["END"],
        candidateCount: 2,
        seed: 7,
        presencePenalty: 0.1,
        frequencyPenalty: 0.2,
      },
      service_tier: "standard",
      store: false,
    });
    expect(sampling).toEqual({
      temperature: 0.5,
      topP: 0.9,
      topK: 40,
      seed: 7,
      presencePenalty: 0.1,
      frequencyPenalty: 0.2,
      logitBias: undefined,
      logprobs: undefined,
    });
    expect(limits).toEqual({ maxOutputTokens: 99, stop: ["END"], answers: 2 });
    expect([bookkeeping.serviceTier, bookkeeping.store]).toEqual(["default", false]);
  });

  test.each([
    [{ contents: undefined }, "contents"],
    [{ contents: [1] }, "contents[0]"],
    [{ contents: [{ role: "nobody", parts: [] }] }, "contents[0].role"],
    [{ contents: [{ parts: [1] }] }, "contents[0].parts[0]"],
    [{ tools: [1] }, "tools[0]"],
    [{ toolConfig: { functionCallingConfig: { mode: "SOME" } } }, "toolConfig.functionCallingConfig.mode"],
  ])("is refused with members of a wrong type: %j", (body, member) => {
    let thrown: unknown;
    try {
      read(body);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ name: "CannotTranslate", member });
  });

  test("with many calls and results takes time by their number", () => {
    const count = 100_000;
    const named = Array.from({ length: count }, (_, at) => `f${at}`);
    const contents = [
      { role: "model", parts: named.map((name) => ({ functionCall: { name } })) },
      { parts: named.toReversed().map((name) => ({ functionResponse: { name, response: {} } })) },
    ];
    expect(read({ contents }).turns[1]?.blocks.length).toBe(count);
  });

  test("may have more contents than a call has arguments", () => {
    expect(read({ contents: [...Array.from({ length: 700_000 }, () => ({})), ...HELLO] }).turns).toEqual(
      read({}).turns,
    );
    const instructions = Array.from({ length: 700_000 }, () => ({ role: "system", parts: ["a"] }));
    expect(read({ contents: instructions }).turns).toHaveLength(700_000);
  });
});
