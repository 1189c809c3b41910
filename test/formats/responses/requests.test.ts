import { describe, expect, test } from "bun:test";
import type { JsonObject } from "../../../src/core/json/parse.ts";
import type { Block, ResultBlock } from "../../../src/formats/form/blocks.ts";
import type { Conversation, Tool, Turn } from "../../../src/formats/form/conversation.ts";
import { CannotTranslate } from "../../../src/formats/form/dialect.ts";
import { openSeal, wrapSeal } from "../../../src/formats/form/seal-envelope.ts";
import { RESPONSES_DIALECT } from "../../../src/formats/responses/dialect.ts";
import { target } from "./samples.ts";

const read = (body: JsonObject): Conversation => RESPONSES_DIALECT.readRequest({ model: "m", ...body });
const readTurns = (...input: JsonObject[]): readonly Turn[] => read({ input }).turns;
const write = (conversation: Conversation, model?: string, provider?: string) =>
  RESPONSES_DIALECT.writeRequest(conversation, target(model, provider));
const empty = read({ input: "Hello" });
const withTurns = (...turns: Turn[]): Conversation => ({ ...empty, turns });
const LOOK: Extract<Tool, { kind: "function" }> = {
  kind: "function",
  name: "look",
  description: undefined,
  parameters: undefined,
  strict: undefined,
  cache: undefined,
};
const resultOf = (text: string, more: Partial<ResultBlock> = {}): ResultBlock => ({
  type: "result",
  callId: "c",
  isError: false,
  kind: "function",
  blocks: [{ type: "text", text }],
  ...more,
});
const SCHEMA = { type: "object", properties: { city: { type: "string" } } };

function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof CannotTranslate) return error.member;
    throw error;
  }
  return "not refused";
}

describe("reading a request", () => {
  test("takes a text, a list without types, and instructions", () => {
    expect(read({ instructions: "Be brief.", input: "Hello" }).turns).toEqual([
      { role: "system", blocks: [{ type: "text", text: "Be brief." }] },
      { role: "user", blocks: [{ type: "text", text: "Hello" }] },
    ]);
    expect(
      readTurns({ role: "developer", content: "A" }, { role: "user", content: [{ type: "input_text", text: "B" }] }),
    ).toEqual([
      { role: "developer", blocks: [{ type: "text", text: "A" }] },
      { role: "user", blocks: [{ type: "text", text: "B" }] },
    ]);
  });

  test("makes one turn of what the model said, and one of the results", () => {
    expect(
      readTurns(
        {
          type: "reasoning",
          id: "rs_1",
          summary: [{ type: "summary_text", text: "Hm." }],
          encrypted_content: "secret",
        },
        { type: "message", role: "assistant", content: [{ type: "output_text", text: "I look.", annotations: [] }] },
        { type: "function_call", call_id: "a", name: "weather", arguments: '{"city":"Oslo"}' },
        { type: "custom_tool_call", call_id: "b", name: "apply_patch", input: "*** Begin" },
        { type: "function_call_output", call_id: "a", output: "4 °C" },
        { type: "custom_tool_call_output", call_id: "b", output: [{ type: "input_text", text: "done" }] },
      ),
    ).toEqual([
      {
        role: "assistant",
        blocks: [
          {
            type: "thinking",
            text: "Hm.",
            seal: { origin: "/responses", kind: "encrypted", value: "secret", id: "rs_1" },
          },
          { type: "text", text: "I look." },
          { type: "call", id: "a", name: "weather", input: '{"city":"Oslo"}', kind: "function" },
          { type: "call", id: "b", name: "apply_patch", input: "*** Begin", kind: "custom" },
        ],
      },
      {
        role: "tool",
        blocks: [
          { type: "result", callId: "a", blocks: [{ type: "text", text: "4 °C" }], isError: false, kind: "function" },
          { type: "result", callId: "b", blocks: [{ type: "text", text: "done" }], isError: false, kind: "custom" },
        ],
      },
    ]);
  });

  test("opens the envelope of thoughts of another wire", () => {
    const seal = { origin: "anthropic/messages", kind: "signature", value: "sig+/=" } as const;
    expect(readTurns({ type: "reasoning", id: "rs_1", summary: [], encrypted_content: wrapSeal(seal) })).toEqual([
      { role: "assistant", blocks: [{ type: "thinking", text: "", seal }] },
    ]);
    expect(openSeal("gAAAAAB")).toBeUndefined();
  });

  test.each([
    [
      { type: "input_image", image_url: "data:image/png;base64,AAAA", detail: "high" },
      { type: "image", source: { kind: "base64", data: "AAAA" }, mediaType: "image/png", detail: "high" },
    ],
    [
      { type: "input_image", image_url: "https://example.com/a.png" },
      { type: "image", source: { kind: "url", url: "https://example.com/a.png" }, mediaType: undefined },
    ],
    [
      { type: "input_image", file_id: "file-1" },
      { type: "image", source: { kind: "file", id: "file-1" }, mediaType: undefined },
    ],
    [
      { type: "input_file", filename: "a.pdf", file_data: "data:application/pdf;base64,JVBERi0" },
      { type: "document", source: { kind: "base64", data: "JVBERi0" }, mediaType: "application/pdf", name: "a.pdf" },
    ],
    [
      { type: "input_file", file_data: "JVBERi0x" },
      { type: "document", source: { kind: "base64", data: "JVBERi0x" }, mediaType: "application/pdf" },
    ],
    [
      { type: "input_file", file_url: "https://example.com/a.pdf" },
      { type: "document", source: { kind: "url", url: "https://example.com/a.pdf" }, mediaType: undefined },
    ],
    [
      { type: "input_text", text: "A", prompt_cache_breakpoint: { mode: "explicit", ttl: "12h" } },
      { type: "text", text: "A", cache: { ttl: "1h" } },
    ],
  ])("understands %p", (part, block) => {
    expect(readTurns({ role: "user", content: [part] })).toEqual([{ role: "user", blocks: [block] as never }]);
  });

  test("flattens namespaces, and calls of their tools", () => {
    const body = {
      tools: [
        { type: "namespace", name: "files", description: "Files", tools: [{ type: "function", name: "read" }] },
        { type: "function", name: "weather", parameters: SCHEMA, strict: false, defer_loading: true },
      ],
      tool_choice: { type: "allowed_tools", mode: "required", tools: [{ type: "namespace", name: "files" }] },
      input: [
        { type: "function_call", call_id: "a", namespace: "files", name: "read", arguments: "{}" },
        // OpenAI says so of tools that a search has loaded.
        { type: "function_call", call_id: "b", namespace: "weather", name: "weather", arguments: "{}" },
      ],
    };
    const { tools, toolChoice, turns } = read(body);
    expect(tools.map(({ name }) => name)).toEqual(["files__read", "weather"]);
    expect(toolChoice).toEqual({ kind: "allowed", mode: "required", names: ["files__read"] });
    expect(turns[0]?.blocks).toMatchObject([{ name: "files__read" }, { name: "weather" }]);
    const again = write(withToolsOf(body)).body;
    expect(again["tools"]).toEqual([
      {
        type: "namespace",
        name: "files",
        description: "Files",
        tools: [{ type: "function", name: "read", parameters: { type: "object", properties: {} }, strict: false }],
      },
      { type: "function", name: "weather", parameters: SCHEMA, strict: false },
    ]);
    expect(again["input"]).toMatchObject([{ namespace: "files", name: "read" }, { name: "weather" }]);
  });

  test("does not double the end of a namespace", () => {
    const inner = { type: "function", name: "search", parameters: {}, strict: false };
    const conversation = read({
      tools: [{ type: "namespace", name: "mcp__github__", description: "", tools: [inner] }],
    });
    expect(conversation.tools).toMatchObject([{ name: "mcp__github__search" }]);
    expect(write({ ...conversation, turns: empty.turns }).body["tools"]).toMatchObject([
      { name: "mcp__github__", tools: [inner] },
    ]);
  });

  test("makes a function of the local shell, and its calls", () => {
    const action = { type: "exec", command: ["ls"], timeout_ms: 1000, env: {} };
    const conversation = read({
      tools: [{ type: "local_shell" }],
      input: [
        { type: "local_shell_call", id: "lsh", call_id: "a", action, status: "completed" },
        { type: "local_shell_call_output", id: "a", output: "README" },
      ],
    });
    expect(conversation.tools).toMatchObject([{ kind: "function", name: "local_shell" }]);
    expect(conversation.foreign).toEqual([]);
    expect(conversation.turns).toMatchObject([
      {
        blocks: [
          { type: "call", id: "a", name: "local_shell", input: '{"command":["ls"],"timeout_ms":1000,"env":{}}' },
        ],
      },
      { blocks: [{ type: "result", callId: "a", blocks: [{ text: "README" }] }] },
    ]);
    expect(write(conversation).body).toMatchObject({
      tools: [{ type: "local_shell" }],
      input: [
        { type: "local_shell_call", call_id: "a", action },
        { type: "local_shell_call_output", id: "a", output: "README" },
      ],
    });
  });

  test("adds tools that items of the history bring", () => {
    const conversation = read({
      tools: [{ type: "tool_search" }, { type: "function", name: "a" }],
      input: [
        { type: "additional_tools", role: "developer", tools: [{ type: "function", name: "b" }] },
        {
          type: "tool_search_output",
          execution: "client",
          tools: [
            { type: "function", name: "a" },
            { type: "function", name: "c" },
          ],
        },
        { role: "user", content: "Go" },
      ],
    });
    expect(conversation.tools.map(({ name }) => name)).toEqual(["a", "b", "c"]);
    expect(conversation.foreign.filter(({ isEssential }) => isEssential)).toEqual([]);
  });

  test.each<[JsonObject, string]>([
    [{ previous_response_id: "resp_1" }, "previous_response_id"],
    [{ conversation: "conv_1" }, "conversation"],
    [{ prompt: { id: "pmpt_1" } }, "prompt"],
    [{ background: true }, "background"],
    [{ input: [{ type: "item_reference", id: "msg_1" }] }, "input[0].type"],
    [{ input: [{ type: "compaction", encrypted_content: "x" }] }, "input[0].type"],
    [{ input: [{ type: "computer_call_output", call_id: "a" }] }, "input[0].type"],
    [{ input: [{ role: "user", content: [{ type: "input_video" }] }] }, "input[0].content[0].type"],
    [
      { input: [{ role: "system", content: [{ type: "input_image", image_url: "https://e.com" }] }] },
      "input[0].content[0].type",
    ],
    [{ input: [{ role: "critic", content: "A" }] }, "input[0].role"],
    [{ tools: [{ type: "code_interpreter" }, { type: "function", name: "a" }] }, "tools[0].type"],
    [{ tools: [{ type: "web_search" }] }, "tools[0].type"],
    [
      {
        tools: [
          { type: "function", name: "a" },
          { type: "function", name: "a" },
        ],
      },
      "tools[1].name",
    ],
    [{ tool_choice: { type: "file_search" } }, "tool_choice"],
    [{ tool_choice: { type: "allowed_tools", mode: "auto", tools: [{ type: "mcp" }] } }, "tool_choice.tools"],
    [{ text: { format: { type: "grammar" } } }, "text.format.type"],
  ])("names what cannot be left out of %p", (body, path) => {
    expect(read(body).foreign.filter(({ isEssential }) => isEssential)).toMatchObject([{ path, isEssential: true }]);
  });

  test("says how a client that refers to items can go on", () => {
    const [foreign] = read({ input: [{ type: "item_reference", id: "msg_1" }] }).foreign;
    expect(foreign?.reason).toContain("store: false");
    expect(foreign?.reason).toContain("RESPONSES_STORE");
  });

  test.each<[JsonObject, string[]]>([
    [{ truncation: "auto", max_tool_calls: 3, something: 1 }, ["truncation", "max_tool_calls", "something"]],
    [{ include: ["reasoning.encrypted_content", "web_search_call.results"] }, ["include[1]"]],
    [{ reasoning: { effort: "huge", context: "all" } }, ["reasoning.effort", "reasoning.context"]],
    [{ tools: [{ type: "function", name: "a" }, { type: "web_search" }] }, ["tools[1].type"]],
    [
      {
        tools: [
          { type: "function", name: "a", defer_loading: true },
          { type: "local_shell", later: 1, never: null },
          { type: "namespace", name: "n", description: "d", other: 1, tools: [] },
        ],
        tool_choice: { type: "function", name: "a", later: 1 },
      },
      ["tool_choice.later", "tools[0].defer_loading", "tools[1].later", "tools[2].description", "tools[2].other"],
    ],
    [
      {
        input: [
          { role: "assistant", phase: "commentary", content: "A" },
          { role: "assistant", phase: "final_answer", content: "B" },
        ],
      },
      ["input[0].phase"],
    ],
    [{ background: false, truncation: "disabled", previous_response_id: null, stream_options: {}, store: false }, []],
  ])("names what can be left out of %p", (body, paths) => {
    expect(read(body).foreign).toEqual(paths.map((path) => ({ path, isEssential: false })));
  });
});

const withToolsOf = (body: JsonObject): Conversation => read(body);

describe("writing a request", () => {
  test("keeps nothing at the provider unless the client asks for it", () => {
    expect(write(empty).body).toEqual({
      model: "gpt-4o",
      input: [{ type: "message", role: "user", content: "Hello" }],
      store: false,
    });
    expect(write({ ...empty, bookkeeping: { ...empty.bookkeeping, store: true } }).body["store"]).toBe(true);
  });

  test("asks models that reason for their thoughts, and no others", () => {
    expect(write(empty, "gpt-5").body["include"]).toEqual(["reasoning.encrypted_content"]);
    expect(write(empty, "gpt-4o").body["include"]).toBeUndefined();
  });

  test.each<[JsonObject, JsonObject | undefined]>([
    [
      { effort: "high", budget: undefined, isAdaptive: false, isShown: true },
      { effort: "high", summary: "auto" },
    ],
    [{ effort: undefined, budget: 8192, isAdaptive: false, isShown: undefined }, { effort: "medium" }],
    [{ effort: undefined, budget: 0, isAdaptive: false, isShown: undefined }, { effort: "minimal" }],
    [{ effort: undefined, budget: undefined, isAdaptive: true, isShown: undefined }, undefined],
    [{ effort: "none", budget: undefined, isAdaptive: false, isShown: undefined }, { effort: "minimal" }],
  ])("asks to think as in %p", (reasoning, written) => {
    expect(write({ ...empty, reasoning: reasoning as never }, "gpt-5").body["reasoning"]).toEqual(written);
  });

  test("asks for an effort that the model knows", () => {
    const effortOf = (effort: string, model: string): unknown => {
      const { body, notes } = write({ ...empty, reasoning: { effort, isAdaptive: false } as never }, model);
      return [(body["reasoning"] as JsonObject | undefined)?.["effort"], ...notes.map(({ member }) => member)];
    };
    expect(effortOf("xhigh", "gpt-5")).toEqual(["high", "reasoning.effort"]);
    expect(effortOf("xhigh", "gpt-5.2")).toEqual(["xhigh"]);
    expect(effortOf("minimal", "gpt-5.2")).toEqual(["low", "reasoning.effort"]);
    expect(effortOf("none", "o3")).toEqual(["low", "reasoning.effort"]);
    expect(effortOf("high", "grok-4")).toEqual([undefined, "reasoning.effort"]);
    expect(effortOf("xhigh", "anthropic/claude-opus-4.5")).toEqual(["high", "reasoning.effort"]);
    expect(effortOf("xhigh", "anthropic/claude-opus-4.6")).toEqual(["max", "reasoning.effort"]);
    expect(effortOf("none", "anthropic/claude-mythos-1")).toEqual(["low", "reasoning.effort"]);
    expect(effortOf("high", "gpt-4o")).toEqual([undefined, "reasoning"]);
    expect(effortOf("none", "gpt-4o")).toEqual([undefined]);
  });

  test("keeps system turns in their places; the first is the instructions", () => {
    const system = (text: string): Turn => ({ role: "system", blocks: [{ type: "text", text }] });
    const user: Turn = { role: "user", blocks: [{ type: "text", text: "Hi" }] };
    expect(write(withTurns(system("A"), system("B"), user, system("C"))).body).toMatchObject({
      instructions: "A",
      input: [{ role: "system", content: "B" }, { role: "user" }, { role: "system", content: "C" }],
    });
    expect(write(withTurns(system("A"))).body).toMatchObject({ input: [{ role: "system", content: "A" }] });
  });

  test("gives thoughts only to the provider that made them", () => {
    const thought = (seal: { origin: string; kind: "signature" | "encrypted"; value: string } | undefined): Turn[] => [
      {
        role: "assistant",
        blocks: [
          { type: "thinking", text: "Hm.", seal },
          { type: "text", text: "A" },
        ],
      },
      { role: "user", blocks: [{ type: "text", text: "B" }] },
    ];
    const own = { origin: "openai/responses", kind: "encrypted", value: "x" } as const;
    expect(write(withTurns(...thought(own))).body["input"]).toMatchObject([
      { type: "reasoning", summary: [{ text: "Hm." }], encrypted_content: "x" },
      {},
      {},
    ]);
    for (const seal of [
      { origin: "other/responses", kind: "encrypted", value: "x" } as const,
      { origin: "openai/messages", kind: "signature", value: "x" } as const,
      undefined,
    ]) {
      const written = write(withTurns(...thought(seal)));
      expect(JSON.stringify(written.body)).not.toContain("reasoning");
      expect(written.notes).toEqual([{ kind: "dropped", member: "messages[0].content[0]" }]);
    }
    // Open models are given their thoughts as they are.
    expect(write(withTurns(...thought(undefined)), "deepseek-v4", "deepseek").body["input"]).toMatchObject([
      { type: "reasoning", summary: [], content: [{ type: "reasoning_text", text: "Hm." }] },
      {},
      {},
    ]);
  });

  test("marks results of calls that failed, and fits long ids of both", () => {
    const id = "x".repeat(65);
    const written = write(
      withTurns(
        { role: "assistant", blocks: [{ type: "call", id, name: "f", input: "", kind: "function" }] },
        {
          role: "tool",
          blocks: [
            { type: "result", callId: id, blocks: [{ type: "text", text: "no" }], isError: true, kind: "function" },
          ],
        },
      ),
    );
    const [call, result] = written.body["input"] as [JsonObject, JsonObject];
    expect(call).toMatchObject({ type: "function_call", arguments: "{}" });
    expect(result).toMatchObject({ type: "function_call_output", output: "Error: no", call_id: call["call_id"] });
    expect(String(call["call_id"]).length).toBeLessThanOrEqual(64);
    expect(written.notes).toEqual([{ kind: "adjusted", member: "messages[1].content[0].is_error" }]);
  });

  test("leaves out what the API cannot say and tells so", () => {
    const { body, notes } = write(
      {
        ...empty,
        limits: { ...empty.limits, maxOutputTokens: 5 },
        sampling: {
          ...empty.sampling,
          temperature: 1,
          topP: 0.5,
          topK: 3,
          seed: 1,
          frequencyPenalty: 1,
          presencePenalty: 0,
        },
        bookkeeping: { ...empty.bookkeeping, user: "u".repeat(65), serviceTier: "standard_only", verbosity: "low" },
      },
      "gpt-5",
    );
    expect(body).toMatchObject({ max_output_tokens: 16, text: { verbosity: "low" } });
    // What is too long is another one that tells its user from others as well.
    expect(body["safety_identifier"]).toMatch(/^[0-9a-f]{64}$/);
    expect(body["service_tier"]).toBe("default");
    for (const member of ["temperature", "top_p"]) {
      expect(body).not.toHaveProperty(member);
    }
    expect(notes).toEqual([
      { kind: "adjusted", member: "max_tokens" },
      ...["top_k", "seed", "frequency_penalty", "temperature", "top_p"].map((member) => ({
        kind: "dropped" as const,
        member,
      })),
    ]);
  });

  test("refuses what would change the answer", () => {
    const media = (source: JsonObject, type = "image", mediaType?: string): Conversation =>
      withTurns({ role: "user", blocks: [{ type, source, mediaType } as never] });
    expect(refusal(() => write({ ...empty, limits: { ...empty.limits, stop: ["x"] } }))).toBe("stop");
    expect(refusal(() => write({ ...empty, limits: { ...empty.limits, answers: 2 } }))).toBe("n");
    expect(refusal(() => write({ ...empty, sampling: { ...empty.sampling, logprobs: 0 } }))).toBe("logprobs");
    expect(refusal(() => write(media({ kind: "file", id: "f" })))).toBe("messages[0].content[0]");
    expect(refusal(() => write(media({ kind: "base64", data: "AAAA" })))).toBe("messages[0].content[0]");
    expect(refusal(() => write(media({ kind: "url", url: "x" }, "video")))).toBe("messages[0].content[0]");
    const begun: Turn = { role: "assistant", blocks: [{ type: "text", text: "{" }] };
    expect(refusal(() => write(withTurns(...empty.turns, begun)))).toBe("messages[1]");
    const demanded = { ...empty, toolChoice: { kind: "required" } as const };
    expect(refusal(() => write(demanded))).toBe("tool_choice");
    expect(write({ ...empty, toolChoice: { kind: "none" } }).body).not.toHaveProperty("tool_choice");
  });

  test("names of tools that the API refuses are others on the way, in answers as well", () => {
    const name = `mcp__${"n".repeat(70)}.read`;
    const tools: Tool[] = [{ ...LOOK, name }];
    const call: Block = { type: "call", id: "c", name, input: "{}", kind: "function" };
    const written = write({
      ...withTurns(...empty.turns, { role: "assistant", blocks: [call] }),
      tools,
      toolChoice: { kind: "named", name },
    });
    const sent = (written.body["tools"] as [{ name: string }])[0].name;
    expect(sent).toMatch(/^mcp__n+_[0-9a-f]{8}$/);
    expect(sent.length).toBeLessThanOrEqual(64);
    expect(written.body["tool_choice"]).toEqual({ type: "function", name: sent });
    expect(written.body["input"]).toMatchObject([{}, { type: "function_call", name: sent }]);
    const item = { type: "function_call", id: "fc", call_id: "c", name: sent, arguments: "{}", status: "completed" };
    const response = { id: "r", status: "completed", output: [item] };
    const asked = { ...target(), tools };
    expect(RESPONSES_DIALECT.readAnswer(response, asked)).toMatchObject({ blocks: [{ type: "call", name }] });
    const reader = RESPONSES_DIALECT.readStream(asked);
    const events = [
      { type: "response.created", response: { id: "r" } },
      { type: "response.output_item.added", output_index: 0, item: { ...item, arguments: "" } },
      { type: "response.output_item.done", output_index: 0, item },
      { type: "response.completed", response },
    ].flatMap((event) => reader.read({ name: undefined, data: JSON.stringify(event) }));
    expect(events).toContainEqual(
      expect.objectContaining({ type: "open", opened: { type: "call", id: "c", name, kind: "function" } }),
    );
  });

  test("what is not strict is not called so", () => {
    const output = { kind: "schema", name: "n", description: undefined, schema: SCHEMA, strict: true } as const;
    const { body, notes } = write({ ...empty, output, tools: [{ ...LOOK, parameters: SCHEMA, strict: true }] });
    expect(body).toMatchObject({ text: { format: { strict: false } }, tools: [{ strict: false, parameters: SCHEMA }] });
    expect(notes.map(({ kind, member }) => `${kind} ${member}`)).toEqual([
      "adjusted tools[].strict",
      "adjusted response_format.json_schema.strict",
    ]);
    const closed = { ...SCHEMA, required: ["city"], additionalProperties: false };
    const exact = write({ ...empty, tools: [{ ...LOOK, parameters: closed, strict: true }] });
    expect(exact).toMatchObject({ body: { tools: [{ strict: true }] }, notes: [] });
  });

  test("marks what to cache for models that take it, instructions included", () => {
    const cache = { ttl: "1h" } as const;
    const marked = { type: "text", text: "A", cache } as const;
    const turns: Turn[] = [
      { role: "system", blocks: [marked] },
      { role: "user", blocks: [marked] },
      { role: "assistant", blocks: [{ type: "call", id: "c", name: "f", input: "{}", kind: "function" }] },
      { role: "tool", blocks: [resultOf("R", { cache })] },
    ];
    const prompt_cache_breakpoint = { mode: "explicit" };
    expect(write(withTurns(...turns), "gpt-5.6").body).toMatchObject({
      input: [
        { role: "system", content: [{ text: "A", prompt_cache_breakpoint }] },
        { role: "user", content: [{ text: "A", prompt_cache_breakpoint }] },
        {},
        { output: [{ text: "R", prompt_cache_breakpoint }] },
      ],
    });
    expect(write(withTurns(...turns), "gpt-5.2").body).toMatchObject({
      instructions: "A",
      input: [{ role: "user", content: "A" }, {}, { output: "R" }],
    });
  });

  test("says to each provider what it takes, and asks for encrypted thoughts if there are some", () => {
    const bookkeeping = {
      ...empty.bookkeeping,
      ...{ user: "u", metadata: { a: "b" }, serviceTier: "flex", verbosity: "low", promptCacheKey: "k" },
    };
    const reasoning = { effort: "low", budget: undefined, isAdaptive: false, isShown: undefined } as const;
    const sent = (provider: string, model: string) => {
      const { body, notes } = write({ ...empty, bookkeeping, reasoning }, model, provider);
      const { input: _, model: __, store: ___, reasoning: ____, ...others } = body;
      return [others, notes.map(({ member }) => member)];
    };
    const include = ["reasoning.encrypted_content"];
    const all = { safety_identifier: "u", metadata: { a: "b" }, service_tier: "flex", prompt_cache_key: "k" };
    expect(sent("openai", "gpt-5")).toEqual([{ ...all, text: { verbosity: "low" }, include }, []]);
    expect(sent("groq", "openai/gpt-oss-120b")).toEqual([
      { user: "u", metadata: { a: "b" }, service_tier: "flex" },
      ["prompt_cache_key", "verbosity"],
    ]);
    expect(sent("xai", "grok-4.5")).toEqual([
      { user: "u", prompt_cache_key: "k", include },
      ["service_tier", "verbosity", "metadata"],
    ]);
    const shown = { ...empty, reasoning: { ...reasoning, isShown: true } };
    expect(write(shown, "gpt-5").body["reasoning"]).toEqual({ effort: "low", summary: "auto" });
    expect(write(shown, "openai/gpt-oss-20b", "groq").body["reasoning"]).toEqual({ effort: "low" });
    const least = { user: "u", metadata: { a: "b" } };
    expect(sent("vllm", "Qwen/Qwen3-8B")[0]).toEqual(least);
    expect(sent("mine", "gpt-5")[0]).toEqual({ ...least, include });
  });

  test("gives functions alone to providers that know nothing else", () => {
    const patch: Tool = {
      kind: "custom",
      name: "patch",
      description: "Patches",
      format: { type: "grammar", syntax: "lark", definition: "start: WORD" },
    };
    const call: Block = { type: "call", id: "c", name: "patch", input: 'a "b"', kind: "custom" };
    const turns: Turn[] = [
      ...empty.turns,
      { role: "assistant", blocks: [call] },
      { role: "tool", blocks: [resultOf("R", { kind: "custom" })] },
    ];
    const toolChoice = { kind: "allowed", mode: "required", names: ["patch"] } as const;
    const asked = { ...withTurns(...turns), tools: [LOOK, patch], toolChoice };
    expect(write(asked, "gpt-5.2").body).toMatchObject({
      tools: [{ type: "function" }, { type: "custom", name: "patch" }],
      tool_choice: { type: "allowed_tools" },
      input: [{}, { type: "custom_tool_call", input: 'a "b"' }, { type: "custom_tool_call_output" }],
    });
    const { body, notes } = write(asked, "openai/gpt-oss-20b", "groq");
    expect(body).toMatchObject({
      tools: [
        {
          type: "function",
          name: "patch",
          description: "Patches\n\nThe text in `input` must follow this grammar:\nstart: WORD",
          parameters: { required: ["input"] },
        },
      ],
      tool_choice: "required",
      input: [{}, { type: "function_call", arguments: '{"input":"a \\"b\\""}' }, { type: "function_call_output" }],
    });
    expect(body["tools"]).toHaveLength(1);
    expect(notes).toEqual([{ kind: "adjusted", member: "tools[1].type" }]);
  });

  test("says something for a user who says nothing", () => {
    const { body, notes } = write(withTurns({ role: "user", blocks: [] }));
    expect(body["input"]).toEqual([{ type: "message", role: "user", content: "." }]);
    expect(notes).toEqual([{ kind: "adjusted", member: "messages" }]);
  });

  test("a result of no call is told in words", () => {
    const { body, notes } = write(withTurns({ role: "tool", blocks: [resultOf("R")] }, ...empty.turns));
    expect(body["input"]).toMatchObject([
      { role: "user", content: [{ text: "Tool result:" }, { text: "R" }] },
      { role: "user" },
    ]);
    expect(notes).toEqual([{ kind: "adjusted", member: "messages[].tool_call_id" }]);
  });

  test("files have names that say what they are", () => {
    const file = (name: string | undefined, mediaType: string): unknown => {
      const block = { type: "document", source: { kind: "base64", data: "AAAA" }, mediaType, name } as const;
      const [message] = write(withTurns({ role: "user", blocks: [block] })).body["input"] as [
        { content: [JsonObject] },
      ];
      return message.content[0]["filename"];
    };
    expect(file("Annual report", "application/pdf")).toBe("Annual report.pdf");
    expect(file(undefined, "text/plain")).toBe("document.txt");
    expect(file("a.md", "text/markdown")).toBe("a.md");
    expect(file("v1.2 notes", "text/plain; charset=utf-8")).toBe("v1.2 notes.txt");
  });
});
