import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createSigningKey } from "../fixtures/signing-key.ts";
import { startGateway } from "../fixtures/start-in-process.ts";
import { startTokenIssuer } from "../fixtures/token-issuer.ts";
import { checkSettings } from "../cli/check-settings.ts";
import { runToEnd } from "../cli/run-to-end.ts";
import { ADMITTED, bearer, knock } from "./knock.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

const KEY = "marked-key-0123456789";

const folder = scratchFolder("auth-settings");

function fileOf(content: string): string {
  const path = join(folder, crypto.randomUUID());
  writeFileSync(path, content);
  return path;
}

describe("the gateway does not start", () => {
  const issuer = { AUTH_ENABLED: "true", AUTH_OIDC_ISSUER: "https://issuer.test" };
  const bad: readonly (readonly [what: string, settings: Record<string, string>, problem: RegExp])[] = [
    ["that nobody could use", { AUTH_ENABLED: "true" }, /^AUTH_ENABLED=true needs AUTH_OIDC_ISSUER, AUTH_API_KEYS/],
    ["with blank keys", { AUTH_ENABLED: "true", AUTH_API_KEYS: " " }, /^AUTH_ENABLED=true needs/],
    ["with keys that are only commas", { AUTH_ENABLED: "true", AUTH_API_KEYS: ",," }, /^AUTH_API_KEYS is not accepted/],
    ["with an issuer and no audience", issuer, /^AUTH_OIDC_ISSUER needs AUTH_OIDC_CLIENT_ID or AUTH_OIDC_AUDIENCE/],
    [
      "with a blank audience",
      { ...issuer, AUTH_OIDC_CLIENT_ID: " ", AUTH_OIDC_AUDIENCE: " , " },
      /needs AUTH_OIDC_CLIENT/,
    ],
    [
      "with a key that is only a name",
      { AUTH_ENABLED: "true", AUTH_API_KEYS: `${KEY},alice:` },
      /the key of alice is empty/,
    ],
    [
      "with the name of one key for the place of another",
      { AUTH_ENABLED: "true", AUTH_API_KEYS: `key-2:${KEY},${KEY}x` },
      /key-2 is the name of one key and the place of another/,
    ],
    ["without the file of its keys", { AUTH_ENABLED: "true", AUTH_API_KEYS: "@/does/not/exist" }, /\(ENOENT\)/],
    ["with an empty file of keys", { AUTH_ENABLED: "true", AUTH_API_KEYS: `@${fileOf("# none")}` }, /it holds no key/],
    [
      "with a bad file of keys",
      { AUTH_ENABLED: "true", AUTH_API_KEYS: `@${fileOf(`${KEY} x`)}` },
      /key-1 holds characters/,
    ],
    ["with AUTH_ENABLED=yess", { AUTH_ENABLED: "yess", AUTH_API_KEYS: KEY }, /^AUTH_ENABLED="yess" is not accepted/],
    ["with a negative grace", { ...issuer, AUTH_OIDC_CLIENT_ID: "x", AUTH_JWKS_GRACE: "-1s" }, /^AUTH_JWKS_GRACE=/],
    ...[
      "issuer.test",
      "ftp://issuer.test",
      "https://u:p@issuer.test",
      "https://issuer.test?x=1",
      "https://issuer.test#x",
    ].map(
      (url) =>
        [
          `with the issuer ${url}`,
          { ...issuer, AUTH_OIDC_ISSUER: url, AUTH_OIDC_CLIENT_ID: "x" },
          /^AUTH_OIDC_ISSUER must be/,
        ] as const,
    ),
  ];
  test.each(bad)("%s, and says so in one line", async (_, settings, problem) => {
    const { code, stdout, stderr } = await checkSettings({ OLLAMA_API_URL: "http://127.0.0.1:9", ...settings });
    const lines = stderr.trim().split("\n");
    expect([code, stdout, lines.length]).toEqual([2, "", 1]);
    expect(lines[0]).toMatch(problem);
    expect(stderr).not.toContain(KEY);
  });

  test("as a process", async () => {
    const { code, stdout, stderr } = await runToEnd([], {
      OLLAMA_API_URL: "http://127.0.0.1:9",
      AUTH_ENABLED: "true",
      AUTH_API_KEYS: `@${fileOf(`${KEY} x`)}`,
    });
    expect([code, stdout, stderr.trim().split("\n")]).toEqual([2, "", [expect.stringMatching(/key-1 holds/)]]);
  });

  test("with what --check has refused", async () => {
    const { code, stderr } = await runToEnd(["--check"], { AUTH_ENABLED: "true", AUTH_API_KEYS: `alice:,${KEY}` });
    expect([code, stderr]).toEqual([2, "AUTH_API_KEYS is not accepted: the key of alice is empty\n"]);
  });
});

describe("keys and secrets", () => {
  test("are not in --print-config, --check or --help", async () => {
    const secrets = { AUTH_API_KEYS: `alice:${KEY},${KEY}-2`, AUTH_OIDC_CLIENT_SECRET: `${KEY}-secret` };
    for (const argument of ["--print-config", "--check", "--help"]) {
      const { code, stdout, stderr } = await runToEnd([argument], { AUTH_ENABLED: "true", ...secrets });
      expect(code).toBe(0);
      expect(stdout + stderr).not.toContain("marked");
    }
  });
});

/** The different warnings in what was written, sorted. */
function warningsIn(stderr: string): string[] {
  return [...new Set(stderr.split("\n").filter((line) => line.startsWith("warning: ")))].sort();
}

describe("older spellings", () => {
  const key = createSigningKey("EdDSA", "one");

  test.each(["AUTH_ENABLE", "ENABLE_AUTH"])("%s and API_KEY work, each with a warning", async (name) => {
    await using gateway = await startGateway({ [name]: "true", API_KEY: KEY });
    expect((await knock(gateway, {})).status).toBe(401);
    expect((await knock(gateway, bearer(KEY))).status).toBe(ADMITTED);
    const { stderr } = gateway.output();
    expect(warningsIn(stderr)).toEqual(
      [
        "warning: API_KEY is an older spelling of AUTH_API_KEYS",
        `warning: ${name} is an older spelling of AUTH_ENABLED`,
      ].sort(),
    );
    expect(stderr).not.toContain(KEY);
  });

  test.each([`name:${KEY}`, `@${KEY}`, `:${KEY}`])("API_KEY=%s is one key as it stands", async (key) => {
    await using gateway = await startGateway({ AUTH_ENABLED: "true", API_KEY: key });
    expect((await knock(gateway, bearer(key))).status).toBe(ADMITTED);
    expect((await knock(gateway, bearer(KEY))).status).toBe(401);
  });

  test.each([`${KEY},${KEY}-2`, `name:${KEY},`, `,${KEY}`])(
    "API_KEY=%s would be several, and is refused",
    async (value) => {
      const { code, stderr } = await checkSettings({ AUTH_ENABLED: "true", API_KEY: value });
      expect(code).toBe(2);
      expect(stderr).toContain(`API_KEY="***" is not accepted: expected one key, without commas\n`);
      expect(stderr).not.toContain(KEY);
    },
  );

  test("OIDC_ISSUER_URL, OIDC_CLIENT_ID and OIDC_CLIENT_SECRET work, each with a warning", async () => {
    await using issuer = startTokenIssuer(await key);
    await using gateway = await startGateway({
      AUTH_ENABLED: "true",
      OIDC_ISSUER_URL: issuer.url,
      OIDC_CLIENT_ID: "old-client",
      OIDC_CLIENT_SECRET: KEY,
    });
    expect((await knock(gateway, bearer(await issuer.sign(await key)))).status).toBe(401);
    expect((await knock(gateway, bearer(await issuer.sign(await key, { aud: "old-client" })))).status).toBe(ADMITTED);
    const { stderr } = gateway.output();
    expect(warningsIn(stderr)).toEqual([
      "warning: OIDC_CLIENT_ID is an older spelling of AUTH_OIDC_CLIENT_ID",
      "warning: OIDC_CLIENT_SECRET is an older spelling of AUTH_OIDC_CLIENT_SECRET",
      "warning: OIDC_ISSUER_URL is an older spelling of AUTH_OIDC_ISSUER",
    ]);
    expect(stderr).not.toContain(KEY);
  });
});

describe("a listener", () => {
  const isWarning = (line: Readonly<Record<string, unknown>>) => String(line["msg"]).includes("AUTH_ENABLED=true");

  test("that everyone can reach, without authentication, is warned about", async () => {
    await using gateway = await startGateway({ SERVER_HOST: "0.0.0.0" });
    expect((await gateway.logged(isWarning))["level"]).toBe("warn");
  });

  test.each([
    [
      "that everyone can reach, with authentication,",
      { SERVER_HOST: "0.0.0.0", AUTH_ENABLED: "true", AUTH_API_KEYS: KEY },
    ],
    ["on a loopback address, without authentication,", { SERVER_HOST: "127.0.0.1" }],
  ])("%s is not", async (_, settings) => {
    await using gateway = await startGateway(settings);
    expect((await fetch(`http://127.0.0.1:${gateway.port}/health`)).status).toBe(200);
    expect(await gateway.end()).toBe(0);
    expect(gateway.log.some(isWarning)).toBe(false);
  });
});
