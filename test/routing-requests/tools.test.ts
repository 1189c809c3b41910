import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { json } from "../fixtures/answers.ts";
import { type McpTestServer, startMcpServer, text } from "../tools/mcp/mcp-server.ts";
import { answerOf, type Api, DIALOGUES } from "./dialogues.ts";
import { type RoutedGateway, startRouted } from "./routed-gateway.ts";
import { CALLS } from "./tool-calls.ts";

const FAST = { name: "fast", deployments: [{ provider: "left" }, { provider: "right" }] };

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

  test.each([[false], [true]])("a later step that is refused goes to nobody else (stream: %p)", async (streams) => {
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
    const alone = { name: "fast", deployments: [{ provider: "left" }], retries };
    await using rig = await startWithTools(left, right, alone);
    rig.left.answer(CALLS[left](streams));
    rig.left.answer(json(503, { error: { message: "not now" } }));
    rig.left.answer(answerOf(left, streams));
    const response = await rig.post(path(streams), ask(streams));
    expect([response.status, await response.text()]).toEqual([200, expect.stringContaining("hello")]);
    expect(calls).toBe(1);
    const line = await rig.lineOf(response);
    const answered = "left/left-model answered";
    expect(line["tried"]).toEqual([answered, "left/left-model 503 provider_error", answered]);
    expect(line["failure"]).toBeUndefined();
  });
});
