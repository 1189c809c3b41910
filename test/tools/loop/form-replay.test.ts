import { afterAll, beforeAll, expect, test } from "bun:test";
import { type AgentRig, bodyOf, startAgentRig, textOf } from "./loop-rig.ts";
import { call, says, text, thought } from "./model-answers.ts";

let agent: AgentRig;
beforeAll(async () => {
  agent = await startAgentRig({ OPENAI_APIS: "messages", REPLAY_CACHE_BYTES: "1MiB" });
});
afterAll(async () => {
  await agent.finish();
  await agent[Symbol.asyncDispose]();
});

const OWN = { type: "function", function: { name: "own", parameters: { type: "object" } } };
const QUESTION = { role: "user", content: "2 + 3?" };
const BODY = { model: "openai/m", tools: [OWN], messages: [QUESTION] };

test.each([false, true])(
  "thoughts before a client's call come back although it lost them (stream: %p)",
  async (stream) => {
    const id = `own-${String(stream)}`;
    agent.answer(
      says("messages", stream, [thought("messages", "One?"), call("c1", "mcp_add", { a: 1, b: 1 })]),
      says("messages", stream, [thought("messages", "Two?"), call(id, "own")]),
    );
    await agent.chat({ ...BODY, stream });
    const called = {
      role: "assistant",
      tool_calls: [{ id, type: "function", function: { name: "own", arguments: "{}" } }],
    };
    agent.answer(says("messages", false, [text("Done.")]));
    await agent.chat({ ...BODY, messages: [QUESTION, called, { role: "tool", tool_call_id: id, content: "x" }] });
    const [request] = agent.asked();
    expect(textOf(request)).not.toContain("One?");
    expect(bodyOf(request)["messages"]).toMatchObject([
      { role: "user" },
      {
        role: "assistant",
        content: [
          { type: "thinking", signature: "sealed Two?" },
          { type: "tool_use", id },
        ],
      },
      { role: "user" },
    ]);
  },
);
