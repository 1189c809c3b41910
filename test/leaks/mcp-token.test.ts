import { afterAll, beforeAll, expect, test } from "bun:test";
import { json } from "../fixtures/answers.ts";
import { type MockProvider, startMockProvider } from "../fixtures/mock-provider.ts";
import type { RunningGateway } from "../fixtures/start-gateway.ts";
import { startGateway } from "../fixtures/start-in-process.ts";
import { type McpTestServer, startMcpServer, text } from "../tools/mcp/mcp-server.ts";
import { findSecrets, SECRETS } from "./secrets.ts";
import { SPELLINGS } from "./spellings.ts";

let provider: MockProvider;
let server: McpTestServer;
let gateway: RunningGateway;

const said = `401 for Bearer ${SECRETS.mcpToken}, ${SPELLINGS["in a URL"](SECRETS.mcpToken)}`;

beforeAll(async () => {
  provider = await startMockProvider();
  provider.answerAlways(() => json(200, { data: [] }));
  server = await startMcpServer({
    token: SECRETS.mcpToken,
    tools: [
      { name: "tells", run: () => text(said) },
      { name: "fails", run: () => ({ ...text(said), isError: true }) },
      { name: "structured", run: () => ({ content: [], structuredContent: { headers: said } }) },
      {
        name: "throws",
        run: () => {
          throw new Error(said);
        },
      },
    ],
  });
  gateway = await startGateway({
    LOG_LEVEL: "trace",
    OPENAI_API_KEY: SECRETS.openAiKey,
    OPENAI_API_URL: `${provider.url}/v1`,
    MCP_ENABLED: "true",
    MCP_TOOL_MODE: "direct",
    MCP_SERVERS: `tools=${server.url}`,
    MCP_TOOLS_TOKEN: SECRETS.mcpToken,
  });
  await gateway.logged((line) => line["msg"] === "MCP server is connected", 15_000);
  await provider.nextRequest(10_000);
});
afterAll(async () => {
  await gateway.stop();
  await Promise.all([provider.stop(), server.stop()]);
});

test.each(["tells", "fails", "structured", "throws"])(
  "a server whose tool %s repeats its token: neither the model nor the client gets it",
  async (tool) => {
    const call = { id: "1", type: "function", function: { name: `mcp_${tool}`, arguments: "{}" } };
    const message = { role: "assistant", content: null, tool_calls: [call] };
    const answers = [
      json(200, { choices: [{ index: 0, message, finish_reason: "tool_calls" }] }),
      json(200, { choices: [{ index: 0, message: { role: "assistant", content: "done" }, finish_reason: "stop" }] }),
    ];
    provider.answerAlways(() => answers.shift() ?? json(500, "too many"));
    const asked = provider.requests.length;
    const response = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: "POST",
      body: JSON.stringify({ model: "openai/m", messages: [{ role: "user", content: "hi" }] }),
    });
    expect([response.status, await response.json()]).toMatchObject([
      200,
      { choices: [{ message: { content: "done" } }] },
    ]);
    const [, second] = provider.requests.slice(asked);
    const body = Buffer.from(second?.body ?? []).toString();
    expect(body).toContain("401 for Bearer ***");
    expect(findSecrets(body)).toEqual([]);
    expect(findSecrets(gateway.output().stdout)).toEqual([]);
  },
);
