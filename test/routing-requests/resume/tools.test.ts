import { afterAll, beforeAll, expect, test } from "bun:test";
import { dataEvent, sse } from "../../fixtures/answers.ts";
import { reset } from "../../fixtures/script.ts";
import { type McpTestServer, startMcpServer, text } from "../../tools/mcp/mcp-server.ts";
import { BEGUN, broken, chatAsk, chatChunk, messagesAsk, messagesBegun, start } from "./broken-streams.ts";

let mcp: McpTestServer;
let calls = 0;
beforeAll(async () => {
  const run = () => {
    calls += 1;
    return text("3");
  };
  mcp = await startMcpServer({ tools: [{ name: "add", run }] });
});
afterAll(async () => mcp.stop());

const call = { index: 0, id: "call_1", type: "function", function: { name: "mcp_add", arguments: "{}" } };
const CALL = sse([
  chatChunk({ role: "assistant", tool_calls: [call] }),
  chatChunk({}, "tool_calls"),
  dataEvent("[DONE]"),
]);

test.each([
  ["before a tool has run", "chat", []],
  ["after a tool has run", "chat", [CALL]],
  ["before a tool has run", "messages", []],
] as const)("an answer with the gateway's tools is gone on with by nobody else (%s, %s)", async (_, api, before) => {
  calls = 0;
  const settings = { MCP_ENABLED: "true", MCP_SERVERS: mcp.url };
  const deployments = [
    { provider: "left", prefill: "as_is" as const },
    { provider: "right", prefill: "as_is" as const },
  ];
  await using rig = await start({ deployments }, { left: api, right: api }, settings);
  while (!(await (await fetch(`${rig.gateway.url}/health/ready`)).text()).includes('"connected"')) await Bun.sleep(5);
  for (const step of before) rig.left.answer(step);
  rig.left.answer(broken(api === "chat" ? BEGUN : messagesBegun("Hello"), [reset()]));
  const path = api === "chat" ? "/v1/chat/completions" : "/v1/messages";
  const response = await rig.post(path, api === "chat" ? chatAsk : messagesAsk);
  const told = await response.text();
  expect(told).toContain("Hello");
  expect(told).toContain('"error"');
  expect(calls).toBe(before.length);
  expect(rig.right.requests.filter(({ method }) => method === "POST")).toEqual([]);
  expect((await rig.lineOf(response))["failure"]).toBe("upstream_reset");
});
