import { afterAll, beforeAll, expect, test } from "bun:test";
import { redirect } from "../fixtures/answers.ts";
import { type MockProvider, startMockProvider } from "../fixtures/mock-provider.ts";
import { startGateway } from "../fixtures/start-in-process.ts";
import { DEFAULT_JSON_LIMITS } from "../../src/core/json/limits.ts";
import { createSessionFetch } from "../../src/tools/mcp/session-fetch.ts";
import { startMcpServer } from "../tools/mcp/mcp-server.ts";
import { createTestBudget } from "../fixtures/memory-budget.ts";

const STATUSES = [301, 302, 303, 307, 308] as const;

let trap: MockProvider;
let asked: MockProvider;

beforeAll(async () => {
  [trap, asked] = await Promise.all([startMockProvider(), startMockProvider()]);
});
afterAll(() => Promise.all([trap.stop(), asked.stop()]));

test.each(STATUSES)("an issuer that answers %i is one that cannot be asked", async (status) => {
  asked.answerAlways(() => redirect(`${trap.url}/.well-known/openid-configuration`, status));
  await using gateway = await startGateway({
    AUTH_ENABLED: "true",
    AUTH_OIDC_ISSUER: asked.url,
    AUTH_OIDC_CLIENT_ID: "gateway",
  });
  const { problem } = await gateway.logged((line) => line["msg"] === "the issuer's keys cannot be fetched");
  expect(problem).toBe(
    `the issuer's discovery document was answered with status ${status}, a redirect to ${trap.url}/.well-known/openid-configuration, which AUTH_OIDC_FOLLOW_REDIRECTS=true follows`,
  );
  expect(trap.connections).toBe(0);
});

test.each(STATUSES)("an MCP server that answers %i gets no token sent elsewhere", async (status) => {
  await using server = await startMcpServer({
    intercept: () => new Response(null, { status, headers: { location: `${trap.url}/mcp` } }),
  });
  await using gateway = await startGateway({
    MCP_ENABLED: "true",
    MCP_SERVERS: `tools=${server.url}`,
    MCP_TOOLS_TOKEN: "mcp-token-0123456789",
  });
  const { problem } = await gateway.logged((line) => line["msg"] === "MCP server is not connected");
  expect(problem).toBe(`answered with status ${status}`);
  expect(trap.connections).toBe(0);
});

test("whatever the protocol's library asks for, its requests follow no redirect and no proxy of the environment", async () => {
  const inits: BunFetchRequestInit[] = [];
  const fetch = createSessionFetch({
    async fetch(_url, init) {
      inits.push(init);
      return new Response(null);
    },
    memory: createTestBudget(),
    jsonLimits: DEFAULT_JSON_LIMITS,
    pending: new Map(),
  });
  await fetch("http://127.0.0.1:1/", { redirect: "follow" });
  expect(inits).toMatchObject([{ redirect: "manual", proxy: false }]);
});
