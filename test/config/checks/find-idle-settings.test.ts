import { describe, expect, test } from "bun:test";
import type { Environment } from "../../../src/config/environment.ts";
import { loadConfig } from "../../fixtures/load-config.ts";

const warningsOf = (environment: Environment): readonly string[] => loadConfig(environment).warnings;

const AUTH_API_KEYS = "ci:a-key-for-tests";
const OIDC = { AUTH_OIDC_ISSUER: "https://id.example", AUTH_OIDC_CLIENT_ID: "gateway" };
const MCP_SERVERS = "http://127.0.0.1:1/mcp";

describe("settings that do nothing are warned about", () => {
  test.each<[environment: Environment, warning: string]>([
    [{ AUTH_API_KEYS }, "AUTH_API_KEYS has no effect without AUTH_ENABLED=true: nobody is asked for a key"],
    [OIDC, "AUTH_OIDC_ISSUER has no effect without AUTH_ENABLED=true: nobody is asked for a token"],
    [{ MCP_SERVERS }, "MCP_SERVERS has no effect without MCP_ENABLED=true"],
    [
      { ALLOWED_MODELS: "a", DISALLOWED_MODELS: "b" },
      "DISALLOWED_MODELS has no effect with ALLOWED_MODELS, which decides alone",
    ],
    [
      { MCP_INCLUDE_TOOLS: "a", MCP_EXCLUDE_TOOLS: "b" },
      "MCP_EXCLUDE_TOOLS has no effect with MCP_INCLUDE_TOOLS, which decides alone",
    ],
    [
      { HISTORY_CONTENT: "true" },
      "HISTORY_CONTENT has no effect without HISTORY_ENABLED=true: nothing is kept of requests",
    ],
    [{ RESPONSES_STORE_PATH: "/x" }, "RESPONSES_STORE_PATH has no effect without RESPONSES_STORE=sqlite"],
    [{ RESPONSES_STORE_URL: "redis://x" }, "RESPONSES_STORE_URL has no effect without RESPONSES_STORE=redis"],
    [
      { LOG_FIELDS: "status,user_agent" },
      "LOG_FIELDS names client_address or user_agent, which are not written without LOG_CLIENT=true",
    ],
    [{ MCP_ENABLED: "true" }, "MCP_ENABLED=true has no effect without MCP_SERVERS"],
    [
      { AUTH_ENABLED: "true", AUTH_API_KEYS, SERVER_ALLOWED_HOSTS: "gateway" },
      "SERVER_ALLOWED_HOSTS has no effect with AUTH_ENABLED=true: a credential is asked for under every name",
    ],
  ])("%j", (environment, warning) => {
    expect(warningsOf(environment)).toEqual([warning]);
  });
});

test.each<Environment>([
  { AUTH_ENABLED: "true", AUTH_API_KEYS },
  { AUTH_ENABLED: "true", ...OIDC },
  { MCP_ENABLED: "true", MCP_SERVERS },
  { RESPONSES_STORE: "sqlite", RESPONSES_STORE_PATH: "/x" },
  { RESPONSES_STORE: "redis", RESPONSES_STORE_URL: "rediss://user:secret@host:6380/1" },
  { RESPONSES_STORE: "redis", REDIS_URL: "redis://localhost" },
  // What else it is for is no matter of the gateway's.
  { REDIS_URL: "tcp://elsewhere" },
])("%j does something, and nothing is warned about", (environment) => {
  expect(warningsOf(environment)).toEqual([]);
});

test("if settings are bad, nobody knows yet what the others do", () => {
  expect(loadConfig({ AUTH_ENABLED: "yess", AUTH_API_KEYS })).toMatchObject({ ok: false, warnings: [] });
});

test.each<[environment: Environment, needed: string]>([
  [{ RESPONSES_STORE: "sqlite" }, "needs RESPONSES_STORE_PATH"],
  [{ RESPONSES_STORE: "redis" }, "needs RESPONSES_STORE_URL"],
  [{ RESPONSES_STORE: "redis", RESPONSES_STORE_URL: "http://:secret@host" }, "needs RESPONSES_STORE_URL"],
  [{ RESPONSES_STORE: "redis", REDIS_URL: "secret" }, "needs RESPONSES_STORE_URL"],
  [{ REDIS_URL: "http://:secret@host" }, "REDIS_URL must be the URL of one server"],
  [
    { RESPONSES_STORE: "redis", RESPONSES_STORE_URL: "redis://host", REDIS_URL: "secret" },
    "REDIS_URL must be the URL of one server",
  ],
])("%j is refused, with what it needs and without a secret", (environment, needed) => {
  const loaded = loadConfig(environment);
  const problems = loaded.ok ? "" : loaded.problems.join("\n");
  expect(problems).toContain(needed);
  expect(problems).not.toContain("secret");
});
