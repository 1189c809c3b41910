import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { TRANSLATED_APIS, type Wire, WIRES } from "../../../src/formats/wires.ts";
import { answerOf, CALL, TEXT, USAGE } from "../../translation/provider-traffic.ts";
import { text as textResult } from "../mcp/mcp-server.ts";
import { type AgentRig, startAgentRig, textOf } from "./loop-rig.ts";

/*
 * Every API of clients over every wire of providers. The model says a text and calls a tool each time: the first call is
 * run, at the second one a limit is reached.
 */
const rigs = new Map<Wire, AgentRig>();
beforeAll(async () => {
  for (const wire of WIRES) {
    const tool = { name: CALL.name, run: () => textResult("sunny") };
    rigs.set(wire, await startAgentRig({ OPENAI_APIS: wire, MCP_MAX_ITERATIONS: "1" }, [tool]));
  }
});
afterAll(async () => {
  for (const rig of rigs.values()) {
    await rig.finish();
    await rig[Symbol.asyncDispose]();
  }
});

const QUESTION = "How is the weather?";
const messages = [{ role: "user", content: QUESTION }];
const CLIENTS = {
  chat: ["/v1/chat/completions", { model: "openai/m", messages }],
  messages: ["/v1/messages", { model: "openai/m", max_tokens: 100, messages }],
  responses: ["/v1/responses", { model: "openai/m", input: QUESTION, store: false }],
} as const;

/** The words that a client is sent, of its events or of its answer. */
function wordsOf(answer: string): string {
  const words: string[] = [];
  const MEMBERS = /^(?:text|content|delta)$/;
  for (const data of /^[{[]/.test(answer) ? [answer] : [...answer.matchAll(/^data: (\{.*)$/gm)].map(([, it]) => it)) {
    const { type, ...event } = JSON.parse(data ?? "") as Record<string, unknown>;
    // What ends an item repeats what it holds.
    if (/(?:done|added|completed|incomplete|created|in_progress)$/.test(String(type))) continue;
    JSON.stringify(event, (name, value: unknown) => {
      if (typeof value === "string" && MEMBERS.test(name)) words.push(value);
      return value;
    });
  }
  return words.join("");
}

const CASES = TRANSLATED_APIS.flatMap((client) =>
  client in CLIENTS ? WIRES.map((wire) => [client as keyof typeof CLIENTS, wire] as const) : [],
);

describe.each(CASES)("a client of %s at a provider of %s", (client, wire) => {
  test.each([false, true])("has the tool run (stream: %p)", async (stream) => {
    const agent = rigs.get(wire) ?? expect.unreachable();
    agent.answer(answerOf(wire, stream), answerOf(wire, stream));
    const [path, body] = CLIENTS[client];
    const { status, text, line } = await agent.post(path, { ...body, stream });
    expect(status).toBe(200);
    const rounds = client === "chat" && !stream ? 1 : 2;
    expect(wordsOf(text)).toBe(TEXT.repeat(rounds));
    expect(text).not.toContain(CALL.name);
    expect(agent.ran.map(({ args }) => args)).toEqual([CALL.input]);
    const [first, second] = agent.asked().map(textOf);
    expect(first).toContain(`mcp_${CALL.name}`);
    expect(second).toContain("sunny");
    expect(line).toMatchObject({
      ...{ tool_rounds: 1, tool_calls: 1, outcome: "answered" },
      ...{ input_tokens: 2 * USAGE.input, output_tokens: 2 * USAGE.output },
    });
  });
});

const VERBS = ["generateContent", "streamGenerateContent?alt=sse", "streamGenerateContent"] as const;

describe.each(WIRES)("a client of generate at a provider of %s", (wire) => {
  test.each(VERBS)("has the tool run (%s)", async (verb) => {
    const agent = rigs.get(wire) ?? expect.unreachable();
    const streams = verb !== "generateContent";
    agent.answer(answerOf(wire, streams), answerOf(wire, streams));
    const { status, text } = await agent.post(`/v1beta/models/openai/m:${verb}`, {
      contents: [{ role: "user", parts: [{ text: QUESTION }] }],
    });
    expect(status).toBe(200);
    expect(text).toStartWith({ [VERBS[0]]: "{", [VERBS[1]]: "data: {", [VERBS[2]]: "[" }[verb]);
    expect(wordsOf(text)).toBe(TEXT.repeat(2));
    expect(text).not.toContain(CALL.name);
    expect(agent.ran.map(({ args }) => args)).toEqual([CALL.input]);
    expect(agent.asked().map(textOf)[1]).toContain("sunny");
  });
});
