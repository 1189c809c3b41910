import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { InferenceGatewayClient, MessageRole } from "@inference-gateway/sdk";
import OpenAI from "openai";
import { type Rig, startRig } from "../../fixtures/start-rig.ts";
import { type EverythingServer, startEverything } from "../mcp/start-everything.ts";
import { bodyOf, call, calling, completion, delta, messagesOf, stream } from "./loop-rig.ts";

let everything: EverythingServer;
const rigs = new Map<string, Rig>();

beforeAll(async () => {
  everything = await startEverything();
  await Promise.all(
    ["selector", "direct"].map(async (mode) => {
      const rig = await startRig({
        MCP_ENABLED: "true",
        MCP_SERVERS: `everything=${everything.url}`,
        MCP_TOOL_MODE: mode,
        MCP_EXCLUDE_TOOLS: "get-env",
        MCP_RECONNECT_INTERVAL: "50ms",
      });
      rigs.set(mode, rig);
      await rig.gateway.logged((line) => line["msg"] === "MCP server is connected", 15_000);
    }),
  );
});

afterAll(async () => {
  for (const rig of rigs.values()) {
    await rig.finish();
    await rig[Symbol.asyncDispose]();
  }
  await everything[Symbol.asyncDispose]();
});

const rigOf = (mode: string): Rig => rigs.get(mode) ?? expect.unreachable();
const openai = (mode: string, headers = {}) =>
  new OpenAI({ baseURL: `${rigOf(mode).gateway.url}/v1`, apiKey: "unused", maxRetries: 0, defaultHeaders: headers });

const SUM = "The sum of 2 and 3 is 5.";
const model = "openai/m";
const messages = [{ role: "user" as const, content: "What is 2 + 3?" }];
const USAGE = { prompt_tokens: 4, completion_tokens: 2, total_tokens: 6 };

/** The deltas of an answer that calls tools. */
const callingStream = (content: string, ...calls: readonly object[]) =>
  stream([
    delta({ role: "assistant", content }),
    ...calls.map((item, index) => delta({ tool_calls: [{ index, ...item }] })),
    delta({}, "tool_calls"),
    delta({}, null, { choices: [], usage: USAGE }),
  ]);
const answerStream = (...pieces: readonly string[]) =>
  stream([
    delta({ role: "assistant", content: "" }, null, { id: "chatcmpl-2" }),
    ...pieces.map((content) => delta({ content }, null, { id: "chatcmpl-2" })),
    delta({}, "stop", { id: "chatcmpl-2" }),
    delta({}, null, { id: "chatcmpl-2", choices: [], usage: USAGE }),
  ]);

/** What a model does with the selector: it looks for a tool, reads its schema, and runs it. */
const SELECTING = [
  call("c1", "mcp_tools_get", { query: "sum" }),
  call("c2", "mcp_tools_get", { names: ["mcp_get-sum"] }),
  call("c3", "mcp_tools_execute", { name: "mcp_get-sum", arguments: { a: 2, b: 3 } }),
];
const MODES = [
  ["selector", SELECTING],
  ["direct", [call("c1", "mcp_get-sum", { a: 2, b: 3 })]],
] as const;

describe.each(MODES)("%s:", (mode, calls) => {
  test("a model that calls what it may not gets errors, and says so", async () => {
    const { provider } = rigOf(mode);
    provider.answer(calling(call("a", "mcp_get-env"), call("b", "mcp_tools_execute", { name: "mcp_get-env" })));
    provider.answer(completion({ content: "I may not" }));
    const answer = await openai(mode).chat.completions.create({ model, messages });
    expect(answer.choices[0]?.message.content).toBe("I may not");
    const results = messagesOf(provider.requests.at(-1)).slice(-2);
    for (const result of results) expect(String(result["content"])).toStartWith("Error: there is no tool");
  });

  test("openai's client gets one completion, with the usage of all rounds", async () => {
    const { provider } = rigOf(mode);
    for (const item of calls) provider.answer(completion({ tool_calls: [item] }, "tool_calls", { usage: USAGE }));
    provider.answer(completion({ content: "It is 5." }, "stop", { usage: USAGE }));
    const answer = await openai(mode).chat.completions.create({ model, messages });
    expect(answer.choices).toHaveLength(1);
    expect(answer.choices[0]).toMatchObject({
      finish_reason: "stop",
      message: { role: "assistant", content: "It is 5." },
    });
    expect(answer.usage?.total_tokens).toBe(6 * (calls.length + 1));
    expect(messagesOf(provider.requests.at(-1)).at(-1)?.["content"]).toBe(SUM);
    const offered = (bodyOf(provider.requests.at(-1))["tools"] as { function: { name: string } }[]).map(
      (tool) => tool.function.name,
    );
    if (mode === "selector") expect(offered).toEqual(["mcp_tools_get", "mcp_tools_execute"]);
    else expect(offered).toEqual(expect.arrayContaining(["mcp_get-sum", "mcp_echo"]));
    expect(offered).not.toContain("mcp_get-env");
  });

  test("openai's streaming helper builds one completion", async () => {
    const { provider } = rigOf(mode);
    for (const item of calls) provider.answer(callingStream("Let me see. ", item));
    provider.answer(answerStream("It ", "is 5."));
    const streaming = openai(mode).chat.completions.stream({
      model,
      messages,
      stream_options: { include_usage: true },
    });
    const ids = new Set<string>();
    for await (const chunk of streaming) ids.add(chunk.id);
    const answer = await streaming.finalChatCompletion();
    expect([...ids]).toEqual(["chatcmpl-1"]);
    expect(answer.choices).toHaveLength(1);
    expect(answer.choices[0]).toMatchObject({
      finish_reason: "stop",
      message: { role: "assistant", content: `${"Let me see. ".repeat(calls.length)}It is 5.` },
    });
    expect(answer.choices[0]?.message.tool_calls ?? []).toEqual([]);
    expect(answer.usage?.total_tokens).toBe(6 * (calls.length + 1));
  });

  test.each([false, true])(
    "openai's tool runner runs its own tool, and the gateway the others (stream: %p)",
    async (streamed) => {
      const { provider } = rigOf(mode);
      const own = call("own-1", "own", { x: 1 });
      const asAnswer = streamed
        ? [...calls.map((item) => callingStream("", item)), callingStream("", own), answerStream("done")]
        : [...calls.map((item) => calling(item)), calling(own), completion({ content: "done" })];
      for (const answer of asAnswer) provider.answer(answer);
      const asked: unknown[] = [];
      const tool = {
        type: "function" as const,
        function: {
          name: "own",
          description: "The client's own",
          parameters: { type: "object", properties: {} },
          parse: JSON.parse,
          function: (given: unknown) => {
            asked.push(given);
            return "mine";
          },
        },
      };
      const client = openai(mode);
      const runner = streamed
        ? client.chat.completions.runTools({ model, messages, tools: [tool], stream: true })
        : client.chat.completions.runTools({ model, messages, tools: [tool] });
      expect(await runner.finalContent()).toBe("done");
      expect(asked).toEqual([{ x: 1 }]);
      expect(messagesOf(provider.requests.at(-1)).slice(-1)).toMatchObject([{ role: "tool", content: "mine" }]);
    },
  );

  test("the gateway's own client gets one completion, streamed", async () => {
    const { provider, gateway } = rigOf(mode);
    for (const item of calls) provider.answer(callingStream("Let me see. ", item));
    provider.answer(answerStream("It ", "is 5."));
    const client = new InferenceGatewayClient({ baseURL: `${gateway.url}/v1` });
    const seen = { content: "", finished: 0, tools: 0, errors: [] as unknown[] };
    await client.streamChatCompletion(
      { model, messages: [{ role: MessageRole.User, content: "What is 2 + 3?" }] },
      {
        onContent: (content) => void (seen.content += content),
        onTool: () => void (seen.tools += 1),
        onMCPTool: () => void (seen.tools += 1),
        onFinish: () => void (seen.finished += 1),
        onError: ({ error }) => void seen.errors.push(error),
      },
    );
    expect(seen).toEqual({
      content: `${"Let me see. ".repeat(calls.length)}It is 5.`,
      finished: 1,
      tools: 0,
      errors: [],
    });
  });
});

test("the gateway's own client is told of tools if it wants to see them", async () => {
  const { provider, gateway } = rigOf("direct");
  provider.answer(callingStream("", call("c1", "mcp_get-sum", { a: 2, b: 3 })));
  provider.answer(answerStream("It is 5."));
  const client = new InferenceGatewayClient({
    baseURL: `${gateway.url}/v1`,
    defaultHeaders: { "X-MCP-Show-Tools": "true" },
  });
  const tools: string[] = [];
  await client.streamChatCompletion(
    { model, messages: [{ role: MessageRole.User, content: "What is 2 + 3?" }] },
    { onMCPTool: (tool) => void tools.push(tool.function.name) },
  );
  expect(tools).toEqual(["mcp_get-sum"]);
});
