import { describe, expect, test } from "bun:test";
import type { Config } from "../../src/config/load-config.ts";
import { loadConfig } from "../fixtures/load-config.ts";
import { nextConfig, settingsOfFiles } from "../../src/config/next-config.ts";
import { configOf } from "./file/load-file.ts";
import { SETTING_ROWS } from "../../src/config/settings-table.ts";

function load(variables: Readonly<Record<string, string>>): Config {
  const loaded = loadConfig(variables);
  if (!loaded.ok) throw new Error(loaded.problems.join("\n"));
  return loaded.config;
}

const OF_COLLECTORS = [
  ...["ENDPOINT", "PROTOCOL", "HEADERS", "TIMEOUT", "COMPRESSION"],
  ...["CERTIFICATE", "CLIENT_CERTIFICATE", "CLIENT_KEY"],
];

describe("what changed", () => {
  test.each([
    ["nothing", {}, {}, []],
    ["another spelling of the same value", { MODELS_TIMEOUT: "60s" }, { MODELS_TIMEOUT: "1m" }, []],
    ["a default that is written out", {}, { ENABLE_VISION: "false", LOG_LEVEL: "info" }, []],
    ["a setting under an older spelling", {}, { API_KEY: "k" }, ["AUTH_API_KEYS"]],
    ["settings, in the order of the table", {}, { MCP_EXPOSE: "true", LOG_LEVEL: "warn" }, ["LOG_LEVEL", "MCP_EXPOSE"]],
    ["a list", { DISALLOWED_MODELS: "a,b" }, { DISALLOWED_MODELS: "b,a" }, ["DISALLOWED_MODELS"]],
    ["a key that is set", {}, { OPENAI_API_KEY: "sk" }, ["OPENAI_API_KEY"]],
    ["a key that is gone", { GROQ_API_KEY: "a" }, { GROQ_API_KEY: " " }, ["GROQ_API_KEY"]],
    ["spaces around a key", { OPENAI_API_KEY: "sk" }, { OPENAI_API_KEY: " sk\n" }, []],
    ["the parameter of a URL", {}, { CLOUDFLARE_ACCOUNT_ID: "x" }, ["CLOUDFLARE_ACCOUNT_ID"]],
    [
      "the token of an MCP server",
      { MCP_SERVERS: "a=http://x" },
      { MCP_SERVERS: "a=http://x", MCP_A_TOKEN: "t" },
      ["MCP_A_TOKEN"],
    ],
    [
      "a custom provider",
      {},
      { CUSTOM_PROVIDERS: "a-b", A_B_API_URL: "http://x" },
      ["CUSTOM_PROVIDERS", "A_B_API_URL"],
    ],
    ["what no setting is", {}, { PATH: "/bin" }, []],
  ] as const)("is named: %s", (_, before, after, changed) => {
    expect(nextConfig(load(before), load(after))).toMatchObject({ changed, needRestart: [] });
  });
});

describe("what needs a restart", () => {
  test("stays as it is, and everything else is as it is wanted", () => {
    const { config, ...changes } = nextConfig(
      load({ SERVER_PORT: "1", SERVER_IDLE_TIMEOUT: "5s" }),
      load({ SERVER_PORT: "2", LOG_LEVEL: "warn" }),
    );
    expect(changes).toEqual({ changed: ["LOG_LEVEL"], needRestart: ["SERVER_PORT", "SERVER_IDLE_TIMEOUT"] });
    expect(config.settings).toMatchObject({ SERVER_PORT: 1, SERVER_IDLE_TIMEOUT: 5000, LOG_LEVEL: "warn" });
    expect([Object.isFrozen(config), Object.isFrozen(config.settings)]).toEqual([true, true]);
  });

  const TLS = { SERVER_TLS_CERT_PATH: "/a", SERVER_TLS_KEY_PATH: "/b" };
  const NAMES = Object.keys(TLS);
  test.each([
    ["to be switched on", {}, TLS, [], NAMES, undefined],
    ["to be switched off", TLS, {}, [], NAMES, "/a"],
    ["but not for another file", TLS, { ...TLS, SERVER_TLS_CERT_PATH: "/c" }, ["SERVER_TLS_CERT_PATH"], [], "/c"],
  ] as const)("TLS, %s", (_, before, after, changed, needRestart, path) => {
    const next = nextConfig(load(before), load(after));
    expect(next).toMatchObject({ changed: [...changed], needRestart: [...needRestart] });
    expect(next.config.settings.SERVER_TLS_CERT_PATH).toBe(path as string);
  });

  test("is said in the table of all that the process reads only when it starts", () => {
    const rows = SETTING_ROWS.filter(([, { appliesAt }]) => appliesAt === "restart").map(([name]) => name);
    expect<readonly string[]>(rows).toEqual([
      "GATEWAY_CONFIG",
      "ENVIRONMENT",
      "LOG_FORMAT",
      "LOG_FIELDS",
      "LOG_SAMPLE",
      "REPLAY_CACHE_BYTES",
      "SERVER_HOST",
      "SERVER_PORT",
      "SERVER_UNIX_SOCKET",
      "SERVER_WORKERS",
      "SERVER_IDLE_TIMEOUT",
      "SERVER_MAX_BUFFERED_BYTES",
      "SERVER_SHUTDOWN_TIMEOUT",
      "SERVER_DRAIN_DELAY",
      "RESPONSES_STORE",
      "RESPONSES_STORE_PATH",
      "RESPONSES_STORE_URL",
      "REDIS_URL",
      "RESPONSES_STORE_TTL",
      "RESPONSES_STORE_MAX_BYTES",
      "RESPONSES_STORE_MAX_CLIENT_BYTES",
      "RESPONSES_STORE_TIMEOUT",
      "TELEMETRY_ENABLED",
      "OTEL_METRICS_EXPORTER",
      "OTEL_METRIC_EXPORT_INTERVAL",
      "OTEL_METRIC_EXPORT_TIMEOUT",
      "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE",
      "TELEMETRY_METRICS_HOST",
      "TELEMETRY_METRICS_PORT",
      "TELEMETRY_METRICS_PUSH_ENABLED",
      "TELEMETRY_TRACING_ENABLED",
      "TELEMETRY_TRACING_OTLP_ENDPOINT",
      "TELEMETRY_CAPTURE_CONTENT",
      "OTEL_SDK_DISABLED",
      "OTEL_TRACES_EXPORTER",
      "OTEL_TRACES_SAMPLER",
      "OTEL_TRACES_SAMPLER_ARG",
      "OTEL_PROPAGATORS",
      "OTEL_LOGS_EXPORTER",
      "OTEL_SERVICE_NAME",
      "OTEL_RESOURCE_ATTRIBUTES",
      "OTEL_BSP_SCHEDULE_DELAY",
      "OTEL_BSP_MAX_QUEUE_SIZE",
      "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
      "OTEL_EXPORTER_OTLP_ENDPOINT",
      "OTEL_EXPORTER_OTLP_PROTOCOL",
      "OTEL_EXPORTER_OTLP_HEADERS",
      "OTEL_EXPORTER_OTLP_TIMEOUT",
      "OTEL_EXPORTER_OTLP_COMPRESSION",
      "OTEL_EXPORTER_OTLP_CERTIFICATE",
      "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE",
      "OTEL_EXPORTER_OTLP_CLIENT_KEY",
      ...["TRACES", "METRICS", "LOGS"].flatMap((signal) =>
        OF_COLLECTORS.map((name) => `OTEL_EXPORTER_OTLP_${signal}_${name}` as const),
      ),
      "HISTORY_ENABLED",
      "DATA_DIR",
      "DATABASE_URL",
      "HISTORY_RETENTION",
      "HISTORY_USAGE_RETENTION",
      "HISTORY_SPOOL_MAX_BYTES",
      "HISTORY_CONTENT",
      "HISTORY_CONTENT_TTL",
      "HISTORY_CONTENT_MAX_BYTES",
    ]);
  });
});

test("providers that are the same as before are the same objects", () => {
  const running = load({ OPENAI_API_KEY: "a", GROQ_API_KEY: "b" });
  const { config } = nextConfig(running, load({ OPENAI_API_KEY: "a", GROQ_API_KEY: "c" }));
  const of = ({ providers }: Config, wanted: string) => providers.find(({ id }) => id === wanted);
  expect(of(config, "openai")).toBe(of(running, "openai"));
  expect(of(config, "groq")).not.toBe(of(running, "groq"));
  expect(of(config, "groq")?.key).toBe("c");
});

describe("what a file says", () => {
  const KEYS = "providers: { openai: { api_keys: [k1, k2] } }\n";
  const LIMITED = "providers: { openai: { api_keys: [k1, k2], limits: { max_in_flight: 4 } } }\n";
  const ONE = "  one: { deployments: [{ provider: openai, model: m }] }\n";
  const TWO = "  two: { deployments: [{ provider: openai, model: m }], fallbacks: [one] }\n";
  const CHANGED = "  two: { deployments: [{ provider: openai, model: n }], fallbacks: [one] }\n";

  test.each([
    ["nothing", `${KEYS}models:\n${ONE}${TWO}`, `# other\n${KEYS}models:\n${ONE}${TWO}`, []],
    ["a model", `${KEYS}models:\n${ONE}${TWO}`, `${KEYS}models:\n${ONE}${CHANGED}`, ["models.two"]],
    ["a model that is new", `${KEYS}models:\n${ONE}`, `${KEYS}models:\n${ONE}${TWO}`, ["models.two"]],
    ["a model that is gone", `${KEYS}models:\n${ONE}${TWO}`, `${KEYS}models:\n${ONE}`, ["models.two"]],
    ["a second key", KEYS, KEYS.replace("k2", "k3"), ["providers.openai.api_keys"]],
    ["limits", KEYS, LIMITED, ["providers.openai"]],
    ["no limits", LIMITED, KEYS, ["providers.openai"]],
  ] as const)("is named without a value: %s", async (_, before, after, changed) => {
    const next = nextConfig(await configOf(before), await configOf(after));
    expect(next).toMatchObject({ changed: ["GATEWAY_CONFIG", ...changed].slice(1), needRestart: ["GATEWAY_CONFIG"] });
  });

  test("is the same object if it is the same", async () => {
    const running = await configOf(`${KEYS}models:\n${ONE}${TWO}`);
    const { config } = nextConfig(
      running,
      await configOf(`${KEYS.replace("k1, k2", "k0, k2")}models:\n${ONE}${CHANGED}`),
    );
    expect(config.models[0]).toBe(running.models[0] as (typeof running.models)[number]);
    expect(config.models[1]).not.toBe(running.models[1] as (typeof running.models)[number]);
    expect(config.plainModels[0]).toBe(running.plainModels[0] as (typeof running.plainModels)[number]);
    // What is masked in the answers of one key is every key.
    expect(config.keyedProviders.get("openai")?.map(({ key }) => key)).toEqual(["k0", "k2"]);
    const same = nextConfig(running, await configOf(`${KEYS}models:\n${ONE}`)).config;
    const { openai } = Object.fromEntries(running.keyedProviders);
    expect(same.keyedProviders.get("openai")?.map((provider, index) => provider === openai?.[index])).toEqual([
      true,
      true,
    ]);
    expect(same.providers.find(({ id }) => id === "openai")).toBe(openai?.[0] as (typeof running.providers)[number]);
  });
});

test("files are known by the settings that name them", () => {
  const { settings } = load({ AUTH_API_KEYS: "@/keys", SERVER_TLS_CERT_PATH: "/cert", SERVER_TLS_KEY_PATH: "/cert" });
  expect(settingsOfFiles(settings, ["/keys"])).toEqual(["AUTH_API_KEYS"]);
  expect(settingsOfFiles(settings, ["/cert"])).toEqual(["SERVER_TLS_CERT_PATH", "SERVER_TLS_KEY_PATH"]);
  expect(settingsOfFiles(settings, ["/other"])).toEqual([]);
});
