import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { json, sse } from "../../fixtures/answers.ts";
import { type AgentRig, call, calling, CHAT, completion, messagesOf, startAgentRig } from "./loop-rig.ts";

let agent: AgentRig;
beforeAll(async () => {
  agent = await startAgentRig();
});
afterAll(async () => {
  await agent.finish();
  await agent[Symbol.asyncDispose]();
});
beforeEach(() => {
  agent.rig.provider.failures.length = 0;
});

const DEPTH = 100_000;
const NESTED = "[".repeat(DEPTH) + "]".repeat(DEPTH);
const TOO_DEEP = "The upstream server's answer is nested deeper than 64 levels (SERVER_MAX_JSON_DEPTH)";

test("an answer that is nested too deeply is none", async () => {
  agent.answer(json(200, `{"choices":[],"x":${NESTED}}`));
  const { status, text } = await agent.chat(CHAT);
  expect(status).toBe(502);
  expect(JSON.parse(text)).toMatchObject({ error: TOO_DEEP, code: "upstream_invalid_response" });
});

test("arguments that are nested too deeply are none", async () => {
  agent.answer(calling(call("call-1", "mcp_add", `{"a":${NESTED}}`)));
  agent.answer(completion({ content: "done" }));
  expect((await agent.chat(CHAT)).status).toBe(200);
  expect(messagesOf(agent.asked()[1]).at(-1)).toMatchObject({
    role: "tool",
    content: "Error: the arguments are not a JSON object",
  });
});

test("arguments of more values than can be written at once are none", async () => {
  const values = Array.from({ length: 60_000 }, () => 0);
  for (const args of [JSON.stringify({ values }), { values }]) {
    agent.answer(calling(call("call-1", "mcp_add", args as string)));
    agent.answer(completion({ content: "done" }));
    expect((await agent.chat(CHAT)).status).toBe(200);
    const [asked, result] = messagesOf(agent.asked().at(-1)).slice(-2);
    expect(asked).toMatchObject({ tool_calls: [{ function: { arguments: "{}" } }] });
    expect(result).toMatchObject({ role: "tool", content: "Error: the arguments hold more than 50000 values" });
  }
});

test("an event that is nested too deeply passes as it is", async () => {
  const event = `data: {"choices":[{"index":0,"delta":{"content":"a"}}],"x":${"[".repeat(70)}${"]".repeat(70)}}\n\n`;
  const last = 'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n';
  agent.answer(sse([event, last], { done: true }));
  const { text } = await agent.chat({ ...CHAT, stream: true });
  expect(text).toBe(`${event}${last}data: [DONE]\n\n`);
});

test("a provider's error that is nested too deeply is an error like any other", async () => {
  agent.answer(json(400, NESTED));
  const { status, text } = await agent.chat(CHAT);
  expect(status).toBe(400);
  expect(JSON.parse(text)).toMatchObject({ code: "provider_error" });
});
