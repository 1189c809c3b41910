import { describe, expect, test } from "bun:test";
import type { JsonObject } from "../../../src/core/json/parse.ts";
import type { Block } from "../../../src/formats/form/blocks.ts";
import type { Conversation, Reasoning, Turn } from "../../../src/formats/form/conversation.ts";
import { CannotTranslate } from "../../../src/formats/form/dialect.ts";
import { ANSWER_TOOL } from "../../../src/formats/form/forced-answer.ts";
import { originOf } from "../../../src/formats/chat/thoughts.ts";
import { readAnswer } from "../../../src/formats/chat/read-answer.ts";
import { readStream } from "../../../src/formats/chat/read-stream.ts";
import { writeRequest } from "../../../src/formats/chat/write-request.ts";
import { addUp } from "./events.ts";
import { conversationOf, targetOf } from "./samples.ts";

const write = (members: Partial<Conversation>, provider = "openai", model?: string) =>
  writeRequest({ ...conversationOf({}), ...members }, targetOf(provider, model));

const messagesOf = (turns: readonly Turn[], provider?: string): unknown => write({ turns }, provider).body["messages"];

const text = (said: string): Block => ({ type: "text", text: said });
const call = (id: string, members: object = {}): Block => ({
  type: "call",
  id,
  name: "f",
  input: "",
  kind: "function",
  ...members,
});
const image: Block = { type: "image", source: { kind: "base64", data: "AAAA" }, mediaType: "image/png" };
const user: Turn = { role: "user", blocks: [text("Hi")] };

const refused = (action: () => unknown): string => {
  try {
    action();
  } catch (error) {
    if (error instanceof CannotTranslate) return error.member;
    throw error;
  }
  throw new Error("It was written");
};

describe("messages", () => {
  test("instructions: apart with OpenAI, one message in front with others, and in their place later on", () => {
    const turns: Turn[] = [
      { role: "system", blocks: [{ type: "text", text: "A" }] },
      { role: "developer", blocks: [{ type: "text", text: "B" }] },
      user,
      { role: "developer", blocks: [{ type: "text", text: "C" }] },
      user,
    ];
    expect(messagesOf(turns)).toEqual([
      { role: "system", content: "A" },
      { role: "developer", content: "B" },
      { role: "user", content: "Hi" },
      { role: "developer", content: "C" },
      { role: "user", content: "Hi" },
    ]);
    expect(messagesOf(turns, "groq")).toEqual([
      {
        role: "system",
        content: [
          { type: "text", text: "A" },
          { type: "text", text: "B" },
        ],
      },
      { role: "user", content: "Hi" },
      { role: "system", content: "C" },
      { role: "user", content: "Hi" },
    ]);
  });

  test("Claude Code's header, which changes with every request, is left out", () => {
    const header = "x-anthropic-billing-header: cc_version=2; cch=ab12f;";
    const turns: Turn[] = [
      {
        role: "system",
        blocks: [
          { type: "text", text: header },
          { type: "text", text: "You are" },
        ],
      },
      user,
    ];
    expect(messagesOf(turns)).toEqual([
      { role: "system", content: "You are" },
      { role: "user", content: "Hi" },
    ]);
  });

  test("turns of the assistant in a row are one message, whose results follow it, and their media behind all of them", () => {
    const result = (callId: string, blocks: readonly Block[], isError = false): Block =>
      ({ type: "result", callId, blocks, isError, kind: "function" }) as Block;
    const turns: Turn[] = [
      user,
      { role: "assistant", blocks: [text("I look")] },
      { role: "assistant", blocks: [call("c1"), call("c2", { input: '{"a":1.0}' })] },
      { role: "tool", blocks: [result("c1", [image])] },
      { role: "tool", blocks: [result("c2", [text("no such file")], true)] },
      { role: "user", blocks: [text("Go on")] },
    ];
    const { body, notes } = write({ turns });
    expect(body["messages"]).toEqual([
      { role: "user", content: "Hi" },
      {
        role: "assistant",
        content: "I look",
        tool_calls: [
          { id: "c1", type: "function", function: { name: "f", arguments: "{}" } },
          { id: "c2", type: "function", function: { name: "f", arguments: '{"a":1.0}' } },
        ],
      },
      { role: "tool", tool_call_id: "c1", content: "(see attachment)" },
      { role: "tool", tool_call_id: "c2", content: "Error: no such file" },
      {
        role: "user",
        content: [
          { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } },
          { type: "text", text: "Go on" },
        ],
      },
    ]);
    expect(notes.map(({ member }) => member)).toEqual(["tool_result.images", "is_error"]);
  });

  test("ids of calls that a provider would refuse are changed alike in the call and in its result", () => {
    const long = "x".repeat(70);
    for (const [provider, id, wanted] of [
      ["openai", "toolu_1", /^toolu_1$/],
      ["openai", long, /^call_[0-9a-f]{24}$/],
      ["mistral", "toolu_1", /^[a-zA-Z0-9]{9}$/],
      ["mistral", "abcDEF123", /^abcDEF123$/],
    ] as const) {
      const turns: Turn[] = [
        { role: "assistant", blocks: [call(id)] },
        { role: "tool", blocks: [{ type: "result", callId: id, blocks: [], isError: false, kind: "function" }] },
      ];
      expect(messagesOf(turns, provider)).toEqual([
        {
          role: "assistant",
          content: null,
          tool_calls: [expect.objectContaining({ id: expect.stringMatching(wanted) })],
        },
        { role: "tool", tool_call_id: expect.stringMatching(wanted), content: "" },
      ]);
      const [asked, answered] = messagesOf(turns, provider) as [
        { tool_calls: [{ id: string }] },
        { tool_call_id: string },
      ];
      expect(asked.tool_calls[0].id).toBe(answered.tool_call_id);
    }
  });

  test("Mistral's models get an answer to their tools before the user speaks", () => {
    const result: Block = { type: "result", callId: "abcDEF123", blocks: [image], isError: false, kind: "function" };
    const turns: Turn[] = [
      { role: "assistant", blocks: [call("abcDEF123")] },
      { role: "tool", blocks: [result] },
    ];
    const roles = (provider: string, model: string, added: readonly Turn[]): unknown[] =>
      (write({ turns: [...turns, ...added] }, provider, model).body["messages"] as JsonObject[]).map(
        ({ role }) => role,
      );
    const bridged = ["assistant", "tool", "assistant", "user"];
    expect(roles("mistral", "any", [user])).toEqual(bridged);
    expect(roles("openrouter", "mistralai/devstral-small", [user])).toEqual(bridged);
    expect(roles("vllm", "Ministral-3-8B", [])).toEqual(bridged);
    expect(roles("openai", "gpt-5", [user])).toEqual(["assistant", "tool", "user"]);
    expect(roles("mistral", "any", [user, user])).toEqual(bridged);
    // The image of the result is the user's first.
    const answered: Turn = { role: "assistant", blocks: [text("a")] };
    expect(roles("mistral", "any", [answered, user])).toEqual([...bridged, "assistant", "user"]);
  });

  test("a refusal is one with OpenAI, and text elsewhere", () => {
    const turns: Turn[] = [{ role: "assistant", blocks: [{ type: "text", text: "No", isRefusal: true }] }, user];
    expect(messagesOf(turns)).toMatchObject([{ role: "assistant", content: null, refusal: "No" }, {}]);
    expect(messagesOf(turns, "groq")).toMatchObject([{ role: "assistant", content: "No" }, {}]);
  });

  test("what another API alone has is left out and named", () => {
    const blocks: Block[] = [{ type: "opaque", format: "messages", name: "server_tool_use", value: {} }, text("A")];
    const { body, notes } = write({ turns: [{ role: "assistant", blocks }, user] });
    expect(body["messages"]).toMatchObject([{ role: "assistant", content: "A" }, {}]);
    expect(notes).toEqual([{ kind: "dropped", member: "server_tool_use" }]);
    expect(refused(() => messagesOf([{ role: "user", blocks }]))).toBe("server_tool_use");
  });

  test("marks of a cache go only to who takes them", () => {
    const turns: Turn[] = [{ role: "user", blocks: [{ type: "text", text: "Hi", cache: { ttl: "1h" } }] }];
    expect(messagesOf(turns)).toEqual([{ role: "user", content: "Hi" }]);
    expect(messagesOf(turns, "openrouter")).toEqual([
      { role: "user", content: [{ type: "text", text: "Hi", cache_control: { type: "ephemeral", ttl: "1h" } }] },
    ]);
  });

  test("OpenAI takes marks of parts, of its newer models", () => {
    const cache = { ttl: "1h" as const };
    const marked = (type: "text"): Block => ({ type, text: "Hi", cache });
    const turns: Turn[] = [
      { role: "system", blocks: [{ type: "text", text: "S", cache }] },
      { role: "user", blocks: [marked("text")] },
      { role: "assistant", blocks: [call("c1")] },
      {
        role: "tool",
        blocks: [
          {
            type: "result",
            callId: "c1",
            blocks: [{ type: "text", text: "R" }],
            isError: false,
            kind: "function",
            cache,
          },
        ],
      },
    ];
    const prompt_cache_breakpoint = { mode: "explicit" };
    const written = write({ turns }, "openai", "gpt-5.6").body["messages"];
    expect(written).toMatchObject([
      { content: [{ type: "text", text: "S", prompt_cache_breakpoint }] },
      { content: [{ type: "text", text: "Hi", prompt_cache_breakpoint }] },
      {},
      { role: "tool", content: [{ type: "text", text: "R", prompt_cache_breakpoint }] },
    ]);
    expect(JSON.stringify(written)).not.toContain("cache_control");
    expect(JSON.stringify(write({ turns }, "openai", "gpt-5.2").body)).not.toMatch(/cache/);
    expect(JSON.stringify(write({ turns }, "databricks", "databricks-claude-opus-4-5").body)).toContain(
      "cache_control",
    );
    expect(JSON.stringify(write({ turns }, "databricks", "databricks-gpt-oss-20b").body)).not.toContain(
      "cache_control",
    );
  });

  test("results are directly behind their calls, and those of none are words", () => {
    const result = (callId: string): Block => ({
      ...{ type: "result", callId, isError: false, kind: "function" },
      blocks: [{ type: "text", text: `R${callId}` }],
    });
    const turns: Turn[] = [
      { role: "tool", blocks: [result("c0")] },
      { role: "assistant", blocks: [call("c1"), call("c2")] },
      { role: "tool", blocks: [result("c1")] },
      user,
      { role: "tool", blocks: [result("c2"), result("c2")] },
    ];
    const { body, notes } = write({ turns });
    expect(body["messages"]).toMatchObject([
      { role: "user", content: [{ text: "Tool result:" }, { text: "Rc0" }] },
      { role: "assistant" },
      { role: "tool", tool_call_id: "c1" },
      { role: "tool", tool_call_id: "c2" },
      { role: "user", content: "Hi" },
      { role: "user", content: [{ text: "Tool result:" }, { text: "Rc2" }] },
    ]);
    expect(notes).toEqual([{ kind: "adjusted", member: "messages[].tool_call_id" }]);
  });

  test("models that know no schema are held to it by a tool, whose call is text", () => {
    const { output, reasoning } = conversationOf({
      response_format: { type: "json_schema", json_schema: { name: "n", schema: { type: "object", properties: {} } } },
      reasoning_effort: "low",
    });
    const { body, notes } = write({ output, reasoning }, "databricks", "databricks-claude-3-7-sonnet");
    expect(body).toMatchObject({
      tools: [{ function: { name: ANSWER_TOOL, parameters: { type: "object", properties: {} } } }],
      tool_choice: { type: "function", function: { name: ANSWER_TOOL } },
      parallel_tool_calls: false,
    });
    expect(body).not.toContainAnyKeys(["response_format", "reasoning_effort"]);
    expect(notes.map(({ member }) => member)).toEqual(["response_format", "reasoning"]);
    const called = (text: string) => ({ index: 0, id: "c", function: { name: ANSWER_TOOL, arguments: text } });
    const message = { content: null, tool_calls: [called('{"a":1}')] };
    expect(readAnswer({ choices: [{ message, finish_reason: "tool_calls" }] }, targetOf("databricks"))).toMatchObject({
      blocks: [{ type: "text", text: '{"a":1}' }],
      stop: { reason: "end" },
    });
    for (const [pieces, text] of [
      [["", '{"a"', ":1}"], '{"a":1}'],
      [[""], "{}"],
    ] as const) {
      const reader = readStream(targetOf("databricks"));
      const deltas = pieces.map((piece, at) =>
        at === 0 ? called(piece) : { index: 0, function: { arguments: piece } },
      );
      const chunks = deltas.map((item) => ({ choices: [{ index: 0, delta: { tool_calls: [item] } }] }));
      const finish = { choices: [{ index: 0, delta: {}, finish_reason: "tool_calls" }] };
      const events = [...chunks, finish].flatMap((each) =>
        reader.read({ name: undefined, data: JSON.stringify(each) }),
      );
      expect(addUp([...events, ...reader.end()])).toMatchObject({
        blocks: [{ type: "text", text }],
        stop: { reason: "end" },
      });
    }
  });

  test("what would not come back is refused", () => {
    const { limits, sampling } = conversationOf({ n: 2, logprobs: true });
    expect(refused(() => write({ limits }, "groq"))).toBe("n");
    expect(refused(() => write({ sampling }, "groq"))).toBe("logprobs");
    expect(write({ limits: { ...limits, answers: 1 } }).body).not.toContainKey("n");
  });

  test("an assistant who said nothing is not there, and those around it take turns", () => {
    const nothing: Turn = { role: "assistant", blocks: [{ type: "text", text: "" }] };
    expect(messagesOf([user, nothing, { role: "assistant", blocks: [] }, user], "mistral")).toEqual([
      {
        role: "user",
        content: [
          { type: "text", text: "Hi" },
          { type: "text", text: "Hi" },
        ],
      },
    ]);
    expect(messagesOf([user, nothing, user])).toHaveLength(2);
  });

  test("media", () => {
    const media = (members: object): Block =>
      ({ type: "document", source: { kind: "base64", data: "AA" }, mediaType: "application/pdf", ...members }) as Block;
    const part = (block: Block, provider?: string): unknown =>
      (messagesOf([{ role: "user", blocks: [block] }], provider) as [{ content: unknown[] }])[0].content[0];
    const byUrl = { source: { kind: "url", url: "https://e.example/a" }, mediaType: undefined };
    expect(part(media({ name: "a.pdf" }))).toEqual({
      type: "file",
      file: { filename: "a.pdf", file_data: "data:application/pdf;base64,AA" },
    });
    expect(part(media({ name: "Annual report" }))).toMatchObject({ file: { filename: "Annual report.pdf" } });
    expect(part(media({}))).toMatchObject({ file: { filename: "document.pdf" } });
    expect(part(media({ source: { kind: "text", text: "T" } }))).toEqual({ type: "text", text: "T" });
    expect(
      part(media({ name: "a.csv", mediaType: "text/csv", source: { kind: "base64", data: btoa("a,b") } })),
    ).toEqual({ type: "text", text: "a.csv\n\na,b" });
    const png = { kind: "base64", data: "iVBORw0KGgoAAAA" };
    expect(part(media({ type: "image", mediaType: undefined, source: png }))).toMatchObject({
      image_url: { url: `data:image/png;base64,${png.data}` },
    });
    expect(part(media(byUrl), "mistral")).toEqual({ type: "document_url", document_url: "https://e.example/a" });
    expect(part(media({ name: "a.pdf" }), "mistral")).toEqual({
      type: "document_url",
      document_url: "data:application/pdf;base64,AA",
      document_name: "a.pdf",
    });
    expect(part(media({ type: "audio", mediaType: "audio/mpeg" }))).toEqual({
      type: "input_audio",
      input_audio: { data: "AA", format: "mp3" },
    });
    expect(part(media({ type: "image", ...byUrl, detail: "high" }))).toEqual({
      type: "image_url",
      image_url: { url: "https://e.example/a", detail: "high" },
    });
    expect(refused(() => part(media(byUrl)))).toBe("document");
    expect(refused(() => part(media({ type: "video" })))).toBe("video");
    expect(refused(() => part(media({ type: "image", mediaType: undefined })))).toBe("image");
    expect(refused(() => part(media({ source: { kind: "file", id: "file-1" } })))).toBe("file_id");
  });

  test("an answer that the request has begun goes only to who goes on with it", () => {
    const turns: Turn[] = [user, { role: "assistant", blocks: [text("{")] }];
    expect(refused(() => messagesOf(turns))).toBe("messages");
    expect(messagesOf(turns, "mistral")).toMatchObject([{}, { content: "{", prefix: true }]);
    expect(messagesOf([user, { role: "assistant", blocks: [call("c1")] }])).toHaveLength(2);
    expect(write({ turns }, "vllm").body).toMatchObject({ continue_final_message: true, add_generation_prompt: false });
  });
});

describe("thoughts", () => {
  const seal = { origin: "anthropic/messages", kind: "signature", value: "s" } as const;

  test("of others are left out and named; of nobody known go to a provider that takes some", () => {
    const turns = (known: typeof seal | undefined): Turn[] => [
      { role: "assistant", blocks: [{ type: "thinking", text: "T", seal: known }, text("A")] },
      user,
    ];
    expect(write({ turns: turns(seal) }, "deepseek")).toMatchObject({
      body: { messages: [{ role: "assistant", content: "A" }, {}] },
      notes: [{ kind: "dropped", member: "thinking" }],
    });
    expect(messagesOf(turns(undefined), "deepseek")).toMatchObject([{ content: "A", reasoning_content: "T" }, {}]);
    expect(messagesOf(turns(undefined), "groq")).toMatchObject([{ content: "A", reasoning: "T" }, {}]);
    expect(write({ turns: turns(undefined) }).notes).toEqual([{ kind: "dropped", member: "thinking" }]);
  });

  test.each([
    ["deepseek", { content: "A", reasoning_content: "T" }],
    ["groq", { content: "A", reasoning: "T" }],
    [
      "mistral",
      {
        content: [
          { type: "thinking", thinking: [{ type: "text", text: "T" }] },
          { type: "text", text: "A" },
        ],
      },
    ],
    [
      "openrouter",
      {
        content: "A",
        reasoning_details: [
          { type: "reasoning.text", text: "T", signature: "sig", format: "anthropic-claude-v1", index: 0 },
          { type: "reasoning.encrypted", data: "gAA", id: "rs_1", format: "openai-responses-v1", index: 1 },
        ],
      },
    ],
    ["google", { content: "A", extra_content: { google: { thought_signature: "AVSo" } } }],
    [
      "google",
      {
        content: null,
        tool_calls: [
          {
            id: "c1",
            type: "function",
            function: { name: "f", arguments: "{}" },
            extra_content: { google: { thought_signature: "AVSo" } },
          },
        ],
      },
    ],
  ] as [string, JsonObject][])("%s gets its own back as they came", (provider, members) => {
    const message = { role: "assistant", ...members };
    const answer = readAnswer({ choices: [{ message }] }, targetOf(provider));
    if ("error" in answer) throw new Error(answer.error.message);
    expect(messagesOf([{ role: "assistant", blocks: answer.blocks }, user], provider)).toEqual([
      message,
      { role: "user", content: "Hi" },
    ]);
    const elsewhere = messagesOf([{ role: "assistant", blocks: answer.blocks }, user], "openai");
    expect(JSON.stringify(elsewhere)).not.toMatch(/AVSo|sig|gAA|thinking|reasoning/);
  });

  test("Gemini 3 gets Google's word for a signature that is lost, with the first call of a step", () => {
    const turns: Turn[] = [{ role: "assistant", blocks: [call("c1", { seal }), call("c2")] }, user];
    const signed = { extra_content: { google: { thought_signature: "skip_thought_signature_validator" } } };
    const callsTo = (provider: string, model: string): unknown =>
      (write({ turns }, provider, model).body["messages"] as [{ tool_calls: unknown }])[0].tool_calls;
    expect(callsTo("google", "gemini-3-pro")).toEqual([
      expect.objectContaining(signed),
      expect.not.objectContaining(signed),
    ]);
    for (const [provider, model] of [
      ["google", "gemini-2.5-pro"],
      ["openrouter", "google/gemini-3-pro"],
    ] as const) {
      expect(JSON.stringify(callsTo(provider, model))).not.toContain("extra_content");
    }
  });

  test("a seal of a provider's own that is damaged is left out", () => {
    const damaged = { ...seal, origin: originOf("openrouter"), value: "{" };
    const turns: Turn[] = [
      { role: "assistant", blocks: [{ type: "thinking", text: "T", seal: damaged }, text("A")] },
      user,
    ];
    expect(messagesOf(turns, "openrouter")).toMatchObject([{ content: "A" }, {}]);
  });
});

describe("how much to think", () => {
  const ask = (members: Partial<Reasoning>): Reasoning => ({
    effort: undefined,
    budget: undefined,
    isAdaptive: false,
    isShown: undefined,
    ...members,
  });

  test.each([
    ["openai", "gpt-5.6", { effort: "max" }, { reasoning_effort: "max" }],
    ["openai", "gpt-5.2", { effort: "max" }, { reasoning_effort: "xhigh" }],
    ["openai", "o3", { effort: "minimal" }, { reasoning_effort: "low" }],
    ["openai", "gpt-5-mini", { effort: "none" }, { reasoning_effort: "minimal" }],
    ["openai", "gpt-5.1", { effort: "minimal" }, { reasoning_effort: "low" }],
    ["openai", "gpt-5", { budget: 2048 }, { reasoning_effort: "low" }],
    ["openai", "gpt-4o", { effort: "high" }, {}],
    ["openai", "gpt-5", { isAdaptive: true }, {}],
    ["groq", "llama-3.3-70b-versatile", { budget: 31_999 }, {}],
    ["openai", "gpt-5.4", { effort: "max" }, { reasoning_effort: "xhigh" }],
    ["openai", "gpt-5-pro", { effort: "low" }, { reasoning_effort: "high" }],
    ["openai", "o4-mini", { effort: "none" }, { reasoning_effort: "low" }],
    ["openai", "gpt-5", { budget: 0 }, { reasoning_effort: "minimal" }],
    ["openai", "gpt-5.2", { budget: 0 }, { reasoning_effort: "none" }],
    ["openai", "gpt-5.2", { isAdaptive: true }, { reasoning_effort: "medium" }],
    ["openai", "gpt-5", { budget: -1 }, {}],
    ["openai", "gpt-5-chat-latest", { effort: "high" }, {}],
    ["groq", "qwen/qwen3-32b", { effort: "none" }, { reasoning_effort: "none" }],
    ["groq", "qwen/qwen3-32b", { effort: "low" }, { reasoning_effort: "default" }],
    ["groq", "openai/gpt-oss-120b", { budget: 32_000 }, { reasoning_effort: "high" }],
    ["groq", "openai/gpt-oss-120b", { effort: "none" }, { reasoning_effort: "low" }],
    ["fireworks", "accounts/fireworks/models/glm-4p6", { effort: "none" }, { reasoning_effort: "none" }],
    ["deepinfra", "deepseek-ai/DeepSeek-R1", { effort: "none" }, {}],
    ["xai", "grok-3-mini", { effort: "medium" }, { reasoning_effort: "high" }],
    ["xai", "grok-4-fast-reasoning", { effort: "high" }, {}],
    ["xai", "grok-4-0709", { effort: "none" }, {}],
    ["xai", "grok-4.3", { effort: "none" }, { reasoning_effort: "none" }],
    ["mistral", "mistral-small-latest", { effort: "low" }, { reasoning_effort: "high" }],
    ["mistral", "mistral-small-latest", { effort: "none" }, { reasoning_effort: "none" }],
    ["mistral", "magistral-medium-latest", { effort: "high" }, {}],
    ["cohere", "command-a-reasoning-08-2025", { effort: "medium" }, { reasoning_effort: "high" }],
    ["cohere", "command-a-03-2025", { effort: "medium" }, {}],
    ["openrouter", "x", { budget: 9000, isShown: false }, { reasoning: { max_tokens: 9000, exclude: true } }],
    ["zai", "glm-4.6", { effort: "none" }, { thinking: { type: "disabled" } }],
    ["zai", "glm-4.6", { isAdaptive: true }, { thinking: { type: "enabled" } }],
    ["zai", "glm-5.3", { effort: "medium" }, { reasoning_effort: "high" }],
    ["deepseek", "deepseek-v4-pro", { effort: "none" }, { thinking: { type: "disabled" } }],
    ["deepseek", "deepseek-v4-pro", { effort: "max" }, { thinking: { type: "enabled" }, reasoning_effort: "max" }],
    ["moonshot", "kimi-k2.5", { effort: "none" }, { thinking: { type: "disabled" } }],
    ["moonshot", "kimi-k3", { effort: "medium" }, { reasoning_effort: "high" }],
    ["moonshot", "kimi-k2-thinking", { effort: "none" }, {}],
    ["minimax", "MiniMax-M3", { effort: "high" }, { thinking: { type: "adaptive" } }],
    ["together", "Qwen/Qwen3.5-397B-A17B", { effort: "none" }, { reasoning: { enabled: false } }],
    ["together", "openai/gpt-oss-20b", { effort: "none" }, { reasoning_effort: "low" }],
    ["alibaba", "qwen-plus", { budget: 500 }, { enable_thinking: true, thinking_budget: 500 }],
    ["alibaba", "qwen-plus", { effort: "low" }, { enable_thinking: true, thinking_budget: 2048 }],
    ["alibaba", "qwen-plus", { effort: "none" }, { enable_thinking: false }],
    ["siliconflow", "Qwen/Qwen3-8B", { effort: "none" }, { enable_thinking: false }],
    ["vllm", "Qwen/Qwen3-32B", { effort: "high" }, { chat_template_kwargs: { enable_thinking: true, thinking: true } }],
    [
      "sglang",
      "deepseek-ai/DeepSeek-V3.1",
      { effort: "none" },
      { chat_template_kwargs: { enable_thinking: false, thinking: false } },
    ],
    [
      "llamacpp",
      "gpt-oss-20b",
      { effort: "xhigh" },
      { reasoning_effort: "high", chat_template_kwargs: { reasoning_effort: "high" } },
    ],
    [
      "vllm",
      "deepseek-v4-flash",
      { effort: "max" },
      { chat_template_kwargs: { enable_thinking: true, thinking: true, reasoning_effort: "max" } },
    ],
    ["vllm", "Qwen/Qwen3-Coder-480B", { effort: "high" }, {}],
    ["vllm", "Qwen/QwQ-32B", { effort: "none" }, {}],
  ] as [string, string, Partial<Reasoning>, JsonObject][])("%s %s %j", (provider, model, members, wanted) => {
    const { body } = write({ reasoning: ask(members) }, provider, model);
    const { model: _, messages: __, ...others } = body;
    expect(others).toEqual(wanted);
  });
});

describe("members of the request", () => {
  const bookkeeping = {
    user: "u".repeat(65),
    metadata: { a: "b" },
    serviceTier: "standard_only",
    verbosity: "low",
    promptCacheKey: "k",
    store: undefined,
  };

  test("an identifier that is too long for any of its names stays one of its user", () => {
    const user = "u".repeat(65);
    const written = (user: string): unknown => write({ bookkeeping: { ...bookkeeping, user } }, "chatty").body["user"];
    expect(written(user)).toMatch(/^[0-9a-f]{64}$/);
    expect(written(user)).toBe(written(user));
    expect(written(user.slice(1))).toBe(user.slice(1));
  });

  test("OpenAI", () => {
    const { limits, sampling } = conversationOf({ max_tokens: 9, temperature: 0.5, top_k: 4, seed: 1 });
    const { body, notes } = write({ stream: true, limits, sampling, bookkeeping });
    expect(body).toEqual({
      model: "some-model",
      messages: [{ role: "user", content: "Hello" }],
      stream: true,
      stream_options: { include_usage: true },
      max_completion_tokens: 9,
      temperature: 0.5,
      seed: 1,
      safety_identifier: expect.stringMatching(/^[0-9a-f]{64}$/),
      service_tier: "default",
      verbosity: "low",
      prompt_cache_key: "k",
    });
    expect(notes).toEqual([
      { kind: "dropped", member: "top_k" },
      { kind: "dropped", member: "metadata" },
    ]);
  });

  test("Mistral, which refuses members that it does not know", () => {
    const { limits, sampling } = conversationOf({ max_tokens: 9, seed: 1, stop: ["a"] });
    const { body } = write({ stream: true, limits, sampling, bookkeeping }, "mistral");
    expect(body).toEqual({
      model: "some-model",
      messages: [{ role: "user", content: "Hello" }],
      stream: true,
      stream_options: { include_usage: true },
      max_tokens: 9,
      stop: ["a"],
      random_seed: 1,
    });
  });

  test("models that take sampling only while they do not think", () => {
    const { sampling, reasoning } = conversationOf({ temperature: 0.5, reasoning_effort: "none" });
    expect(write({ sampling, reasoning }, "openai", "gpt-5.2").body).toMatchObject({ temperature: 0.5 });
    expect(write({ sampling, reasoning }, "openai", "gpt-5").body).not.toContainKey("temperature");
  });

  test("models without sampling", () => {
    const { sampling } = conversationOf({ temperature: 0.5, top_p: 0.1 });
    const { body, notes } = write({ sampling }, "openai", "o3");
    expect(body).not.toContainAnyKeys(["temperature", "top_p"]);
    expect(notes.map(({ member }) => member)).toEqual(["temperature", "top_p"]);
  });

  test("OpenAI takes four stop texts", () => {
    const { limits } = conversationOf({ stop: ["1", "2", "3", "4", "5"] });
    expect(refused(() => write({ limits }))).toBe("stop");
    expect(write({ limits }, "vllm").body["stop"]).toHaveLength(5);
  });

  test("a schema that is not strict is not called strict", () => {
    const schema = { type: "object", properties: { a: { type: "string" } }, required: ["a"] };
    const output = { kind: "schema", name: undefined, description: undefined, strict: true } as const;
    expect(write({ output: { ...output, schema } }).body["response_format"]).toEqual({
      type: "json_schema",
      json_schema: { name: "response", schema, strict: false },
    });
    const closed = { ...schema, additionalProperties: false };
    expect(write({ output: { ...output, schema: closed } }).body["response_format"]).toMatchObject({
      json_schema: { strict: true },
    });
  });
});

describe("tools", () => {
  const f = {
    kind: "function",
    name: "f",
    description: "d",
    parameters: undefined,
    strict: undefined,
    cache: undefined,
  } as const;
  const grammar = { type: "grammar", syntax: "lark", definition: "start: x" };
  const patch = { kind: "custom", name: "patch", description: undefined, format: grammar } as const;

  test("OpenAI has custom ones and allowed ones", () => {
    const { body } = write({
      tools: [f, patch],
      toolChoice: { kind: "allowed", mode: "required", names: ["patch"] },
      parallelCalls: false,
    });
    expect(body).toMatchObject({
      tools: [
        { type: "function", function: { name: "f", description: "d" } },
        {
          type: "custom",
          custom: { name: "patch", format: { type: "grammar", grammar: { syntax: "lark", definition: "start: x" } } },
        },
      ],
      tool_choice: {
        type: "allowed_tools",
        allowed_tools: { mode: "required", tools: [{ type: "custom", custom: { name: "patch" } }] },
      },
      parallel_tool_calls: false,
    });
    expect(conversationOf({ tools: body["tools"] }).tools).toEqual([f, patch]);
  });

  test("others get functions, and of allowed ones those alone", () => {
    const free = { ...patch, format: undefined };
    const { body, notes } = write(
      { tools: [f, free], toolChoice: { kind: "allowed", mode: "required", names: ["patch"] } },
      "groq",
    );
    expect(body).toMatchObject({
      tools: [{ type: "function", function: { name: "patch", parameters: { required: ["input"] } } }],
      tool_choice: "required",
    });
    expect(notes).toEqual([{ kind: "adjusted", member: "tools[1].type" }]);
    expect(write({ tools: [patch] }, "groq").body["tools"]).toMatchObject([
      { function: { description: "The text in `input` must follow this grammar:\nstart: x" } },
    ]);
    const history: Turn[] = [{ role: "assistant", blocks: [call("c", { kind: "custom", input: "x" })] }, user];
    expect(messagesOf(history, "groq")).toMatchObject([
      { tool_calls: [{ function: { arguments: '{"input":"x"}' } }] },
      {},
    ]);
  });

  test("names that providers would refuse are changed alike everywhere, and come back as they were", () => {
    const long = `mcp__server__${"x".repeat(80)}`;
    const tools = [{ ...f, name: long }, { ...f, name: "a.b" }, f];
    const turns: Turn[] = [{ role: "assistant", blocks: [call("c", { name: long })] }, user];
    const { body } = write({ tools, turns, toolChoice: { kind: "named", name: "a.b" } });
    const names = (body["tools"] as { function: { name: string } }[]).map((tool) => tool.function.name);
    expect(names).toEqual([
      expect.stringMatching(/^mcp__server__x{42}_[0-9a-f]{8}$/),
      expect.stringMatching(/^a_b_[0-9a-f]{8}$/),
      "f",
    ]);
    expect(body["messages"]).toMatchObject([{ tool_calls: [{ function: { name: names[0] } }] }, {}]);
    expect(body["tool_choice"]).toMatchObject({ function: { name: names[1] } });
    const tool_calls = names.map((name, index) => ({ index, id: `c${index}`, function: { name, arguments: "{}" } }));
    const target = { ...targetOf("openai"), tools };
    const whole = readAnswer({ choices: [{ message: { tool_calls } }] }, target);
    const reader = readStream(target);
    const chunk = { choices: [{ index: 0, delta: { tool_calls }, finish_reason: "tool_calls" }] };
    const streamed = addUp([...reader.read({ name: undefined, data: JSON.stringify(chunk) }), ...reader.end()]);
    for (const answer of [whole, streamed]) {
      expect(answer).toMatchObject({ blocks: [{ name: long }, { name: "a.b" }, { name: "f" }] });
    }
  });

  test("without tools nothing is said of them", () => {
    const { body } = write({ toolChoice: { kind: "auto" }, parallelCalls: false });
    expect(body).not.toContainAnyKeys(["tools", "tool_choice", "parallel_tool_calls"]);
    expect(refused(() => write({ toolChoice: { kind: "named", name: "f" } }))).toBe("tool_choice");
  });
});
