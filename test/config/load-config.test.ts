import { describe, expect, test } from "bun:test";
import type { Environment } from "../../src/config/environment.ts";
import type { Config } from "../../src/config/load-config.ts";
import { loadConfig } from "../fixtures/load-config.ts";

function load(environment: Environment): { config: Config; warnings: readonly string[] } {
  const loaded = loadConfig(environment);
  if (!loaded.ok) throw new Error(loaded.problems.join("\n"));
  return loaded;
}

function problemsOf(environment: Environment): readonly string[] {
  const loaded = loadConfig(environment);
  return loaded.ok ? [] : loaded.problems;
}

const BAD_VALUES: readonly (readonly [name: string, value: string, accepted: string])[] = [
  ["ENVIRONMENT", "a\nb", "text without control characters"],
  ["LOG_LEVEL", "loud", "one of trace, debug, info, warn, error, fatal, silent"],
  ["LOG_FORMAT", "xml", "one of auto, json, pretty"],
  [
    "LOG_FIELDS",
    "modle",
    "(there is no modle, perhaps model is meant): expected a comma-separated list of request_id, ",
  ],
  ["LOG_FIELDS", "status, Total_MS, prompts", "(there is no prompts): expected a comma-separated list of request_id, "],
  ["LOG_SAMPLE", "1.5", "a number from 0 to 1"],
  ["LOG_SAMPLE", "10%", "a number from 0 to 1"],
  ["LOG_SAMPLE", "-0.5", "a number from 0 to 1"],
  ["ALLOWED_MODELS", "a\u0007b", "a comma-separated list without control characters"],
  ["ENABLE_VISION", "maybe", "true or false"],
  ["ERROR_FORMAT", "anthropic", "one of auto, simple, openai"],
  ["MODELS_TIMEOUT", "0", "from 1ms to 24h"],
  ["MODELS_CACHE_TTL", "-1s", "from 0s to 24h"],
  ["STREAM_USAGE", "never", "one of as-asked, always"],
  ["SWAGGER_ENABLED", "enabled", "true or false"],
  ["CUSTOM_PROVIDERS", "demo", "ids that begin with a letter"],
  ["SERVER_PORT", "65536", "a whole number from 0 to 65535"],
  ["SERVER_PORT", "http", "a whole number from 0 to 65535"],
  ["SERVER_UNIX_SOCKET", "a\u0000", "text without control characters"],
  ["SERVER_IDLE_TIMEOUT", "25h", "from 1s to 24h"],
  ["SERVER_IDLE_TIMEOUT", "0", "from 1s to 24h"],
  ["SERVER_MAX_REQUEST_BODY_SIZE", "10XB", "from 1 to 1GiB"],
  ["SERVER_SHUTDOWN_TIMEOUT", "25h", "from 0s to 24h"],
  ["CLIENT_CONNECT_TIMEOUT", "soon", "from 1ms to 24h"],
  ["CLIENT_RESPONSE_HEADER_TIMEOUT", "0", "from 1ms to 24h"],
  ["CLIENT_TIMEOUT", "600h", "from 1ms to 24h"],
  ["CLIENT_STREAM_IDLE_TIMEOUT", "5 minutes", "from 1ms to 24h"],
  ["CLIENT_STREAM_TIMEOUT", "0", "from 1ms to 24h"],
  ["SERVER_READ_TIMEOUT", "soon", "from 1ms to 24h"],
  ["OPENAI_API_KEY", "a\u0001b", "printable ASCII"],
  ["OPENAI_API_URL", "ftp://host", "http or https"],
];

describe("problems", () => {
  test.each(BAD_VALUES)("%s=%j gives one line with the name and what is accepted", (name, value, accepted) => {
    const problems = problemsOf({ [name]: value });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toStartWith(`${name}=`);
    expect(problems[0]).toContain(accepted);
    expect(problems[0]).not.toMatch(/\p{Cc}/u);
  });

  test("are all reported at once", () => {
    // An older spelling beside the present one is not read, so it cannot be bad.
    const present = BAD_VALUES.filter(([name]) => name !== "SERVER_READ_TIMEOUT");
    const lastOfEach = new Map(present.map(([name, value]) => [name, value]));
    expect(problemsOf(Object.fromEntries(lastOfEach))).toHaveLength(lastOfEach.size);
  });

  test("come with the warnings", () => {
    expect(loadConfig({ SERVER_PORT: "x", SERVER_PROT: "1" })).toMatchObject({
      ok: false,
      warnings: [expect.stringContaining("SERVER_PROT")],
    });
  });

  test("and warnings never show a secret", () => {
    const secret = "sk-very-secret-0123456789";
    const loaded = loadConfig({
      OPENAI_API_KEY: `${secret}\r${secret}`,
      GROQ_API_KEY: secret,
      OLLAMA_API_KEY: secret,
      OPENAI_API_KEYS: secret,
      GROQ_API_URL: secret,
      COHERE_API_URL: `https://user:${secret}@host`,
      MISTRAL_API_URL: `https://host/?key=${secret}`,
      CUSTOM_PROVIDERS: "tgi",
      TGI_API_URL: "http://host",
      TGI_AUTH_TYPE: secret,
      AUTH_API_KEYS: secret,
    });
    expect(loaded.ok).toBe(false);
    expect(JSON.stringify(loaded)).not.toContain("very-secret");
  });
});

describe("settings", () => {
  test("have the contract's defaults", () => {
    const { config, warnings } = load({});
    expect(warnings).toEqual([]);
    expect(config.settings).toEqual({
      GATEWAY_CONFIG: undefined,
      ROUTING_ENABLED: false,
      ROUTING_CONFIG_PATH: undefined,
      ENVIRONMENT: "production",
      LOG_LEVEL: "info",
      LOG_FORMAT: "auto",
      LOG_FIELDS: [],
      LOG_SAMPLE: 1,
      LOG_CLIENT: false,
      ALLOWED_MODELS: [],
      DISALLOWED_MODELS: [],
      PROXY_WITHOUT_MODEL: "refuse",
      GOOGLE_WIRE: "chat",
      ENABLE_VISION: false,
      VALIDATION: "liberal",
      IMAGE_FETCH: false,
      REPLAY_CACHE_BYTES: 0,
      UNSUPPORTED_FIELDS: "drop",
      DEFAULT_MAX_TOKENS: 8192,
      COUNT_TOKENS: "estimate",
      ERROR_FORMAT: "auto",
      MODELS_TIMEOUT: 5_000,
      MODELS_CACHE_TTL: 60_000,
      STREAM_KEEPALIVE: 15_000,
      STREAM_USAGE: "as-asked",
      SWAGGER_ENABLED: true,
      SWAGGER_PUBLIC: false,
      COST_ENABLED: false,
      COST_HEADER: false,
      PRICES_UPDATE: false,
      CUSTOM_PROVIDERS: [],
      BEDROCK_REGION: undefined,
      BEDROCK_PROFILE: undefined,
      VERTEX_PROJECT: undefined,
      VERTEX_LOCATION: "global",
      VERTEX_CREDENTIALS: undefined,
      SERVER_HOST: "127.0.0.1",
      SERVER_PORT: 8_080,
      SERVER_UNIX_SOCKET: undefined,
      SERVER_WORKERS: 1,
      SERVER_IDLE_TIMEOUT: 120_000,
      SERVER_MAX_REQUEST_BODY_SIZE: 10_485_760,
      SERVER_MAX_JSON_DEPTH: 64,
      SERVER_MAX_JSON_VALUES: 1_000_000,
      SERVER_MAX_BUFFERED_BYTES: "auto",
      SERVER_MAX_CONCURRENT_REQUESTS: 0,
      SERVER_SHUTDOWN_TIMEOUT: 30_000,
      SERVER_DRAIN_DELAY: 0,
      SERVER_TRUSTED_PROXIES: [],
      SERVER_TLS_CERT_PATH: undefined,
      SERVER_TLS_KEY_PATH: undefined,
      SERVER_CORS_ORIGINS: [],
      SERVER_ALLOWED_HOSTS: [],
      CLIENT_CONNECT_TIMEOUT: 10_000,
      CLIENT_RESPONSE_HEADER_TIMEOUT: 600_000,
      CLIENT_TIMEOUT: 600_000,
      CLIENT_STREAM_IDLE_TIMEOUT: 300_000,
      CLIENT_STREAM_TIMEOUT: undefined,
      CLIENT_TRANSPORT: "auto",
      CLIENT_PROXY: undefined,
      CLIENT_NO_PROXY: [],
      AUTH_ENABLED: false,
      AUTH_OIDC_ISSUER: [],
      AUTH_OIDC_CLIENT_ID: undefined,
      AUTH_OIDC_CLIENT_SECRET: undefined,
      AUTH_OIDC_AUDIENCE: [],
      AUTH_OIDC_AUDIENCE_CLAIM: ["aud"],
      AUTH_OIDC_TOKEN_TYPES: ["JWT", "at+jwt"],
      AUTH_OIDC_DISCOVERY_URL: [],
      AUTH_OIDC_JWKS_URL: [],
      AUTH_OIDC_FOLLOW_REDIRECTS: false,
      AUTH_API_KEYS: undefined,
      AUTH_JWKS_GRACE: 3_600_000,
      RESPONSES_STORE: "off",
      RESPONSES_STORE_PATH: undefined,
      RESPONSES_STORE_URL: undefined,
      REDIS_URL: undefined,
      RESPONSES_STORE_TTL: 2_592_000_000,
      RESPONSES_STORE_MAX_BYTES: 1_073_741_824,
      RESPONSES_STORE_MAX_CLIENT_BYTES: 268_435_456,
      RESPONSES_STORE_TIMEOUT: 2_000,
      MCP_ENABLED: false,
      MCP_EXPOSE: false,
      MCP_SERVERS: [],
      MCP_TOOL_MODE: "selector",
      MCP_REDUCE_SCHEMAS: [],
      MCP_INCLUDE_TOOLS: [],
      MCP_EXCLUDE_TOOLS: [],
      MCP_REQUEST_TIMEOUT: 30_000,
      MCP_CLIENT_TIMEOUT: 5_000,
      MCP_RECONNECT_INTERVAL: 30_000,
      MCP_POLLING_INTERVAL: 30_000,
      MCP_MAX_ITERATIONS: 10,
      MCP_MAX_RESULT_BYTES: 1_048_576,
      MCP_MAX_CONVERSATION_BYTES: 16_777_216,
      TELEMETRY_ENABLED: false,
      OTEL_METRICS_EXPORTER: ["prometheus"],
      OTEL_METRIC_EXPORT_INTERVAL: 60_000,
      OTEL_METRIC_EXPORT_TIMEOUT: 30_000,
      OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: "cumulative",
      TELEMETRY_METRICS_HOST: "127.0.0.1",
      TELEMETRY_METRICS_PORT: 9464,
      TELEMETRY_METRICS_PUSH_ENABLED: false,
      TELEMETRY_TEAM_CLAIM: undefined,
      TELEMETRY_TRACING_ENABLED: false,
      TELEMETRY_TRACING_OTLP_ENDPOINT: undefined,
      TELEMETRY_CAPTURE_CONTENT: false,
      OTEL_SDK_DISABLED: false,
      OTEL_TRACES_EXPORTER: "otlp",
      OTEL_TRACES_SAMPLER: "parentbased_always_on",
      OTEL_TRACES_SAMPLER_ARG: "1",
      OTEL_PROPAGATORS: ["tracecontext", "baggage"],
      OTEL_LOGS_EXPORTER: "none",
      OTEL_SERVICE_NAME: undefined,
      OTEL_RESOURCE_ATTRIBUTES: [],
      OTEL_EXPORTER_OTLP_ENDPOINT: undefined,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
      OTEL_EXPORTER_OTLP_HEADERS: [],
      OTEL_EXPORTER_OTLP_TIMEOUT: 10_000,
      OTEL_EXPORTER_OTLP_COMPRESSION: "none",
      OTEL_EXPORTER_OTLP_CERTIFICATE: undefined,
      OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: undefined,
      OTEL_EXPORTER_OTLP_CLIENT_KEY: undefined,
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: undefined,
      OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: undefined,
      OTEL_EXPORTER_OTLP_TRACES_HEADERS: [],
      OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: undefined,
      OTEL_EXPORTER_OTLP_TRACES_COMPRESSION: undefined,
      OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE: undefined,
      OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE: undefined,
      OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY: undefined,
      OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: undefined,
      OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: undefined,
      OTEL_EXPORTER_OTLP_METRICS_HEADERS: [],
      OTEL_EXPORTER_OTLP_METRICS_TIMEOUT: undefined,
      OTEL_EXPORTER_OTLP_METRICS_COMPRESSION: undefined,
      OTEL_EXPORTER_OTLP_METRICS_CERTIFICATE: undefined,
      OTEL_EXPORTER_OTLP_METRICS_CLIENT_CERTIFICATE: undefined,
      OTEL_EXPORTER_OTLP_METRICS_CLIENT_KEY: undefined,
      OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: undefined,
      OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: undefined,
      OTEL_EXPORTER_OTLP_LOGS_HEADERS: [],
      OTEL_EXPORTER_OTLP_LOGS_TIMEOUT: undefined,
      OTEL_EXPORTER_OTLP_LOGS_COMPRESSION: undefined,
      OTEL_EXPORTER_OTLP_LOGS_CERTIFICATE: undefined,
      OTEL_EXPORTER_OTLP_LOGS_CLIENT_CERTIFICATE: undefined,
      OTEL_EXPORTER_OTLP_LOGS_CLIENT_KEY: undefined,
      OTEL_BSP_SCHEDULE_DELAY: 5000,
      OTEL_BSP_MAX_QUEUE_SIZE: 2048,
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: undefined,
      HISTORY_ENABLED: false,
      DATA_DIR: "./data",
      DATABASE_URL: undefined,
      HISTORY_RETENTION: 2_592_000_000,
      HISTORY_USAGE_RETENTION: 34_560_000_000,
      HISTORY_SPOOL_MAX_BYTES: 268_435_456,
      HISTORY_CONTENT: false,
      HISTORY_CONTENT_TTL: 604_800_000,
      HISTORY_CONTENT_MAX_BYTES: 1_073_741_824,
    });
  });

  test("keep their defaults if a variable is blank", () => {
    expect(load({ SERVER_PORT: "", LOG_LEVEL: "  ", ALLOWED_MODELS: "\n" }).config).toEqual(load({}).config);
  });

  test("are read without the whitespace around them", () => {
    const { settings } = load({ SERVER_PORT: " 9090\n", LOG_LEVEL: " WARN ", ALLOWED_MODELS: " a , ,b" }).config;
    expect(settings).toMatchObject({ SERVER_PORT: 9_090, LOG_LEVEL: "warn", ALLOWED_MODELS: ["a", "b"] });
  });

  test("are frozen, lists included", () => {
    const { config } = load({ ALLOWED_MODELS: "a" });
    const { ALLOWED_MODELS, DISALLOWED_MODELS } = config.settings;
    for (const part of [config, config.settings, config.providers, ALLOWED_MODELS, DISALLOWED_MODELS]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });

  test("name the providers", () => {
    const { config } = load({ CUSTOM_PROVIDERS: "tgi", TGI_API_URL: "http://host" });
    expect(config.providers.at(-1)).toMatchObject({ id: "tgi", baseUrl: "http://host" });
  });
});

describe("older spellings", () => {
  test("are read, with a warning", () => {
    const { config, warnings } = load({ SERVER_READ_TIMEOUT: "90s" });
    expect(config.settings.CLIENT_TIMEOUT).toBe(90_000);
    expect(warnings).toEqual(["SERVER_READ_TIMEOUT is an older spelling of CLIENT_TIMEOUT"]);
  });

  test("lose against the present one, and the warning says so", () => {
    const { config, warnings } = load({ SERVER_READ_TIMEOUT: "90s", CLIENT_TIMEOUT: "20s" });
    expect(config.settings.CLIENT_TIMEOUT).toBe(20_000);
    expect(warnings).toEqual([
      "SERVER_READ_TIMEOUT is an older spelling of CLIENT_TIMEOUT and is ignored, because CLIENT_TIMEOUT is set too",
    ]);
  });

  test("count if the present one is blank", () => {
    expect(load({ SERVER_READ_TIMEOUT: "90s", CLIENT_TIMEOUT: "" }).config.settings.CLIENT_TIMEOUT).toBe(90_000);
  });
});

describe("unknown variables", () => {
  test.each([
    ["SERVER_PROT", "SERVER_PORT"],
    ["CLIENT_CONECT_TIMEOUT", "CLIENT_CONNECT_TIMEOUT"],
    ["LOG_LEVLE", "LOG_LEVEL"],
    ["MODELS_CACHE", "MODELS_CACHE_TTL"],
    ["SWAGGER_ENABLE", "SWAGGER_ENABLED"],
    ["ALLOWED_MODEL", "ALLOWED_MODELS"],
    ["DISALLOWED_MODEL", "DISALLOWED_MODELS"],
    ["CUSTOM_PROVIDER", "CUSTOM_PROVIDERS"],
    ["OPENAI_API_KEYS", "OPENAI_API_KEY"],
    ["GROQ_API_URI", "GROQ_API_URL"],
    ["CLOUDFLARE_API_TOKEN", "CLOUDFLARE_API_KEY"],
  ])("%s is warned about and %s suggested", (name, suggestion) => {
    expect(load({ [name]: "1" }).warnings).toEqual([
      `${name} is not a setting of this version and is ignored (did you mean ${suggestion}?)`,
    ]);
  });

  test.each([["AUTH_SOMETHING_ELSE"], ["MCP_SOMETHING_ELSE"], ["SERVER_X"]])(
    "%s is warned about without a misleading suggestion",
    (name) => {
      expect(load({ [name]: "1" }).warnings).toEqual([`${name} is not a setting of this version and is ignored`]);
    },
  );

  test("of a custom provider are warned about, its own are not", () => {
    const environment = { CUSTOM_PROVIDERS: "My-TGI", MY_TGI_API_URL: "http://host", MY_TGI_API_KEY: "key" };
    expect(load({ ...environment, MY_TGI_AUTH_TYPE: "x-header" }).warnings).toEqual([]);
    expect(load({ ...environment, MY_TGI_API_KYE: "key" }).warnings).toEqual([
      "MY_TGI_API_KYE is not a setting of this version and is ignored (did you mean MY_TGI_API_KEY?)",
    ]);
  });

  test.each([["PATH"], ["HOME"], ["GOOGLE_APPLICATION_CREDENTIALS"], ["OPENAI_ORG_ID"], ["MYSERVER_PORT"]])(
    "%s of somebody else is left alone",
    (name) => {
      expect(load({ [name]: "1" }).warnings).toEqual([]);
    },
  );

  test("that are blank are left alone", () => {
    expect(load({ SERVER_PROT: " " }).warnings).toEqual([]);
  });
});
