import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { dataEvent, json, sse } from "../../fixtures/answers.ts";
import type { Step } from "../../fixtures/script.ts";
import { type AgentRig, bodyOf, MESSAGES, startAgentRig } from "./loop-rig.ts";

/** A provider that has Anthropic's API alone, which chat clients reach by translation. */
let agent: AgentRig;
beforeAll(async () => {
  agent = await startAgentRig({ ANTHROPIC_APIS: "messages" });
});
afterAll(async () => {
  await agent.finish();
  await agent[Symbol.asyncDispose]();
});

const CHAT = { model: "anthropic/m", messages: MESSAGES };
const CALL = { type: "tool_use", id: "call_1", name: "mcp_add", input: { a: 2, b: 3 } };

function answer(content: object, reason: string, output: number): Step[] {
  return json(200, {
    ...{ id: "msg_1", type: "message", role: "assistant", model: "m", content: [content] },
    ...{ stop_reason: reason, stop_sequence: null, usage: { input_tokens: 10, output_tokens: output } },
  });
}

function stream(start: object, deltas: readonly object[], reason: string, output: number): Step[] {
  const events = [
    {
      type: "message_start",
      message: {
        ...{ id: "msg_1", type: "message", role: "assistant", model: "m", content: [], stop_reason: null },
        usage: { input_tokens: 10, output_tokens: 0 },
      },
    },
    { type: "content_block_start", index: 0, content_block: start },
    ...deltas.map((delta) => ({ type: "content_block_delta", index: 0, delta })),
    { type: "content_block_stop", index: 0 },
    { type: "message_delta", delta: { stop_reason: reason }, usage: { output_tokens: output } },
    { type: "message_stop" },
  ];
  return sse(events.map((event) => dataEvent(event, event.type)));
}

/** What the provider is asked after the tool has run. */
const SECOND_MESSAGES = [
  { role: "user" },
  { role: "assistant", content: [{ type: "tool_use", id: "call_1", name: "mcp_add", input: { a: 2, b: 3 } }] },
  { role: "user", content: [{ type: "tool_result", tool_use_id: "call_1" }] },
];

describe("tools run for a chat client at a provider without a chat API", () => {
  test("in one piece", async () => {
    agent.answer(answer(CALL, "tool_use", 3), answer({ type: "text", text: "It is 5." }, "end_turn", 4));
    const { status, headers, text, line } = await agent.chat(CHAT, { "idempotency-key": "once" });
    expect([status, headers.get("x-gateway-translated")]).toEqual([200, "chat->messages"]);
    expect(JSON.parse(text)).toMatchObject({
      choices: [{ message: { content: "It is 5." }, finish_reason: "stop" }],
    });
    expect(agent.ran).toMatchObject([{ name: "add", args: { a: 2, b: 3 } }]);
    const [first, second] = agent.asked();
    expect([first?.target, first?.header("idempotency-key"), second?.header("idempotency-key")]).toEqual([
      "/v1/messages",
      "once",
      undefined,
    ]);
    expect(bodyOf(second)).toMatchObject({ model: "m", messages: SECOND_MESSAGES });
    expect(line).toMatchObject({ tool_rounds: 1, tool_calls: 1, input_tokens: 20, output_tokens: 7 });
  });

  test("as a stream", async () => {
    const input = { type: "input_json_delta", partial_json: '{"a":2,"b":3}' };
    agent.answer(
      stream({ ...CALL, input: {} }, [input], "tool_use", 3),
      stream({ type: "text", text: "" }, [{ type: "text_delta", text: "It is 5." }], "end_turn", 4),
    );
    const body = { ...CHAT, stream: true, stream_options: { include_usage: true } };
    const { headers, text, line } = await agent.chat(body);
    expect(headers.get("x-gateway-translated")).toBe("chat->messages");
    expect(text).toContain("It is 5.");
    expect(text).not.toContain("mcp_add");
    expect(text.match(/\[DONE\]/g)).toHaveLength(1);
    expect(bodyOf(agent.asked()[1])).toMatchObject({ stream: true, messages: SECOND_MESSAGES });
    expect(line).toMatchObject({ tool_rounds: 1, input_tokens: 20, output_tokens: 7 });
  });
});
