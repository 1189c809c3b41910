import { expect, test } from "bun:test";
import type { Environment } from "../../src/config/environment.ts";
import { loadConfig } from "../fixtures/load-config.ts";
import { printConfig } from "../../src/cli/print-config.ts";

const problemsOf = (environment: Environment): readonly string[] => {
  const loaded = loadConfig(environment);
  return loaded.ok ? [] : loaded.problems;
};

const load = (environment: Environment) => {
  const loaded = loadConfig(environment);
  if (!loaded.ok) throw new Error(loaded.problems.join("\n"));
  return loaded;
};

test.each([
  "npx -y server",
  "stdio:/bin/server",
  "ftp://host/mcp",
  "http://",
  "http://user:secret@host/mcp",
  "http://host/mcp#part",
  "na me=http://host/mcp",
  "=http://host/mcp",
  "a=http://one/mcp,a=http://two/mcp",
  "my-a=http://one/mcp,MY_A=http://two/mcp",
  "http://host/mcp,http://host/mcp",
])("MCP_SERVERS=%s stops the start with one line", (servers) => {
  const problems = problemsOf({ MCP_SERVERS: servers });
  expect(problems).toEqual([expect.stringMatching(/^MCP_SERVERS=[^\n]* is not accepted \([^\n]+\): expected [^\n]+$/)]);
});

test("problems with servers and tokens show no secret", () => {
  const problems = problemsOf({
    MCP_SERVERS:
      "http://user:very-secret@host/mcp,http://h/mcp#very-secret,a=http://h/?k=very-secret,a=http://i/?k=very-secret",
    MCP_A_TOKEN: "very-secret token with spaces",
  });
  expect(problems).toHaveLength(4);
  expect(problems.join("\n")).not.toContain("very-secret");
});

test("servers have their given names, or those of their hosts, and each its token", () => {
  const { config, warnings } = load({
    MCP_ENABLED: "true",
    MCP_SERVERS:
      "my-time=http://127.0.0.1:1/mcp?key=k, http://127.0.0.1:2/sse, http://127.0.0.1:3/mcp, https://mcp.example.com",
    MCP_MY_TIME_TOKEN: "token-1",
    MCP_127_0_0_1_TOKEN: "token-2",
  });
  expect(warnings).toEqual([]);
  expect(config.mcpServers.map(({ name, url, shownUrl, token }) => [name, url, shownUrl, token])).toEqual([
    ["my-time", "http://127.0.0.1:1/mcp?key=k", "http://127.0.0.1:1/mcp", "token-1"],
    ["127_0_0_1", "http://127.0.0.1:2/sse", "http://127.0.0.1:2/sse", "token-2"],
    ["127_0_0_1_2", "http://127.0.0.1:3/mcp", "http://127.0.0.1:3/mcp", undefined],
    ["mcp_example_com", "https://mcp.example.com/", "https://mcp.example.com/", undefined],
  ]);
});

test("the token of a server that does not exist is warned about", () => {
  const { warnings } = load({ MCP_ENABLED: "true", MCP_SERVERS: "time=http://host/mcp", MCP_TIEM_TOKEN: "token" });
  expect(warnings).toEqual([expect.stringMatching(/^MCP_TIEM_TOKEN is not a setting.*MCP_TIME_TOKEN/)]);
});

test("MCP without servers, and older spellings, are warned about", () => {
  expect(load({ MCP_ENABLE: "true", EXPOSE_MCP: "true" }).warnings).toEqual([
    expect.stringContaining("MCP_ENABLE is an older spelling of MCP_ENABLED"),
    expect.stringContaining("EXPOSE_MCP is an older spelling of MCP_EXPOSE"),
    expect.stringContaining("MCP_SERVERS"),
  ]);
});

test("the printed configuration shows neither the queries of URLs nor tokens", () => {
  const { config } = load({
    MCP_SERVERS: "time=http://host/mcp?key=very-secret,http://other/mcp",
    MCP_TIME_TOKEN: "very-secret-token",
  });
  const printed = printConfig(config);
  expect(printed).toContain("MCP_SERVERS=time=http://host/mcp?key=***,http://other/mcp\n");
  expect(printed).toContain("MCP_TIME_TOKEN=***oken\n");
  expect(printed).not.toContain("very-secret");
});

test("each server has the headers and the OAuth client of its variables", () => {
  const { config, warnings } = load({
    MCP_ENABLED: "true",
    MCP_SERVERS: "my-time=http://host/mcp,other=http://other/mcp,third=http://third/mcp",
    MCP_MY_TIME_HEADERS: "X-Api-Key: very-secret-key:1,\n X-Team:blue ,",
    MCP_OTHER_HEADERS: '{"Cookie": "a=1, b: 2"}',
    MCP_THIRD_CLIENT_ID: "gateway",
    MCP_THIRD_CLIENT_SECRET: "very-secret-client",
    MCP_THIRD_TOKEN_URL: "https://issuer.example/token?tenant=very-secret",
    MCP_THIRD_SCOPE: "read write",
  });
  expect(warnings).toEqual([]);
  expect(config.mcpServers.map(({ headers }) => headers)).toEqual([
    { "x-api-key": "very-secret-key:1", "x-team": "blue" },
    { cookie: "a=1, b: 2" },
    {},
  ]);
  expect(config.mcpServers.map(({ oauth }) => oauth)).toEqual([
    undefined,
    undefined,
    {
      clientId: "gateway",
      clientSecret: "very-secret-client",
      tokenUrl: "https://issuer.example/token?tenant=very-secret",
      scope: "read write",
    },
  ]);
  const printed = printConfig(config);
  expect(printed).not.toContain("very-secret");
  for (const line of [
    "MCP_MY_TIME_HEADERS=x-api-key: ***, x-team: ***",
    "MCP_OTHER_HEADERS=cookie: ***",
    "MCP_THIRD_CLIENT_ID=gateway",
    "MCP_THIRD_CLIENT_SECRET=***ient",
    "MCP_THIRD_TOKEN_URL=https://issuer.example/token?***",
    "MCP_THIRD_SCOPE=read write",
  ]) {
    expect(printed).toContain(`${line}\n`);
  }
});

test.each([
  [{ MCP_A_HEADERS: "very-secret" }, /^MCP_A_HEADERS="\*\*\*" is not accepted \(an entry has no name\)/],
  [{ MCP_A_HEADERS: "X A: very-secret" }, /an entry has no name/],
  [{ MCP_A_HEADERS: "X-A: very-secret, x-a: b" }, /x-a is there twice/],
  [{ MCP_A_HEADERS: "X-A: very-secret, X-B:" }, /the value of x-b is empty or not printable ASCII/],
  [{ MCP_A_HEADERS: '{"X-A": "very-secret\\n"}' }, /the value of x-a is empty/],
  [{ MCP_A_HEADERS: '{"X-A": 5, "X-B": "very-secret"}' }, /it is no JSON object of texts/],
  [{ MCP_A_HEADERS: "Mcp-Session-Id: very-secret" }, /belongs to the protocol/],
  [{ MCP_A_HEADERS: "Host: very-secret" }, /belongs to the protocol/],
  [
    { MCP_A_HEADERS: "authorization: very-secret", MCP_A_TOKEN: "very-secret" },
    /^MCP_A_TOKEN and Authorization in MCP_A_HEADERS must not/,
  ],
  [
    { MCP_A_TOKEN: "very-secret", MCP_A_CLIENT_ID: "a", MCP_A_CLIENT_SECRET: "very-secret" },
    /^MCP_A_TOKEN and MCP_A_CLIENT_ID must not/,
  ],
  [{ MCP_A_CLIENT_SECRET: "very-secret" }, /^MCP_A_CLIENT_ID and MCP_A_CLIENT_SECRET must be set together$/],
  [{ MCP_A_SCOPE: "read" }, /^MCP_A_SCOPE needs MCP_A_CLIENT_ID$/],
  [
    { MCP_A_CLIENT_ID: "a", MCP_A_CLIENT_SECRET: "very-secret", MCP_A_TOKEN_URL: "https://very:secret@host/" },
    /^MCP_A_TOKEN_URL="\*\*\*" is not accepted/,
  ],
  [{ MCP_REDUCE_SCHEMAS: "gemini" }, /^MCP_REDUCE_SCHEMAS must list ids of providers/],
])("%j is refused with one line that shows no secret", (variables, line) => {
  const problems = problemsOf({ MCP_SERVERS: "a=http://host/mcp", ...variables });
  expect(problems).toEqual([expect.stringMatching(line)]);
  expect(problems.join()).not.toContain("very-secret");
});
