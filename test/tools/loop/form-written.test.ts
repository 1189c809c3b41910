import { afterAll, beforeAll, expect, test } from "bun:test";
import { DIALECTS } from "../../../src/formats/dialects.ts";
import { startGateway } from "../../fixtures/start-in-process.ts";
import { type Rig, startRig } from "../../fixtures/start-rig.ts";
import { json } from "../../fixtures/answers.ts";
import { type McpTestServer, startMcpServer, text as textResult } from "../mcp/mcp-server.ts";
import { bodyOf } from "./loop-rig.ts";
import { call, says, text } from "./model-answers.ts";

/** A gateway for whose Messages clients requests cannot be extended in their own bytes, as of any new API at first. */
let mcp: McpTestServer;
let rig: Rig;
beforeAll(async () => {
  mcp = await startMcpServer({ tools: [{ name: "add", run: () => textResult("5") }] });
  const { mayRepeat: _, ...dialect } = await DIALECTS.messages();
  rig = await startRig(
    { MCP_ENABLED: "true", MCP_SERVERS: `test=${mcp.url}`, MCP_TOOL_MODE: "direct", OPENAI_APIS: "messages" },
    (settings) => startGateway(settings, { dialects: { ...DIALECTS, messages: () => Promise.resolve(dialect) } }),
  );
  await rig.gateway.logged((line) => line["msg"] === "MCP server is connected");
});
afterAll(async () => {
  await rig.finish();
  await rig[Symbol.asyncDispose]();
  await mcp.stop();
});

const BODY = { model: "openai/m", max_tokens: 100, messages: [{ role: "user", content: "2 + 3?" }] };

const post = (body: object): Promise<Response> =>
  fetch(`${rig.gateway.url}/v1/messages`, { method: "POST", body: JSON.stringify(body) });

test("a request is written from the form, for a provider of the client's own API too", async () => {
  rig.provider.answer(says("messages", false, [call("c1", "mcp_add")]));
  rig.provider.answer(says("messages", false, [text("It is 5.")]));
  const response = await post(BODY);
  expect(response.headers.get("x-gateway-translated")).toBeNull();
  expect(await response.json()).toMatchObject({ content: [{ type: "text", text: "It is 5." }] });
  expect(bodyOf(rig.provider.requests.at(-1))).toMatchObject({
    messages: [
      { role: "user" },
      { role: "assistant" },
      { role: "user", content: [{ tool_use_id: "c1", content: "5" }] },
    ],
  });
});

test("goes without tools, byte for byte, if the form cannot hold all of it", async () => {
  rig.provider.answer(json(200, { id: "x" }));
  const body = { ...BODY, context_management: { edits: [] } };
  const response = await post(body);
  expect(response.headers.get("x-gateway-without-tools")).toBe("context_management");
  expect(bodyOf(rig.provider.requests.at(-1))).toEqual({ ...body, model: "m" });
});
