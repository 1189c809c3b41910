import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { dataEvent, json, sse } from "../fixtures/answers.ts";
import type { Step } from "../fixtures/script.ts";
import { type McpTestServer, startMcpServer, text } from "../tools/mcp/mcp-server.ts";
import { answerOf, type Api, DIALOGUES } from "./dialogues.ts";
import { type RoutedGateway, startRouted } from "./routed-gateway.ts";

const FAST = { name: "fast", deployments: [{ provider: "left" }, { provider: "right" }] };

/** A call of the gateway's tool, in two of the APIs. */
const CALLS = {
  chat(streams: boolean): Step[] {
    const call = { id: "call_1", type: "function", function: { name: "mcp_add", arguments: "{}" } };
    const base = { id: "c0", created: 1, model: "m" };
    if (streams) {
      const delta = { role: "assistant", tool_calls: [{ index: 0, ...call }] };
      return sse([
        dataEvent({ ...base, object: "chat.completion.chunk", choices: [{ index: 0, delta, finish_reason: null }] }),
        dataEvent({ ...base, choices: [{ index: 0, delta: {}, finish_reason: "tool_calls" }] }),
        dataEvent("[DONE]"),
      ]);
    }
    const message = { role: "assistant", content: null, tool_calls: [call] };
    const choices = [{ index: 0, message, finish_reason: "tool_calls" }];
    return json(200, { ...base, object: "chat.completion", choices, usage: USED });
  },
  messages(streams: boolean): Step[] {
    const call = { type: "tool_use", id: "call_1", name: "mcp_add", input: {} };
    const message = { id: "m0", type: "message", role: "assistant", model: "m", stop_reason: null };
    const usage = { input_tokens: 7, output_tokens: 1 };
    if (!streams) return json(200, { ...message, content: [call], stop_reason: "tool_use", usage });
    const typed = (data: { readonly type: string } & Record<string, unknown>) => dataEvent(data, data.type);
    return sse([
      typed({ type: "message_start", message: { ...message, content: [], usage } }),
      typed({ type: "content_block_start", index: 0, content_block: call }),
      typed({ type: "content_block_stop", index: 0 }),
      typed({ type: "message_delta", delta: { stop_reason: "tool_use" }, usage: { output_tokens: 1 } }),
      typed({ type: "message_stop" }),
    ]);
  },
} as const;

const USED = { prompt_tokens: 7, completion_tokens: 1, total_tokens: 8 };

let mcp: McpTestServer;
let calls = 0;
beforeAll(async () => {
  mcp = await startMcpServer({
    tools: [
      {
        name: "add",
        run: () => {
          calls += 1;
          return text("3");
        },
      },
    ],
  });
});
afterAll(async () => mcp.stop());
beforeEach(() => {
  calls = 0;
});

async function startWithTools(left: Api, right: Api, model = FAST): Promise<RoutedGateway> {
  const settings = { MCP_ENABLED: "true", MCP_SERVERS: mcp.url };
  const rig = await startRouted([model], { left, right }, settings);
  while (!(await (await fetch(`${rig.gateway.url}/health/ready`)).text()).includes('"connected"')) await Bun.sleep(5);
  return rig;
}

/** A client's API, that of the first provider, and that of the second one. */
const KINDS = [
  ["chat", "chat", "chat"],
  ["chat", "chat", "messages"],
  ["chat", "messages", "chat"],
  ["messages", "messages", "messages"],
  ["messages", "chat", "messages"],
] as const;

describe.each(KINDS)("a client of %s with tools, at providers of %s and %s", (client, left, right) => {
  const { path, ask } = DIALOGUES[client];

  test.each([[false], [true]])("the second provider takes over before a tool has run (stream: %p)", async (streams) => {
    await using rig = await startWithTools(left, right);
    rig.left.answer(json(500, { error: { message: "down" } }));
    rig.right.answer(CALLS[right](streams));
    rig.right.answer(answerOf(right, streams));
    const response = await rig.post(path(streams), ask(streams));
    expect([response.status, await response.text()]).toEqual([200, expect.stringContaining("hello")]);
    expect(calls).toBe(1);
    expect([response.headers.get("x-selected-provider"), response.headers.get("x-attempts")]).toEqual(["right", "2"]);
    const line = await rig.lineOf(response);
    expect(line).toMatchObject({ provider: "right", attempts: 2, tool_rounds: 1, alias: "fast" });
    // Each step has its own lease.
    const leases = rig.router.settled.map(({ deployment, failure }) => [deployment.label, failure]);
    expect(leases).toEqual([
      ["right/right-model", undefined],
      ["right/right-model", undefined],
    ]);
    if (!streams) expect(rig.router.settled.map(({ usage }) => usage?.outputTokens)).toEqual([1, 2]);
  });

  test.each([[false], [true]])("a later step stays where the first one was (stream: %p)", async (streams) => {
    await using rig = await startWithTools(left, right);
    rig.left.answer(CALLS[left](streams));
    rig.left.answer(json(400, { error: { message: "not so" } }));
    const response = await rig.post(path(streams), ask(streams));
    const body = await response.text();
    expect(body).toContain("not so");
    if (!streams) expect(response.status).toBe(400);
    expect(calls).toBe(1);
    expect(rig.right.requests.filter(({ method }) => method === "POST")).toEqual([]);
    expect(rig.router.settled).toHaveLength(1);
  });

  test.each([[false], [true]])("and is asked again there, as the model allows (stream: %p)", async (streams) => {
    const retries = { attempts: 2, on: new Set<never>(), repeatsSent: true, backoffMs: 1, maxBackoffMs: 1 };
    await using rig = await startWithTools(left, right, { ...FAST, retries } as typeof FAST);
    rig.left.answer(CALLS[left](streams));
    rig.left.answer(json(503, { error: { message: "not now" } }));
    rig.left.answer(answerOf(left, streams));
    const response = await rig.post(path(streams), ask(streams));
    expect([response.status, await response.text()]).toEqual([200, expect.stringContaining("hello")]);
    expect(calls).toBe(1);
    const line = await rig.lineOf(response);
    expect(line["tried"]).toEqual(["left/left-model answered", "left/left-model 503 provider_error"]);
    expect(line["failure"]).toBeUndefined();
  });
});
