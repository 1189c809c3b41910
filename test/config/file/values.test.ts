import { describe, expect, test } from "bun:test";
import { describeSettings } from "../../../src/config/describe-settings.ts";
import { FILE_SCHEMA } from "../../../src/config/file/file-schema.ts";
import { placesOf } from "../../../src/config/file/saying.ts";
import { GUIDE, readPage } from "../../readme/markdown.ts";
import { loadConfig } from "../../fixtures/load-config.ts";
import { printConfig } from "../../../src/cli/print-config.ts";
import { SETTING_ROWS } from "../../../src/config/settings-table.ts";
import { configOf, loadFile, writeFile } from "./load-file.ts";

const provider = async (text: string, id: string, environment = {}) =>
  (await configOf(text, environment)).providers.find((one) => one.id === id);

test("every setting has one place in the file, but for those that its keys say, and for the file itself", () => {
  const places = placesOf(FILE_SCHEMA);
  const said = places.map(({ path, saying }) => saying.variable(path));
  const settings = SETTING_ROWS.map(([name]) => name).filter((name) => said.filter((one) => one === name).length !== 1);
  expect(settings).toEqual([
    "GATEWAY_CONFIG",
    "ROUTING_ENABLED",
    "ROUTING_CONFIG_PATH",
    "CUSTOM_PROVIDERS",
    "MCP_SERVERS",
  ]);
  const ends = new Set(places.map(({ path, saying }) => saying.variable(path).replace(/^.*?(?=_)/, "")));
  for (const { name } of describeSettings().flatMap(({ settings }) => settings)) {
    if (SETTING_ROWS.some(([known]) => known === name)) continue;
    const end = name.replace(/^(<ID>|MCP_<NAME>)/, "");
    const isSaid = name.includes("<") ? [...ends].some((one) => one.endsWith(end)) : said.includes(name);
    expect([name, isSaid]).toEqual([name, true]);
  }
});

test("a number that is small is read, and shown, in digits", async () => {
  const config = await configOf("general: { log_sample: 0.0000001 }");
  expect(config.settings.LOG_SAMPLE).toBe(1e-7);
  expect(printConfig(config)).toContain("LOG_SAMPLE=0.0000001\n");
});

test("a list of known words and a number are as in variables, and are checked like them", async () => {
  const { settings } = await configOf("general: { log_fields: [Status, total_ms], log_sample: 0.25 }");
  expect([settings.LOG_FIELDS, settings.LOG_SAMPLE]).toEqual([["status", "total_ms"], 0.25]);
  for (const text of ["log_fields: [statu]", "log_sample: 2", "log_sample: often"]) {
    expect((await loadFile(`general: { ${text} }`)).ok).toBe(false);
  }
});

test("it says the same as variables do", async () => {
  const file = await configOf(`
server: { port: 0, workers: auto, idle_timeout: 30, max_request_body_size: 5MiB, trusted_proxies: [10.0.0.0/8, unix] }
general: { log_level: debug, enable_vision: true, models_timeout: 1.5s, replay_cache_bytes: 1024 }
client: { timeout: 90s }
auth: { enabled: true, api_keys: ["alice:one", two], oidc_audience: "a, b" }
policy: { allowed_models: [fast, "openai/*"], disallowed_models: [x], proxy_without_model: allow }
providers:
  openai:
    api_keys: [sk-one]
    headers: { OpenAI-Organization: "org, with: comma=sign", X-B: b }
    relay_headers: [X-Title, HTTP-Referer]
    query: { api-version: 2024-10-21, sign: "a&b c=d", n: 1 }
  google: { api_key: g, wire: native }
  azure: { api_key: a, resource: res, api_version: preview }
  cloudflare_gateway: { api_key: c, account_id: acc, gateway_id: gw }
  left:
    base_url: http://10.0.0.5:8000/v1
    apis: [chat, messages]
    auth_type: none
    http2: false
    transport: fetch
    root_paths: [v2, metrics]
    encoded_slashes: true
  my-server:
    base_url: https://my.test/v1
    api_key: k
    auth_header: "Authorization: Token"
    apis: { chat: /x/chat, messages: { path: /anthropic/v1/messages, auth_header: x-api-key }, models: }
mcp:
  enabled: true
  servers:
    files: { url: "http://127.0.0.1:9/mcp?key=a", headers: { X-A: "1" } }
    other: { url: "https://mcp.test/mcp", client_id: id, client_secret: secret, scope: "a b" }
`);
  const variables = loadConfig({
    ...{ SERVER_PORT: "0", SERVER_WORKERS: "auto", SERVER_IDLE_TIMEOUT: "30s", SERVER_MAX_REQUEST_BODY_SIZE: "5MiB" },
    ...{ SERVER_TRUSTED_PROXIES: "10.0.0.0/8,unix", LOG_LEVEL: "debug", ENABLE_VISION: "true" },
    ...{ MODELS_TIMEOUT: "1500ms", REPLAY_CACHE_BYTES: "1KiB", CLIENT_TIMEOUT: "90s" },
    ...{ AUTH_ENABLED: "true", AUTH_API_KEYS: "alice:one,two", AUTH_OIDC_AUDIENCE: "a,b" },
    ...{ ALLOWED_MODELS: "fast,openai/*", DISALLOWED_MODELS: "x", PROXY_WITHOUT_MODEL: "allow" },
    ...{ OPENAI_API_KEY: "sk-one", OPENAI_RELAY_HEADERS: "X-Title,HTTP-Referer" },
    OPENAI_HEADERS: '{"OpenAI-Organization":"org, with: comma=sign","X-B":"b"}',
    OPENAI_QUERY: "api-version=2024-10-21&sign=a%26b%20c%3Dd&n=1",
    ...{ GOOGLE_API_KEY: "g", GOOGLE_WIRE: "native" },
    ...{ AZURE_API_KEY: "a", AZURE_RESOURCE: "res", AZURE_API_VERSION: "preview" },
    ...{ CLOUDFLARE_GATEWAY_API_KEY: "c", CLOUDFLARE_ACCOUNT_ID: "acc", CLOUDFLARE_GATEWAY_ID: "gw" },
    ...{ CUSTOM_PROVIDERS: "left,my-server", LEFT_API_URL: "http://10.0.0.5:8000/v1", LEFT_APIS: "chat,messages" },
    ...{ LEFT_AUTH_TYPE: "none", LEFT_HTTP2: "false", LEFT_TRANSPORT: "fetch", LEFT_ROOT_PATHS: "v2,metrics" },
    LEFT_ENCODED_SLASHES: "true",
    ...{ MY_SERVER_API_URL: "https://my.test/v1", MY_SERVER_API_KEY: "k" },
    MY_SERVER_AUTH_HEADER: "Authorization: Token",
    MY_SERVER_APIS: "chat=/x/chat,messages=/anthropic/v1/messages x-api-key,models",
    ...{ MCP_ENABLED: "true", MCP_SERVERS: "files=http://127.0.0.1:9/mcp?key=a,other=https://mcp.test/mcp" },
    ...{ MCP_FILES_HEADERS: "X-A: 1", MCP_OTHER_CLIENT_ID: "id", MCP_OTHER_CLIENT_SECRET: "secret" },
    MCP_OTHER_SCOPE: "a b",
  });
  if (!variables.ok) throw new Error(variables.problems.join("\n"));
  const { GATEWAY_CONFIG: path, ...settings } = file.settings;
  const { GATEWAY_CONFIG: _, ...expected } = variables.config.settings;
  expect(path).toEndWith(".yaml");
  expect(settings).toEqual(expected);
  const shown = ({ shownSettings, ...rest }: object & { shownSettings: readonly string[] }) => rest;
  expect(file.providers.map(shown)).toEqual(variables.config.providers.map(shown));
  const visible = ({ shownVariables: _, ...rest }: (typeof file.mcpServers)[number]) => rest;
  expect(file.mcpServers.map(visible)).toEqual(variables.config.mcpServers.map(visible));
});

describe("a variable of the environment wins", () => {
  test("by its name, by an older spelling, and from the file of --env-file", async () => {
    const text = "server: { port: 1 }\nclient: { timeout: 1s }\nauth: { enabled: false }\n";
    const { settings } = await configOf(text, { SERVER_PORT: "2", SERVER_READ_TIMEOUT: "2s" });
    expect([settings.SERVER_PORT, settings.CLIENT_TIMEOUT]).toEqual([2, 2000]);
  });

  test("and what the file says there is not even filled in", async () => {
    const text = 'providers: { openai: { api_key: "file:/nowhere/key" }, groq: { api_key: "${NOT_SET}" } }\n';
    const { providers } = await configOf(text, { OPENAI_API_KEY: "sk-e", GROQ_API_KEY: "gsk-e" });
    expect(providers.filter(({ key }) => key).map(({ key }) => key)).toEqual(["sk-e", "gsk-e"]);
  });

  test("but a blank one does not", async () => {
    expect((await configOf("server: { port: 1 }\n", { SERVER_PORT: " " })).settings.SERVER_PORT).toBe(1);
  });

  test("and providers of both are there", async () => {
    const environment = { CUSTOM_PROVIDERS: "right,left", RIGHT_API_URL: "http://right.test/v1" };
    const { providers } = await configOf("providers: { left: { base_url: http://left.test/v1 } }\n", environment);
    expect(providers.slice(-2).map(({ id, baseUrl }) => [id, baseUrl])).toEqual([
      ["right", "http://right.test/v1"],
      ["left", "http://left.test/v1"],
    ]);
  });

  test("MCP_SERVERS for all servers", async () => {
    const text =
      "mcp:\n  enabled: true\n  servers: { a: { url: http://a.test/, token: t }, b: { url: http://b.test/, token: u } }\n";
    const loaded = await loadFile(text, { MCP_SERVERS: "b=http://c.test/" });
    expect(loaded.warnings).toEqual(["F:3:24: mcp.servers is not used, because MCP_SERVERS is set"]);
    expect(loaded.ok && loaded.config.mcpServers.map(({ name, url, token }) => [name, url, token])).toEqual([
      ["b", "http://c.test/", "u"],
    ]);
  });
});

describe("references", () => {
  const key = async (written: string, environment = {}) =>
    (await provider(`providers:\n  openai:\n    api_key: ${written}\n`, "openai", environment))?.key;

  test("are filled in, within text too, and into what is no text", async () => {
    expect(await key('"${A}"', { A: "sk-a" })).toBe("sk-a");
    expect(await key("${A}", { A: "sk-a" })).toBe("sk-a");
    expect(await key('"x-${A}-${B:-b}-${C:-}$$5$"', { A: "a", C: " " })).toBe("x-a-b-$5$");
    expect(await key('"$${A}"')).toBe("${A}");
    // What is filled in is text: it is looked at no further.
    expect(await key('"${A}"', { A: "file:/etc/hostname" })).toBe("file:/etc/hostname");
    expect(await key('"${A}"', { A: "${B}" })).toBe("${B}");
    const { settings } = await configOf(
      "server:\n  port: '${PORT:-0}'\n  workers: ${W}\ngeneral: { enable_vision: '${V}', log_level: '${L}' }\npolicy: { allowed_models: '${M}' }\n",
      { W: "3", V: "yes", L: "WARN", M: "a,b" },
    );
    expect(settings).toMatchObject({ SERVER_PORT: 0, SERVER_WORKERS: 3, ENABLE_VISION: true, LOG_LEVEL: "warn" });
    expect(settings.ALLOWED_MODELS).toEqual(["a", "b"]);
  });

  test("to nothing leave a setting unset", async () => {
    expect(await key('"${A:-}"')).toBeUndefined();
  });

  test("read secrets from files, without the line break at the end", async () => {
    const path = writeFile("sk-of-a-file\r\n", "secret");
    expect(await key(`"file:${path}"`)).toBe("sk-of-a-file");
    const FOLDER = path.replace(/\/secret$/, "");
    expect(await key('"file:${FOLDER}/secret"', { FOLDER })).toBe("sk-of-a-file");
    expect(await key('"file:/${FOLDER}/secret"', { FOLDER: FOLDER.slice(1) })).toBe("sk-of-a-file");
  });

  test("of the file are no variables of other tools, and no misspelt ones", async () => {
    const text = 'providers: { google: { api_key: "${GEMINI_API_KEY}" }, openai: { api_key: "${OPENAI_KEY}" } }\n';
    const loaded = await loadFile(text, { GEMINI_API_KEY: "g", OPENAI_KEY: "o" });
    expect(loaded.warnings).toEqual([]);
  });
});

test("a local server that is named is in use at its usual address", async () => {
  expect((await provider("providers: { ollama: }\n", "ollama"))?.configured).toBe(true);
  expect((await provider("providers: { vllm: {} }\n", "vllm", { VLLM_API_URL: "http://v.test/v1" }))?.baseUrl).toBe(
    "http://v.test/v1",
  );
});

test("a provider that is named and lacks something is warned about", async () => {
  const { warnings } = await loadFile("providers:\n  openai: {}\n  azure: { api_key: k }\n");
  expect(warnings).toContain("F:2:3: providers.openai is not in use: it needs providers.openai.api_key");
  expect(warnings.join()).toContain("providers.azure.api_key is set, but providers.azure.resource is not");
});

test("aliases repeat what is before them; sections may be empty; keys may be in quotes", async () => {
  const { settings, providers } = await configOf(`
general:
"server": { port: &p 7 }
providers:
  left: &same { base_url: http://h.test/v1, apis: [chat] }
  right: *same
`);
  expect([settings.SERVER_PORT, ...providers.slice(-2).map(({ id, baseUrl }) => `${id} ${baseUrl}`)]).toEqual([
    7,
    "left http://h.test/v1",
    "right http://h.test/v1",
  ]);
});

test("the example of the guide is accepted", async () => {
  const [, example = ""] = /^```yaml\n(.*?)^```$/ms.exec(readPage(`${GUIDE}/config-file.md`)) ?? [];
  const secret = writeFile("sk-a", "anthropic");
  const text = example.replace("/run/secrets/anthropic", secret);
  const loaded = await loadFile(text, { OPENAI_API_KEY: "sk-o" });
  expect(loaded).toMatchObject({ ok: true, warnings: [] });
  const { providers } = await configOf(text, { OPENAI_API_KEY: "sk-o" });
  expect(providers.filter(({ configured }) => configured).map(({ id }) => id)).toEqual(["openai", "anthropic", "left"]);
});
