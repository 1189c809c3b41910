import { expect, test } from "bun:test";
import { outcomeOf } from "../../fixtures/rejection.ts";
import { type RunningGateway, startGateway as startGatewayProcess } from "../../fixtures/start-gateway.ts";
import { startGateway } from "../../fixtures/start-in-process.ts";
import { startMcpServer } from "./mcp-server.ts";

const get = async (gateway: RunningGateway, path: string) => {
  const response = await fetch(gateway.url + path);
  return { status: response.status, body: (await response.json()) as unknown };
};

const connected = (gateway: RunningGateway) => gateway.logged((line) => line["msg"] === "MCP server is connected");

test("the list of tools is refused unless it is exposed", async () => {
  await using gateway = await startGateway({ MCP_ENABLED: "true" });
  expect(await get(gateway, "/v1/mcp/tools")).toEqual({
    status: 403,
    body: expect.objectContaining({ error: "mcp tools endpoint is not exposed" }),
  });
});

test("the list is empty while MCP is off, and readiness says nothing of it", async () => {
  await using gateway = await startGateway({ MCP_EXPOSE: "true" });
  expect(await get(gateway, "/v1/mcp/tools")).toEqual({ status: 200, body: { object: "list", data: [], tools: [] } });
  expect(await get(gateway, "/health/ready")).toEqual({ status: 200, body: { message: "OK" } });
});

test("a bad server stops the start", async () => {
  const starting = startGatewayProcess({ MCP_ENABLED: "true", MCP_SERVERS: "npx server" });
  expect(await outcomeOf(starting)).toThrow(/ended with 2[^]*MCP_SERVERS="\*\*\*" is not accepted/);
});

test("tools are listed as they come, a server that is away is information, and shutdown ends the sessions", async () => {
  await using server = await startMcpServer({
    tools: [{ name: "now", description: "Tells the time" }, { name: "left-out" }],
    token: "very-secret",
  });
  await using gateway = await startGateway({
    MCP_ENABLED: "true",
    MCP_EXPOSE: "true",
    MCP_SERVERS: `time=${server.url}?key=very-secret,away=http://127.0.0.1:1/mcp?key=very-secret`,
    MCP_TIME_TOKEN: "very-secret",
    MCP_TIME_HEADERS: "X-Api-Key: very-secret",
    MCP_AWAY_CLIENT_ID: "gateway",
    MCP_AWAY_CLIENT_SECRET: "very-secret",
    MCP_AWAY_TOKEN_URL: "http://127.0.0.1:1/token?key=very-secret",
    MCP_EXCLUDE_TOOLS: "left-out",
    LOG_LEVEL: "trace",
  });
  expect(await connected(gateway)).toMatchObject({ server: "time", tools: 1 });
  await gateway.logged((line) => line["server"] === "away");
  const inputSchema = { type: "object" };
  const tool = {
    name: "mcp_now",
    description: "Tells the time",
    server: server.url,
    inputSchema,
    input_schema: inputSchema,
  };
  expect(await get(gateway, "/v1/mcp/tools")).toEqual({
    status: 200,
    body: { object: "list", data: [tool], tools: [tool] },
  });
  expect(await get(gateway, "/health/ready")).toEqual({
    status: 200,
    body: {
      message: "OK",
      mcp: [
        { name: "time", status: "connected", tools: 1 },
        { name: "away", status: "disconnected", tools: 0 },
      ],
    },
  });
  expect(await gateway.end()).toBe(0);
  expect(server.sessions).toBe(0);
  const { stdout, stderr } = gateway.output();
  expect(stdout + stderr).not.toContain("very-secret");
  expect(gateway.log.filter((line) => line["server"] === "away")).toMatchObject([
    { level: "warn", problem: "has an authorization server that cannot be reached" },
  ]);
});

test("a server that does not let go of its session does not hold up the end", async () => {
  await using server = await startMcpServer({
    intercept: (request) => (request.method === "DELETE" ? new Promise<never>(() => {}) : undefined),
  });
  await using gateway = await startGateway({
    MCP_ENABLED: "true",
    MCP_SERVERS: server.url,
    MCP_CLIENT_TIMEOUT: "2s",
  });
  await connected(gateway);
  expect(await gateway.end()).toBe(0);
  expect(server.requests).toContain("DELETE");
});

test("the log names the tools of a server that are left out", async () => {
  await using server = await startMcpServer({
    tools: [{ name: "n".repeat(300) }, { name: "no-very-secret", description: "d".repeat(20_000) }],
  });
  await using gateway = await startGateway({
    MCP_ENABLED: "true",
    MCP_SERVERS: `tools=${server.url}`,
    MCP_TOOLS_TOKEN: "very-secret",
  });
  const line = await gateway.logged(({ msg }) => msg === "tools of an MCP server are not as it lists them");
  expect(line).toMatchObject({
    level: "warn",
    server: "tools",
    tools: [
      "one is left out: its name is longer than 256 characters",
      '"no-***" is cut: its description is longer than 16384 bytes',
    ],
  });
});
