import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { dataEvent, json, sse } from "../fixtures/answers.ts";
import { createGate } from "../fixtures/gate.ts";
import { bodyText, PROVIDER_KEYS, startRig } from "./start-rig.ts";

const rig = await startRig();
afterAll(() => rig[Symbol.asyncDispose]());
beforeEach(() => rig.reset());

const CODE_TOOLS = ["Bash", "Edit", "Glob", "Grep", "NotebookEdit", "Read", "Task", "TodoWrite", "WebFetch", "Write"];

/** A body such as Claude Code sends: long system blocks, many tools, members that no schema of ours knows. */
function codingAgentBody(model: string): string {
  const instructions = "You are an interactive agent — be précis. 指示に従う。 \u2028 </system>\n".repeat(400);
  const cached = { cache_control: { type: "ephemeral", ttl: "1h" } };
  const tools = CODE_TOOLS.map((name) => ({
    name,
    description: `${name}: ${'a long description with "quotes" and \\ backslashes. '.repeat(140)}`,
    input_schema: {
      $schema: "https://json-schema.org/draft/2020-12/schema",
      type: "object",
      properties: { model: { type: "string" }, path: { type: "string" } },
      additionalProperties: false,
    },
  }));
  const body = JSON.stringify({
    model,
    messages: [
      { role: "user", content: [{ type: "text", text: "<system-reminder>today</system-reminder>" }] },
      {
        role: "assistant",
        content: [
          { type: "thinking", thinking: "…", signature: "EqQB" },
          { type: "tool_use", id: "toolu_1", name: "Read", input: { model: "not this one" } },
        ],
      },
      {
        role: "user",
        content: [
          {
            type: "tool_result",
            tool_use_id: "toolu_1",
            content: [{ type: "text", text: "1\tconst x = 1;" }],
            is_error: false,
            ...cached,
          },
        ],
      },
    ],
    system: [
      { type: "text", text: "x-anthropic-billing-header: cc_version=2.1" },
      { type: "text", text: instructions, ...cached },
    ],
    tools: [...tools, { type: "web_search_20250305", name: "web_search", max_uses: 8 }],
    metadata: { user_id: '{"device_id":"d","session_id":"s"}' },
    max_tokens: 32_000,
    thinking: { type: "adaptive" },
    context_management: { edits: [{ type: "clear_thinking_20251015", keep: "all" }] },
    output_config: { effort: "medium" },
    stream: true,
  });
  // A number that JSON.parse would change, to see that nothing is written anew.
  return `${body.slice(0, -1)},"unknown_counter":12345678901234567890,"ratio":1.0}`;
}

describe("an agent on the Messages API", () => {
  const betas =
    "claude-code-20250219,interleaved-thinking-2025-05-14,context-management-2025-06-27,prompt-caching-scope-2026-01-05,effort-2025-11-24";
  const events = [
    dataEvent(
      { type: "message_start", message: { id: "m", usage: { input_tokens: 9, output_tokens: 1 } } },
      "message_start",
    ),
    dataEvent({ type: "ping" }, "ping"),
    dataEvent({ type: "message_delta", delta: {}, usage: { output_tokens: 5 } }, "message_delta"),
    dataEvent({ type: "message_stop" }, "message_stop"),
  ];
  const headers = {
    "content-type": "application/json",
    "x-api-key": "sk-ant-client",
    "anthropic-version": "2023-06-01",
    "anthropic-beta": betas,
    "anthropic-dangerous-direct-browser-access": "true",
    "user-agent": "claude-cli/2.1.0 (external, cli)",
    "x-app": "cli",
    "x-stainless-retry-count": "0",
    cookie: "session=secret",
  };

  test.each([false, true])("has its 100 kB carried unchanged but for the model (gzip: %p)", async (gzip) => {
    const body = codingAgentBody("anthropic/claude-sonnet-4-5");
    expect(body.length).toBeGreaterThan(88_000);
    rig.answer(sse(events));
    const response = await fetch(`${rig.gateway.url}/v1/messages?beta=true`, {
      method: "POST",
      headers: { ...headers, ...(gzip && { "content-encoding": "gzip" }) },
      body: gzip ? Bun.gzipSync(Buffer.from(body)) : body,
    });
    expect(await response.text()).toBe(events.join(""));
    const [call] = rig.calls();
    expect(call?.target).toBe("/anthropic/v1/messages?beta=true");
    expect(bodyText(call) === codingAgentBody("claude-sonnet-4-5")).toBe(true);
    expect(call?.header("anthropic-beta")).toBe(betas);
    expect(call?.header("anthropic-version")).toBe("2023-06-01");
    expect(call?.header("x-api-key")).toBe(PROVIDER_KEYS.anthropic);
    expect(call?.header("content-encoding")).toBeUndefined();
    for (const name of ["authorization", "cookie", "x-app", "x-stainless-retry-count"]) {
      expect(call?.header(name)).toBeUndefined();
    }
    expect(call?.header("user-agent")).toEndWith(" claude-cli/2.1.0 (external, cli)");
  });

  test("may choose the provider by query and name the model bare", async () => {
    rig.answer(json(200, { input_tokens: 3 }));
    const body = codingAgentBody("claude-sonnet-4-5");
    const path = "/v1/messages/count_tokens?beta=true&provider=anthropic";
    const response = await fetch(`${rig.gateway.url}${path}`, { method: "POST", headers, body });
    expect(await response.json()).toEqual({ input_tokens: 3 });
    expect(rig.calls()[0]?.target).toBe("/anthropic/v1/messages/count_tokens?beta=true");
    expect(bodyText(rig.calls()[0]) === body).toBe(true);
  });
});

describe("an agent on the Responses API", () => {
  const codexBody = (model: string): string =>
    JSON.stringify({
      model,
      instructions: "You are a coding agent.\n".repeat(500),
      input: [
        { type: "message", role: "developer", content: [{ type: "input_text", text: "<permissions>" }] },
        { type: "message", role: "user", content: [{ type: "input_text", text: "fix the test" }] },
        { type: "reasoning", summary: [], encrypted_content: "gAAAA" },
        { type: "function_call", name: "shell", arguments: '{"cmd":["ls"]}', call_id: "call_1" },
        { type: "function_call_output", call_id: "call_1", output: "README.md" },
        { type: "custom_tool_call", call_id: "call_2", name: "apply_patch", input: "*** Begin Patch" },
      ],
      tools: [
        { type: "function", name: "shell", strict: false, parameters: { type: "object", properties: {} } },
        { type: "custom", name: "apply_patch", format: { type: "grammar", syntax: "lark", definition: "start: x" } },
        { type: "namespace", name: "mcp__files", description: "Files", tools: [{ type: "function", name: "read" }] },
        { type: "web_search", external_web_access: false },
      ],
      tool_choice: "auto",
      parallel_tool_calls: true,
      reasoning: { effort: "medium", summary: "auto" },
      store: false,
      stream: true,
      include: ["reasoning.encrypted_content"],
      prompt_cache_key: "019a-0000",
      text: { verbosity: "low" },
    });

  test("has its tools and items carried unchanged, and its stream back", async () => {
    const usage = { input_tokens: 21, output_tokens: 4, total_tokens: 25, input_tokens_details: { cached_tokens: 8 } };
    const events = [
      dataEvent({ type: "response.created", sequence_number: 0, response: { usage: null } }, "response.created"),
      dataEvent({ type: "response.completed", sequence_number: 1, response: { usage } }, "response.completed"),
    ];
    rig.answer(sse(events));
    const response = await fetch(`${rig.gateway.url}/v1/responses`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: "Bearer client", originator: "codex_cli_rs" },
      body: codexBody("openai/gpt-5-codex"),
    });
    expect(await response.text()).toBe(events.join(""));
    const [call] = rig.calls();
    expect(bodyText(call)).toBe(codexBody("gpt-5-codex"));
    expect(call?.header("authorization")).toBe(`Bearer ${PROVIDER_KEYS.openai}`);
    const line = await rig.gateway.logged(({ route, status }) => route === "/v1/responses" && status === 200);
    expect(line).toMatchObject({ input_tokens: 21, output_tokens: 4, total_tokens: 25, cached_input_tokens: 8 });
  });
});

test("two streams of one agent do not wait for each other", async () => {
  const gates = [createGate(), createGate()] as const;
  for (const [index, gate] of gates.entries()) {
    rig.answer(
      sse([dataEvent({ stream: index, n: 1 }), dataEvent({ stream: index, n: 2 })], { gaps: [undefined, gate] }),
    );
  }
  const body = JSON.stringify({ model: "openai/gpt-4o", messages: [{ role: "user", content: "hi" }], stream: true });
  const open = async () => {
    const response = await fetch(`${rig.gateway.url}/v1/chat/completions`, { method: "POST", body });
    return response.body?.pipeThrough(new TextDecoderStream()).getReader();
  };
  const first = await open();
  const second = await open();
  expect((await first?.read())?.value).toContain('"stream":0,"n":1');
  expect((await second?.read())?.value).toContain('"stream":1,"n":1');
  gates[1].open();
  expect((await second?.read())?.value).toContain('"stream":1,"n":2');
  gates[0].open();
  expect((await first?.read())?.value).toContain('"stream":0,"n":2');
});
