import { describe, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createSelfSignedCertificate } from "../fixtures/self-signed-certificate.ts";
import { startGateway } from "../fixtures/start-gateway.ts";
import { parseCommandLine } from "../../src/cli/command-line.ts";
import { checkSettings } from "../cli/check-settings.ts";
import { runToEnd } from "../cli/run-to-end.ts";
import { findSecrets, SECRETS } from "./secrets.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

const folder = scratchFolder("leaks");

/** Settings that hold every secret that settings can hold, and are good. */
const GOOD = {
  LOG_LEVEL: "debug",
  OPENAI_API_KEY: SECRETS.openAiKey,
  ANTHROPIC_API_KEY: SECRETS.anthropicKey,
  CUSTOM_PROVIDERS: "tgi",
  TGI_API_URL: "http://127.0.0.1:1",
  TGI_API_KEY: SECRETS.openAiKey,
  TGI_HEADERS: `X-Tenant: ${SECRETS.cookie}, Authorization-2: Basic ${SECRETS.urlPassword}`,
  TGI_QUERY: `api-version=1&key=${SECRETS.queryKey}`,
  GROQ_API_URL: `http://127.0.0.1:1/v1?key=${SECRETS.queryKey}`,
  AUTH_ENABLED: "true",
  AUTH_API_KEYS: `${SECRETS.staticKey},someone:other-${SECRETS.staticKey}`,
  AUTH_OIDC_CLIENT_SECRET: SECRETS.clientSecret,
  MCP_SERVERS: `tools=http://127.0.0.1:1/mcp?key=${SECRETS.queryKey}`,
  MCP_TOOLS_TOKEN: SECRETS.mcpToken,
  CLIENT_PROXY: `http://user:${encodeURIComponent(SECRETS.proxyPassword)}@127.0.0.1:1`,
};

test("secrets that tests mark are found in every spelling", () => {
  expect(findSecrets(`x${Buffer.from(`xx${SECRETS.mcpToken}yy`).toString("base64")}`)).toEqual(["mcpToken"]);
  expect(findSecrets(encodeURIComponent(SECRETS.openAiKey).toLowerCase())).toEqual(["openAiKey"]);
  expect(findSecrets(JSON.stringify({ a: SECRETS.prompt }))).toEqual(["prompt"]);
  expect(findSecrets("a LEAK-of-something")[0]).toStartWith("part of one");
  expect(findSecrets("nothing")).toEqual([]);
});

describe("no secret is printed", () => {
  test.each([["--print-config"], ["--check"], ["--help"], ["--version"], ["--healthcheck"]])(
    "by %s",
    async (argument) => {
      const { stdout, stderr } = await runToEnd([argument], { ...GOOD, SERVER_PORT: "1" });
      expect(stdout + stderr).not.toBe("");
      expect(findSecrets(stdout + stderr)).toEqual([]);
    },
  );

  test("by --print-config of older spellings and of files", async () => {
    const path = join(folder, "settings.env");
    writeFileSync(path, `OPENAI_API_KEY='${SECRETS.openAiKey}'\nAPI_KEY=${SECRETS.staticKey}\n`);
    const older = { OIDC_CLIENT_SECRET: SECRETS.clientSecret, AUTH_ENABLE: "true" };
    const { stdout, stderr, code } = await runToEnd(["--env-file", path, "--print-config"], older);
    expect([code, findSecrets(stdout + stderr)]).toEqual([0, []]);
    expect(stdout).toContain("OPENAI_API_KEY=***");
  });

  const secret = SECRETS.urlPassword;
  test.each([
    [{ OPENAI_API_URL: `https://user:${secret}@api.example/v1` }],
    [{ OPENAI_API_URL: `https://${secret}@api.example/v1` }],
    [{ OPENAI_API_URL: `https://api.example/v1?${secret}` }],
    [{ OPENAI_HEADERS: secret }],
    [{ OPENAI_HEADERS: `Host: ${secret}` }],
    [{ OPENAI_HEADERS: `X-Key: ${secret}, X-Key: other-${secret}` }],
    [{ OPENAI_QUERY: secret }],
    [{ OPENAI_QUERY: `key=${secret} x` }],
    [{ OPENAI_AUTH_HEADER: `Authorization: Bearer ${secret}` }],
    [{ OPENAI_APIS: `chat,${secret}` }],
    [{ OPENAI_BASE_URL: `https://user:${secret}@api.example/v1` }],
    [{ OPENAI_API_URL: `https://api.example/v1#${secret}` }],
    [{ OPENAI_API_URL: `user:${secret}@api.example` }],
    [{ OPENAI_API_URL: secret }],
    [{ OPENAI_API_URL: `https://user:${secret}@api example/v1` }],
    [{ OPENAI_API_KEY: `${secret}\u00e9` }],
    [{ OPENAI_API_KEY: `sk\n${secret}` }],
    [{ CUSTOM_PROVIDERS: "tgi", TGI_API_URL: `http://h?${secret}` }],
    [{ CUSTOM_PROVIDERS: "tgi", TGI_API_URL: "http://h", TGI_AUTH_TYPE: `bearer-${secret}-of-great-length` }],
    [{ CLOUDFLARE_ACCOUNT_ID: `${secret}/x-of-great-length` }],
    [{ MCP_SERVERS: `http://user:${secret}@h/mcp` }],
    [{ MCP_SERVERS: `tools=http://h/mcp#${secret}` }],
    [{ MCP_SERVERS: `http://h/mcp?key=${secret},http://h/mcp?key=${secret}` }],
    [{ MCP_SERVERS: "tools=http://h/mcp", MCP_TOOLS_TOKEN: `with spaces ${secret} in it` }],
    [{ AUTH_ENABLED: "true", AUTH_OIDC_ISSUER: `https://user:${secret}@issuer.example`, AUTH_OIDC_CLIENT_ID: "x" }],
    [{ AUTH_ENABLED: "true", AUTH_OIDC_ISSUER: `https://issuer.example?key=${secret}`, AUTH_OIDC_CLIENT_ID: "x" }],
    [{ AUTH_ENABLED: "true", AUTH_API_KEYS: `a:${secret},a:${secret}2,:` }],
    [{ AUTH_ENABLED: "true", AUTH_API_KEYS: `${secret} with\u0007bell` }],
    [{ CLIENT_PROXY: `socks5://user:${secret}@proxy.example` }],
    [{ CLIENT_PROXY: `http://user:${secret}@proxy.example/path` }],
    [{ CLIENT_PROXY: `user:${secret}` }],
    [{ CLIENT_NO_PROXY: `http://user:${secret}@h` }],
  ])("by a start with %j, which is refused", async (environment) => {
    const { stdout, stderr, code } = await checkSettings(environment);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).not.toBe("");
    expect(findSecrets(stderr)).toEqual([]);
  });

  test.each([
    { OPENAI_API_KEYS: SECRETS.openAiKey },
    { OPENAI_KEY: SECRETS.openAiKey },
    { AUTH_API_KEY: SECRETS.staticKey },
    { MCP_TOKEN: SECRETS.mcpToken },
    { OLLAMA_API_KEY: SECRETS.openAiKey },
    { CLIENT_PROXY_PASSWORD: SECRETS.proxyPassword },
    { GROQ_APIKEY: SECRETS.openAiKey },
    { XYZ_API_KEY: SECRETS.openAiKey },
    { GEMINI_API_KEY: SECRETS.openAiKey },
    { OPENAI_BASE_URL: `http://127.0.0.1:1/v1?key=${SECRETS.queryKey}` },
  ])("by a warning about %j", async (environment) => {
    const { stdout, stderr, code } = await checkSettings(environment);
    expect([code, findSecrets(stdout + stderr)]).toEqual([0, []]);
  });

  test.each([
    { args: [`--openai-api-key=${SECRETS.openAiKey}`] },
    { args: ["--api-key", SECRETS.openAiKey] },
    { args: [`OPENAI_API_KEY=${SECRETS.openAiKey}`] },
    { args: [`--check=${SECRETS.openAiKey}`] },
    { args: [`-k${SECRETS.openAiKey}`] },
  ])("by a command line with $args, which is refused", ({ args }) => {
    const parsed = parseCommandLine([...args]);
    expect(parsed.ok ? parsed.commandLine : findSecrets(parsed.problem)).toEqual([]);
  });

  test("by such starts as processes", async () => {
    for (const [args, environment] of [
      [[`--openai-api-key=${SECRETS.openAiKey}`], {}],
      [[], { OPENAI_API_URL: `https://user:${secret}@api.example/v1` }],
    ] as const) {
      const { stdout, stderr, code } = await runToEnd(args, environment);
      expect([code, stdout, findSecrets(stderr)]).toEqual([2, "", []]);
      expect(stderr).not.toBe("");
    }
  });

  test("by files that are no settings, no keys and no certificates", async () => {
    const bad = join(folder, "bad");
    writeFileSync(bad, `${SECRETS.staticKey}\n{"key": "${SECRETS.openAiKey}\n`);
    for (const [args, environment] of [
      [["--env-file", bad, "--check"], {}],
      [["--check"], { SERVER_TLS_CERT_PATH: bad, SERVER_TLS_KEY_PATH: bad }],
      [["--check"], { AUTH_ENABLED: "true", AUTH_API_KEYS: `@${folder}/absent` }],
    ] as const) {
      const { stdout, stderr } = await runToEnd(args, environment);
      expect(findSecrets(stdout + stderr)).toEqual([]);
    }
    writeFileSync(bad, `:${SECRETS.staticKey}\nname:\n`);
    const keys = await runToEnd(["--check"], { AUTH_ENABLED: "true", AUTH_API_KEYS: `@${bad}` });
    expect([keys.code, findSecrets(keys.stdout + keys.stderr)]).toEqual([2, []]);
  });
});

test("a reload that fails says why, and nothing of what it read", async () => {
  const files = { keys: join(folder, "keys"), cert: join(folder, "cert.pem"), key: join(folder, "key.pem") };
  const { cert, key } = await createSelfSignedCertificate();
  writeFileSync(files.keys, `${SECRETS.staticKey}\n`);
  writeFileSync(files.cert, cert);
  writeFileSync(files.key, key);
  await using gateway = await startGateway({
    LOG_LEVEL: "debug",
    OPENAI_API_KEY: SECRETS.openAiKey,
    OPENAI_API_URL: "http://127.0.0.1:1",
    AUTH_ENABLED: "true",
    AUTH_API_KEYS: `@${files.keys}`,
    SERVER_TLS_CERT_PATH: files.cert,
    SERVER_TLS_KEY_PATH: files.key,
  });
  const reload = async (): Promise<void> => {
    const count = (): number => gateway.log.filter(({ msg }) => String(msg).startsWith("not reloaded")).length;
    const before = count();
    gateway.process.kill("SIGHUP");
    await gateway.logged(() => count() > before);
  };
  writeFileSync(files.keys, `name:${SECRETS.staticKey}\nname:${SECRETS.wrongToken}\n:\n`);
  await reload();
  rmSync(files.keys);
  await reload();
  writeFileSync(files.keys, SECRETS.staticKey);
  writeFileSync(files.key, `-----BEGIN PRIVATE KEY-----\n${SECRETS.clientSecret}\n-----END PRIVATE KEY-----\n`);
  await reload();
  const { stdout, stderr } = gateway.output();
  expect([findSecrets(stdout), stderr]).toEqual([[], ""]);
  expect(stdout).not.toContain(key.split("\n")[1] ?? "");
});
