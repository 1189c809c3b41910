import { describe, expect, test } from "bun:test";
import fastCheck from "fast-check";
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadSource, readSource } from "../../../src/config/config-source.ts";
import { cpuGrowth, LINEAR } from "../../fixtures/cpu-growth.ts";
import { loadFile, newFolder, problemsOf, writeFile } from "./load-file.ts";

const SECRET = "sk-marked-0123456789abcdef";

describe("a problem is one line that names its place", () => {
  test.each([
    ["server: { prot: 1 }", "F:1:11: server.prot is not known (did you mean server.port?)"],
    ["sever: { port: 1 }", "F:1:1: sever is not known (did you mean server?)"],
    [
      "server:\n  port: http",
      "F:2:9: server.port is not accepted: expected a whole number from 0 to 65535, found text",
    ],
    [
      "server: { port: 99999 }",
      "F:1:17: server.port is not accepted: expected a whole number from 0 to 65535, found a number",
    ],
    ["server: { port: 1.5 }", /server\.port is not accepted: expected a whole number/],
    ["server: { port: }", /server\.port is not accepted: expected .*, found nothing/],
    ["server: { port: [1] }", /server\.port is not accepted: expected .*, found a list/],
    ["server: [1]", "F:1:9: server is not accepted: expected keys and values, found a list"],
    ["server: 1", "F:1:9: server is not accepted: expected keys and values, found a number"],
    ["just text", "F:1:1: the file is not accepted: expected keys and values, found text"],
    ["- a", "F:1:1: the file is not accepted: expected keys and values, found a list"],
    [
      "server: { host: 1 }",
      /server\.host is not accepted: expected an IP address.*found a number: text that looks like this goes in quotes/,
    ],
    ["server: { host: true }", /server\.host .*found true: text that looks like this goes in quotes/],
    ["general: { log_level: wran }", /general\.log_level is not accepted: .*found text \(did you mean warn\?\)/],
    ["general: { enable_vision: yes }", /general\.enable_vision is not accepted: expected true or false, found text/],
    [
      "general: { models_timeout: soon }",
      'F:1:28: general.models_timeout="soon" is not accepted: expected a duration (300ms, 1h30m, plain seconds) from 1ms to 24h',
    ],
    ["server: { max_request_body_size: lots }", /server\.max_request_body_size="lots" is not accepted/],
    ["history: { enabled: true }", "F:1:1: history is not known (did you mean telemetry.history_enabled?)"],
    ["cost: { on: true, enabled: true }", "F:1:1: cost is not known (did you mean general.cost_enabled?)"],
    [
      "telemetry: { metrics_exporter: otlp }",
      "F:1:14: telemetry.metrics_exporter is not known (did you mean telemetry.otel_metrics_exporter?)",
    ],
    ["SERVER_PORT: 1", "F:1:1: SERVER_PORT is not known (did you mean server.port?)"],
    [
      "server: { allowed_models: [a] }",
      /server\.allowed_models is not known \(did you mean .*policy\.allowed_models|server\.allowed_hosts/,
    ],
    [
      "policy: { allowed_models: [a, 1] }",
      /policy\.allowed_models\[1\] is not accepted: expected a list.*found a number/,
    ],
    ['policy: { allowed_models: ["a,b"] }', /policy\.allowed_models is not accepted: expected a list/],
    [
      "providers: { opnai: { api_key: x } }",
      /^F:1:14: providers\.opnai is not built in \(did you mean openai\?\), and providers\.opnai\.base_url is not there: expected an http/,
    ],
    [
      "providers: { OpenAI: { api_key: x } }",
      "F:1:14: providers.OpenAI is no name that can be used here (did you mean providers.openai?)",
    ],
    [
      "providers: { demo: { base_url: http://h } }",
      /providers\.demo is no name that can be used here: expected an id of small letters/,
    ],
    [
      "providers: { ollama-cloud: { base_url: http://h } }",
      "F:1:14: providers.ollama-cloud has the same variables as ollama_cloud: expected another id",
    ],
    [
      "providers:\n  a-b: { base_url: http://h }\n  a_b: { base_url: http://h }",
      "F:3:3: providers.a_b has the same variables as a-b: expected another id",
    ],
    [
      "providers: { left: { base_url: ftp://h/v1 } }",
      /^F:1:32: providers\.left\.base_url="ftp:.*" is not accepted .*: expected an http/,
    ],
    [
      "providers: { openai: { timeout: 2s } }",
      /providers\.openai\.timeout is not known \(did you mean providers\.openai\.timeouts\?\)/,
    ],
    ["providers: { openai: { api_key: 123 } }", /providers\.openai\.api_key is not accepted.*goes in quotes/],
    ["providers: { openai: { api_keys: [] } }", /providers\.openai\.api_keys is not accepted: expected a list of keys/],
    [
      "providers: { openai: { api_key: a, api_keys: [b] } }",
      "F:1:46: providers.openai.api_keys says something else than providers.openai.api_key in line 1, which is the same setting",
    ],
    [
      "providers:\n  cloudflare: { account_id: a }\n  cloudflare_gateway: { account_id: b }",
      /^F:3:37: providers\.cloudflare_gateway\.account_id says something else than providers\.cloudflare\.account_id in line 2/,
    ],
    [
      "providers: { openai: { headers: [a] } }",
      /providers\.openai\.headers is not accepted: expected names of headers.*found a list/,
    ],
    ["providers: { openai: { headers: { A: 1 } } }", /providers\.openai\.headers\.A is not accepted/],
    [
      "providers: { openai: { headers: { Host: a } } }",
      /^F:1:33: providers\.openai\.headers="\*\*\*" is not accepted \(host is the gateway's own\)/,
    ],
    [
      "providers: { openai: { apis: [chta] } }",
      /providers\.openai\.apis\[0\] is not accepted: .*found text \(did you mean chat\?\)/,
    ],
    ["providers: { openai: { apis: { chat: 'a b' } } }", /providers\.openai\.apis is not accepted/],
    ["providers: { openai: { auth_type: none } }", /providers\.openai\.auth_type is not known/],
    [
      "providers: { openai: { http2: true, base_url: http://h } }",
      /^F:1:31: providers\.openai\.http2=true needs an https URL/,
    ],
    [
      "auth: { enabled: true }",
      "F:1:18: auth.enabled=true needs auth.oidc_issuer, auth.api_keys, or both: without either nobody could get in",
    ],
    ["mcp: { servers: { a: {} } }", /^F:1:22: mcp\.servers\.a\.url is not there: expected an http/],
    ["mcp: { servers: { a: } }", /mcp\.servers\.a\.url is not there/],
    [
      "mcp: { servers: { a: { url: http://h }, b: { url: ftp://h } } }",
      /^F:1:\d+: mcp\.servers\.b\.url="b=ftp:\/\/h" is not accepted/,
    ],
    [
      "mcp: { servers: { a b: { url: http://h } } }",
      'F:1:19: mcp.servers."a b" is no name that can be used here: expected up to 32 letters, digits, - and _',
    ],
    ["mcp: { servers: { größe: { url: http://h } } }", /mcp\.servers\.größe is no name/],
    ["mcp: { servers: { 'a:sk-1': { url: http://h } } }", /mcp\.servers\.\(a key\) is no name/],
    ["mcp: { servers: { 'a=sk-1': { url: http://h } } }", /mcp\.servers\.\(a key\) is no name/],
    ["mcp: { servers: { 'http://a:b@h': { url: http://h } } }", /mcp\.servers\.\(a key\) is no name/],
    ["mcp: { servers: { 'sk 0123456789abcdef0123': { url: http://h } } }", /mcp\.servers\.\(a key\) is no name/],
    [
      "prices: { Open AI: { m: { input: 1, output: 1 } } }",
      /prices\."Open AI" is no name .*: expected the id of a prov/,
    ],
    ["mcp: { servers: { a: { url: 'http://h/a,b' } } }", /mcp\.servers\.a\.url is not accepted/],
    ["general: { gateway_config: x }", /general\.gateway_config is not known/],
  ] as const)("%s", async (text, expected) => {
    const problems = await problemsOf(text);
    expect(problems).toHaveLength(1);
    if (typeof expected === "string") expect(problems).toEqual([expected]);
    else expect(problems[0]).toMatch(expected);
  });

  test.each([
    [
      "providers: { openai: { api_key: '${NOT_SET}' } }",
      "F:1:33: providers.openai.api_key: NOT_SET is not set: set it, or write ${NOT_SET:-default}",
    ],
    [
      "providers: { openai: { api_keys: ['${}'] } }",
      "F:1:35: providers.openai.api_keys[0]: expected ${NAME} or ${NAME:-default} after $, or $$ for a dollar sign",
    ],
    ["providers: { openai: { api_key: '${A' } }", /expected \$\{NAME\} or/],
    ["providers: { openai: { api_key: '${A:-{}}' } }", /expected \$\{NAME\} or/],
    [
      "providers: { openai: { api_key: 'file:/nowhere/key' } }",
      'F:1:33: providers.openai.api_key: "/nowhere/key" cannot be read: no such file',
    ],
    ["providers: { openai: { api_key: 'file:/tmp' } }", /"\/tmp" cannot be read: it is a directory/],
    ["providers: { openai: { api_key: 'file:/dev/zero' } }", /"\/dev\/zero" cannot be read: it is no regular file/],
    ["providers: { openai: { api_key: 'file:${A:-x}/y' } }", /expected an absolute path after file:/],
    ["server: { port: '${A:-http}' }", /^F:1:17: server\.port="\*\*\*" is not accepted: expected a whole number/],
  ] as const)("%s", async (text, expected) => {
    const problems = await problemsOf(text);
    expect(problems).toHaveLength(1);
    if (typeof expected === "string") expect(problems).toEqual([expected]);
    else expect(problems[0]).toMatch(expected);
  });

  test("all at once, in the order of the file, those of the environment last", async () => {
    const text =
      "providers:\n  opnai: {}\n  openai: { base_url: 'x' }\nserver: { prot: 1, port: x }\nauth: { enabled: true }\n";
    const problems = await problemsOf(text, { LOG_LEVEL: "loud" });
    expect(problems.map((line) => line.replace(/^(F:\d+:\d+: )?([\w.]+).*/, "$1$2"))).toEqual([
      "F:2:3: providers.opnai",
      "F:3:23: providers.openai.base_url",
      "F:4:11: server.prot",
      "F:4:26: server.port",
      "LOG_LEVEL",
    ]);
  });
});

describe("what is no YAML, or no file to read", () => {
  test.each([
    ["server:\n\tport: 1", "F:2:1: this is no YAML: a tab is used as indentation: expected spaces"],
    ["server:\n  port: 1\n\thost: x", /^F:3:1: this is no YAML: a tab/],
    ["a: 1\n---\nb: 2", /this is no YAML: a second document begins: expected one/],
    ["server: { port: 1", /this is no YAML: /],
    ["server: { port: ${PORT} }", /goes in quotes/],
    ["a: b: c", /a second key in one line/],
    ["a: !secret b", /the tag is not known/],
    ["a: *nowhere", /^F:1:4: (this is no YAML: )?/],
    ["a: &a [*a]", "F:1:8: an alias repeats what is not complete before it"],
    ["server: { port: 1 }\nserver: { port: 2 }", "F:2:1: server is there twice, first in line 1"],
    ["server: { port: 1, 'port': 2 }", "F:1:20: port is there twice, first in line 1"],
    [
      "a: &a { port: 1 }\nserver: { <<: *a }",
      /server\.<< is not read, because merge keys are no part of YAML 1\.2: repeat the keys/,
    ],
    ["? [a]\n: b", "F:1:3: a key is no text"],
    ["", "F:1:1: the file is empty"],
    ["# nothing\n---\n", "F:1:1: the file is empty"],
    [" ".repeat(1_048_577), /cannot be read: it is larger than 1048576 bytes/],
    [Buffer.from("server: { host: \xff }", "latin1"), /cannot be read: it is no UTF-8 text/],
    ["[".repeat(500), /nested too deep: at most 32 levels|this is no YAML/],
    [`${"a: { ".repeat(40)}b: 1${" }".repeat(40)}`, /it is nested too deep: at most 32 levels are read/],
  ] as const)("%j", async (text, expected) => {
    const problems = await problemsOf(text);
    if (typeof expected === "string") expect(problems).toContain(expected);
    else expect(problems.join("\n")).toMatch(expected);
    for (const problem of problems) expect(problem).toMatch(/^F:\d+:\d+: |^--config "F" cannot be read/);
  });

  test.each(["/nowhere/gateway.yaml", "/tmp", "/dev/zero"])("%s", async (configFile) => {
    const read = await readSource({}, { envFile: undefined, configFile });
    const loaded = read.ok ? loadSource(read.source) : undefined;
    expect(loaded).toMatchObject({ ok: false, problems: [expect.stringContaining("cannot be read")] });
  });

  test("a pipe is not waited for", async () => {
    const path = join(newFolder(), "pipe");
    execFileSync("mkfifo", [path]);
    expect(await problemsOf(`providers: { openai: { api_key: "file:${path}" } }`)).toEqual([
      expect.stringContaining("it is no regular file"),
    ]);
  });

  test("a byte order mark and line breaks of Windows are no matter", async () => {
    expect(await problemsOf("\ufeffserver:\r\n  port: 1\r\n")).toEqual([]);
  });
});

describe("bombs", () => {
  test("aliases of aliases are counted each time", async () => {
    const levels = Array.from(
      { length: 9 },
      (_, level) => `a${level + 1}: &a${level + 1} [${`*a${level},`.repeat(9)}]`,
    );
    const problems = await problemsOf(`a0: &a0 [x]\n${levels.join("\n")}\n`);
    expect(problems).toEqual([expect.stringContaining("it has more than 100000 values, aliases included")]);
  });

  // Of each so many that four times as many take 30 ms or more.
  test.each([
    ["keys", 500, (size: number) => Array.from({ length: size }, (_, index) => `k${index}: 1`).join("\n")],
    ["the same key", 1000, (size: number) => "k: 1\n".repeat(size)],
    [
      "anchors and aliases",
      500,
      (size: number) => Array.from({ length: size }, (_, i) => `a${i}: &a${i} 1\nb${i}: *a${i}`).join("\n"),
    ],
    ["references", 2000, (size: number) => `providers: { openai: { api_key: "${"${A:-".repeat(size)}" } }`],
    [
      "headers",
      1000,
      (size: number) =>
        `providers: { openai: { headers: { ${Array.from({ length: size }, (_, i) => `a${i}: b`).join(", ")} } } }`,
    ],
    [
      "models that fall back to the next",
      250,
      (size: number) =>
        `models:\n${Array.from({ length: size }, (_, i) => `  a${i}: { deployments: [{ provider: b, model: m }], fallbacks: [a${i + 1}] }`).join("\n")}`,
    ],
    [
      "deployments of providers that are not there",
      500,
      (size: number) =>
        `models: { ${Array.from({ length: size / 100 }, (_, i) => `a${i}: { deployments: [${"{ provider: opnai, model: m }, ".repeat(100)}] }`).join(", ")} }`,
    ],
    ["models", 2000, (size: number) => `policy: { allowed_models: [${"a, ".repeat(size)}] }`],
  ])("time grows with the number of %s, not with its square", async (_, smaller, write) => {
    const growth = await cpuGrowth(smaller, (size) => {
      const path = writeFile(write(size));
      return async () => {
        const read = await readSource({}, { envFile: undefined, configFile: path });
        if (read.ok) loadSource(read.source);
      };
    });
    expect(growth).toBeLessThan(LINEAR);
  });

  test("whatever a file holds, it is read or refused", async () => {
    const piece = fastCheck.constantFrom(
      ...["providers", "openai", "api_key", "server", "port", ": ", ":", "\n", "\n  ", "- ", "{", "}", "[", "]", ","],
      ...[
        "&a ",
        "*a",
        "!!str ",
        "!x",
        "|",
        ">",
        "'",
        '"',
        "${A}",
        "${",
        "$$",
        "file:/x",
        "<<",
        "---",
        "\t",
        "#",
        "?",
        "1",
      ],
    );
    const text = fastCheck.oneof(
      fastCheck.string(),
      fastCheck.array(piece, { maxLength: 40 }).map((all) => all.join("")),
    );
    const readable = fastCheck.asyncProperty(text, async (text) => {
      const loaded = await loadFile(text);
      if (!loaded.ok) expect(loaded.problems.length).toBeGreaterThan(0);
      for (const line of [...(loaded.ok ? [] : loaded.problems), ...loaded.warnings])
        expect(line).not.toMatch(/[\n\r]/);
    });
    await fastCheck.assert(readable, { numRuns: 150 });
  });
});

describe("no secret is said", () => {
  const folder = newFolder();
  mkdirSync(join(folder, "secrets"));
  writeFileSync(join(folder, "secrets", "bad"), `${SECRET}\u00e9`);

  test.each([
    `providers: { openai: { api_key: "${SECRET}\\u00e9" } }`,
    `providers: { openai: { api_key: ["${SECRET}"] } }`,
    `providers: { openai: "${SECRET}" }`,
    `providers: { openai: { headers: { A: "${SECRET}\\u00e9" } } }`,
    `providers: { openai: { headers: "${SECRET}" } }`,
    `providers: { openai: { query: { a: ["${SECRET}"] } } }`,
    `providers: { openai: { base_url: "https://user:${SECRET}@h/v1" } }`,
    `providers: { openai: { api_key: "file:${folder}/secrets/bad" } }`,
    'providers: { openai: { api_key: "${MARKED}\\u00e9" } }',
    'server: { port: "${MARKED}" }',
    'server: { port: "x${MARKED}" }',
    `server: { port: "file:${folder}/secrets/bad" }`,
    'mcp: { servers: { a: { url: "ftp://${MARKED}/" } } }',
    `mcp: { servers: { a: { url: "http://h/", token: "a ${SECRET}" } } }`,
    `auth: { enabled: true, api_keys: { alice: "${SECRET}" } }`,
    `auth: { enabled: true, api_keys: ["a,${SECRET}"] }`,
    `providers: { openai: { api_keys: [a, "${SECRET}", "${SECRET}"] } }`,
    `providers: { openai: { api_keys: [a, "${SECRET}\\u00e9"] } }`,
    'models: { fast: { deployments: [{ provider: "${MARKED}", model: m, weight: "${MARKED}" }] } }',
    'models: { fast: { deployments: [{ provider: openai, model: m }], timeouts: { idle: "${MARKED}" } } }',
    `models: { fast: { deployments: "${SECRET}" } }`,
    `${SECRET}: {}\n"${SECRET} x": 1`,
    `a: "${SECRET}" "${SECRET}"`,
    `a: !${SECRET} b`,
    `a: *${SECRET}`,
    `"${SECRET}`,
    `@${SECRET}`,
  ])("%s", async (text) => {
    const loaded = await loadFile(text, { MARKED: SECRET });
    expect(loaded.ok).toBe(false);
    const said = [...(loaded.ok ? [] : loaded.problems), ...loaded.warnings].join("\n");
    const withoutKeys = said.replaceAll(`${SECRET} is not known`, "");
    expect(withoutKeys).not.toContain(SECRET.slice(0, 12));
  });
});
