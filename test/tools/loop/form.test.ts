import Anthropic from "@anthropic-ai/sdk";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import OpenAI from "openai";
import type { Block } from "../../../src/formats/form/blocks.ts";
import { type AgentRig, bodyOf, startAgentRig, textOf } from "./loop-rig.ts";
import { call, says, type TestWire, text, thought, WIRES } from "./model-answers.ts";
import { requireAcceptable } from "./provider-rules.ts";

const IMAGE = { content: [{ type: "image", mimeType: "image/png", data: "AAAA" }] };

const rigs = new Map<TestWire, AgentRig>();
beforeAll(async () => {
  for (const wire of WIRES) {
    rigs.set(wire, await startAgentRig({ OPENAI_APIS: wire }, [{ name: "picture", run: () => IMAGE }]));
  }
});
afterAll(async () => {
  for (const rig of rigs.values()) {
    await rig.finish();
    await rig[Symbol.asyncDispose]();
  }
});

const rigOf = (wire: TestWire): AgentRig => rigs.get(wire) ?? expect.unreachable();

const model = "openai/m";
const QUESTION = "What is 2 + 3?";

/** What a client has understood. */
interface Understood {
  readonly text: string;
  readonly thoughts: string;
  readonly calls: readonly unknown[];
  readonly stop: unknown;
  readonly usage: readonly unknown[];
  readonly answer: unknown;
}

const OWN_TOOL = { name: "own", description: "The client's own", parameters: { type: "object", properties: {} } };

async function askMessages(url: string, streams: boolean, hasOwn: boolean, headers = {}): Promise<Understood> {
  const client = new Anthropic({ baseURL: url, apiKey: "none", maxRetries: 0, defaultHeaders: headers });
  const { name, description, parameters } = OWN_TOOL;
  const request: Anthropic.MessageCreateParamsNonStreaming = {
    ...{ model, max_tokens: 100, messages: [{ role: "user", content: QUESTION }] },
    ...(hasOwn && { tools: [{ name, description, input_schema: { ...parameters, type: "object" } }] }),
  };
  const answer = streams ? await client.messages.stream(request).finalMessage() : await client.messages.create(request);
  return {
    text: answer.content.map((block) => (block.type === "text" ? block.text : "")).join(""),
    thoughts: answer.content.map((block) => (block.type === "thinking" ? block.thinking : "")).join(""),
    calls: answer.content.flatMap((block) => (block.type === "tool_use" ? [[block.name, block.input]] : [])),
    stop: answer.stop_reason,
    usage: [answer.usage.input_tokens + (answer.usage.cache_read_input_tokens ?? 0), answer.usage.output_tokens],
    answer: JSON.parse(JSON.stringify(answer)),
  };
}

async function askResponses(url: string, streams: boolean, hasOwn: boolean, headers = {}): Promise<Understood> {
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: "none", maxRetries: 0, defaultHeaders: headers });
  const request = {
    ...{ model, input: QUESTION, store: false },
    ...(hasOwn && { tools: [{ type: "function" as const, strict: false, ...OWN_TOOL }] }),
  };
  const answer = streams
    ? await client.responses.stream(request).finalResponse()
    : await client.responses.create(request);
  return {
    text: answer.output_text,
    thoughts: answer.output
      .flatMap((item) => (item.type === "reasoning" ? [...item.summary, ...(item.content ?? [])] : []))
      .map((part) => part.text)
      .join(""),
    calls: answer.output.flatMap((item) =>
      item.type === "function_call" ? [[item.name, JSON.parse(item.arguments) as unknown]] : [],
    ),
    stop: answer.incomplete_details?.reason ?? answer.status,
    usage: [answer.usage?.input_tokens, answer.usage?.output_tokens],
    answer: JSON.parse(JSON.stringify(answer)),
  };
}

const CLIENTS = { messages: askMessages, responses: askResponses };
const STOPS = {
  messages: { end: "end_turn", tool: "tool_use", limit: "max_tokens" },
  responses: { end: "completed", tool: "completed", limit: "max_output_tokens" },
};
type TestClient = keyof typeof CLIENTS;

const CASES = (["messages", "responses"] as const).flatMap((client) =>
  WIRES.flatMap((wire) => [false, true].map((streams) => [client, wire, streams] as const)),
);

/** Queues answers of the model; each request must be one that a provider of the wire accepts. */
function answer(wire: TestWire, streams: boolean, ...answers: readonly (readonly Block[])[]): void {
  for (const blocks of answers) {
    rigOf(wire).answer((request) => {
      requireAcceptable(wire, bodyOf(request));
      return says(wire, streams, blocks);
    });
  }
}

const threeRounds = (wire: TestWire): readonly (readonly Block[])[] => [
  [
    ...[thought(wire, "One?"), text("Let me see. ")],
    ...[call("c1", "mcp_add", { a: 2, b: 3 }), call("c2", "mcp_fail")],
  ],
  [thought(wire, "Two?"), text("And once more. "), call("c3", "mcp_picture")],
  [thought(wire, "Three."), text("It is 5.")],
];

/** Ids and times are of one answer each; what was parsed is added by the clients. */
const OF_ONE = /^(?:id|item_id|created_at|completed_at|parsed_output|output_parsed|parsed|parsed_arguments)$/;

const withoutIds = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (name, member: unknown) => (OF_ONE.test(name) ? undefined : member)));

async function ask(client: TestClient, wire: TestWire, streams: boolean, hasOwn = false, headers = {}) {
  const rig = rigOf(wire);
  rig.begin();
  return CLIENTS[client](rig.rig.gateway.url, streams, hasOwn, headers);
}

const lastLine = (wire: TestWire): Promise<object> => {
  const { rig } = rigOf(wire);
  return rig.gateway.logged((line) => line === rig.gateway.log.findLast(({ msg }) => msg === "request"));
};

describe.each(CASES)("a client of %s at a provider of %s (stream: %p)", (client, wire, streams) => {
  test("gets what all rounds say as one answer, and the provider each thing as it wants it", async () => {
    answer(wire, streams, ...threeRounds(wire));
    const understood = await ask(client, wire, streams);
    expect(understood).toMatchObject({
      text: "Let me see. And once more. It is 5.",
      thoughts: "One?Two?Three.",
      calls: [],
      stop: STOPS[client].end,
      usage: [30, 9],
    });
    const asked = rigOf(wire).asked();
    expect(asked).toHaveLength(3);
    expect(rigOf(wire).ran.map(({ name }) => name)).toEqual(["add", "fail", "picture"]);
    const last = textOf(asked[2]);
    for (const result of ["Error: it broke", "[image, image/png, 3 bytes]"]) expect(last).toContain(result);
    expect(last).not.toContain("Error: Error:");
    if (wire !== "chat") expect(last).toContain("sealed One?");
    expect(await lastLine(wire)).toMatchObject({
      ...{ tool_rounds: 2, tool_calls: 3, input_tokens: 30, output_tokens: 9, outcome: "answered" },
    });
  });

  test("gets its own calls, and those of the gateway are run and hidden", async () => {
    answer(wire, streams, [text("Both. "), call("c1", "mcp_add", { a: 1, b: 1 }), call("c2", "own", { x: 1 })]);
    const understood = await ask(client, wire, streams, true);
    expect(understood).toMatchObject({ text: "Both. ", calls: [["own", { x: 1 }]], stop: STOPS[client].tool });
    expect(rigOf(wire).ran).toHaveLength(1);
  });

  test("sees the gateway's calls if it asks for them, and has nothing to do", async () => {
    answer(wire, streams, [text("Look. "), call("c1", "mcp_add", { a: 2, b: 3 })], [text("5")]);
    const understood = await ask(client, wire, streams, false, { "X-MCP-Show-Tools": "true" });
    expect(understood).toMatchObject({
      ...{ text: "Look. 5", calls: [["mcp_add", { a: 2, b: 3 }]], stop: STOPS[client].end },
    });
  });

  test("is left alone if it asks for that", async () => {
    answer(wire, streams, [text("Hi")]);
    expect(await ask(client, wire, streams, false, { "X-MCP-Bypass": "1" })).toMatchObject({ text: "Hi" });
    expect(textOf(rigOf(wire).asked()[0])).not.toContain("mcp_");
  });
});

describe.each(["messages", "responses"] as const)("a stream of %s adds up to the whole answer", (client) => {
  test.each(WIRES)("at a provider of %s", async (wire) => {
    const answers = [];
    for (const streams of [false, true]) {
      answer(wire, streams, ...threeRounds(wire));
      answers.push(withoutIds((await ask(client, wire, streams)).answer));
    }
    expect(answers[1]).toEqual(answers[0]);
  });
});
