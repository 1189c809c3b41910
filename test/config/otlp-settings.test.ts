import { describe, expect, test } from "bun:test";
import { loadConfig } from "../fixtures/load-config.ts";
import { exportOptions } from "../../src/config/otlp-settings.ts";

type Variables = Readonly<Record<string, string>>;

function settingsOf(variables: Variables) {
  const loaded = loadConfig(variables);
  if (!loaded.ok) throw new Error(loaded.problems.join("\n"));
  return loaded.config.settings;
}

const optionsOf = (variables: Variables) => exportOptions(settingsOf(variables), { version: "1", worker: undefined });

describe("what is refused, by the name of the setting and without its value", () => {
  test.each<[name: string, value: string]>([
    ["OTEL_TRACES_SAMPLER_ARG", "1.5"],
    ["OTEL_TRACES_SAMPLER_ARG", "-0"],
    ["OTEL_TRACES_SAMPLER_ARG", "1e-2"],
    ["OTEL_TRACES_SAMPLER_ARG", "half"],
    ["OTEL_PROPAGATORS", "tracecontext,b3"],
    ["OTEL_PROPAGATORS", "none,baggage"],
    ["OTEL_RESOURCE_ATTRIBUTES", "a=1,secret"],
    ["OTEL_RESOURCE_ATTRIBUTES", "a=%zz"],
    ["OTEL_EXPORTER_OTLP_HEADERS", "secret"],
    ["OTEL_EXPORTER_OTLP_HEADERS", "x-key=secret%0a"],
    ["OTEL_EXPORTER_OTLP_HEADERS", "a b=secret"],
    ["OTEL_EXPORTER_OTLP_HEADERS", "Content-Length=1"],
    ["OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"],
    ["OTEL_EXPORTER_OTLP_ENDPOINT", "grpc://collector:4317"],
    ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://user:secret@collector:4318"],
    ["OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "http://collector#secret"],
    ["TELEMETRY_TRACING_OTLP_ENDPOINT", "http://"],
    ["OTEL_EXPORTER_OTLP_CLIENT_KEY", "/secret"],
    ["OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "2049"],
    ["OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"],
    ["OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "collector/v1/metrics"],
    ["OTEL_EXPORTER_OTLP_METRICS_HEADERS", "secret"],
    ["OTEL_EXPORTER_OTLP_TRACES_HEADERS", "host=secret"],
    ["OTEL_EXPORTER_OTLP_LOGS_CLIENT_KEY", "/secret"],
    ["OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "grpc"],
    ["OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "0"],
    ["OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "lowmemory"],
    ["OTEL_METRICS_EXPORTER", "none,otlp"],
    ["OTEL_METRICS_EXPORTER", "statsd"],
    ["OTEL_TRACES_EXPORTER", "zipkin"],
    ["OTEL_METRIC_EXPORT_INTERVAL", "0"],
  ])("%s=%s", (name, value) => {
    const loaded = loadConfig({ [name]: value });
    const problems = loaded.ok ? [] : loaded.problems;
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(name);
    expect(problems[0]).not.toContain("secret");
  });
});

test.each<[Variables, queued: number, batch: number]>([
  [{}, 2048, 512],
  [{ OTEL_BSP_MAX_QUEUE_SIZE: "10" }, 10, 10],
  [{ OTEL_BSP_MAX_QUEUE_SIZE: "513" }, 513, 512],
  [{ OTEL_BSP_MAX_QUEUE_SIZE: "10", OTEL_BSP_MAX_EXPORT_BATCH_SIZE: "5" }, 10, 5],
  [{ OTEL_BSP_MAX_EXPORT_BATCH_SIZE: "2048" }, 2048, 2048],
])("with %j so many wait, and so many of them are sent at once", (variables, maxQueued, maxBatch) => {
  expect(optionsOf({ ...variables, TELEMETRY_TRACING_ENABLED: "true" })?.limits).toMatchObject({ maxQueued, maxBatch });
});

test("a batch that is to be more than may wait is refused", () => {
  const loaded = loadConfig({ OTEL_BSP_MAX_QUEUE_SIZE: "10", OTEL_BSP_MAX_EXPORT_BATCH_SIZE: "11" });
  expect(loaded.ok ? [] : loaded.problems).toEqual([
    "OTEL_BSP_MAX_EXPORT_BATCH_SIZE must not be more than OTEL_BSP_MAX_QUEUE_SIZE",
  ]);
});

test.each(["0", "1", "1.0", "0.01", ".5"])("a ratio of %s is accepted", (ratio) => {
  expect(loadConfig({ OTEL_TRACES_SAMPLER_ARG: ratio }).ok).toBe(true);
});

test.each<Variables>([
  {},
  { OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318" },
  { TELEMETRY_TRACING_ENABLED: "true", OTEL_LOGS_EXPORTER: "otlp", OTEL_SDK_DISABLED: "true" },
  { TELEMETRY_TRACING_ENABLED: "true", OTEL_TRACES_EXPORTER: "none" },
  { TELEMETRY_ENABLED: "true" },
  { OTEL_METRICS_EXPORTER: "otlp" },
  { TELEMETRY_ENABLED: "true", OTEL_METRICS_EXPORTER: "otlp", OTEL_SDK_DISABLED: "true" },
])("nothing is sent with %j", (variables) => {
  expect(optionsOf(variables)).toBeUndefined();
});

test.each<[Variables, Variables]>([
  [{ TELEMETRY_TRACING_ENABLED: "true" }, { traces: "http://localhost:4318/v1/traces" }],
  [{ OTEL_LOGS_EXPORTER: "otlp" }, { logs: "http://localhost:4318/v1/logs" }],
  [
    {
      TELEMETRY_TRACING_ENABLED: "true",
      OTEL_LOGS_EXPORTER: "otlp",
      OTEL_EXPORTER_OTLP_ENDPOINT: "https://c/otlp/?k=1",
    },
    { traces: "https://c/otlp/v1/traces?k=1", logs: "https://c/otlp/v1/logs?k=1" },
  ],
  [
    {
      OTEL_LOGS_EXPORTER: "otlp",
      OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: "http://l/x",
      TELEMETRY_TRACING_OTLP_ENDPOINT: "http://t",
    },
    { logs: "http://l/x" },
  ],
  [
    { TELEMETRY_ENABLED: "true", OTEL_METRICS_EXPORTER: "prometheus, otlp" },
    { metrics: "http://localhost:4318/v1/metrics" },
  ],
  [
    {
      ...{ TELEMETRY_ENABLED: "true", OTEL_METRICS_EXPORTER: "otlp", TELEMETRY_TRACING_ENABLED: "true" },
      OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: "http://m",
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://all/base",
    },
    { traces: "http://all/base/v1/traces", metrics: "http://m" },
  ],
])("%j goes to %j", (variables, urls) => {
  const signals = Object.entries(optionsOf(variables)?.signals ?? {}).map(([signal, { url }]) => [signal, url]);
  expect(Object.fromEntries(signals)).toEqual(urls);
});

test("what is said of the gateway, and how much is sent at once", () => {
  const { scope, limits, resource } = optionsOf({ TELEMETRY_TRACING_ENABLED: "true", ENVIRONMENT: "prod" }) ?? {};
  expect(scope).toEqual({ name: "inference-gateway", version: "1" });
  expect(limits).toEqual({ delayMs: 5000, maxQueued: 2048, maxBatch: 512 });
  expect(resource).toMatchObject({ "service.name": "inference-gateway", "deployment.environment.name": "prod" });
});

test("what is said for one signal is used before what is said for all of them", () => {
  const { signals } =
    optionsOf({
      ...{ TELEMETRY_TRACING_ENABLED: "true", OTEL_LOGS_EXPORTER: "otlp" },
      OTEL_EXPORTER_OTLP_HEADERS: "a=1,b=2",
      OTEL_EXPORTER_OTLP_TIMEOUT: "5",
      OTEL_EXPORTER_OTLP_CERTIFICATE: "/ca",
      OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: "/cert",
      OTEL_EXPORTER_OTLP_CLIENT_KEY: "/key",
      OTEL_EXPORTER_OTLP_LOGS_HEADERS: "c=3",
      OTEL_EXPORTER_OTLP_LOGS_TIMEOUT: "7",
      OTEL_EXPORTER_OTLP_LOGS_COMPRESSION: "gzip",
      OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_LOGS_CERTIFICATE: "/logs/ca",
      OTEL_EXPORTER_OTLP_LOGS_CLIENT_CERTIFICATE: "/logs/cert",
      OTEL_EXPORTER_OTLP_LOGS_CLIENT_KEY: "/logs/key",
    }) ?? {};
  const file = (setting: string, path: string) => ({ setting: `OTEL_EXPORTER_OTLP_${setting}`, path });
  expect(signals?.traces).toMatchObject({
    ...{ headers: { a: "1", b: "2" }, timeoutMs: 5, isCompressed: false, isJson: false },
    files: {
      ca: file("CERTIFICATE", "/ca"),
      cert: file("CLIENT_CERTIFICATE", "/cert"),
      key: file("CLIENT_KEY", "/key"),
    },
  });
  expect(signals?.logs).toMatchObject({
    ...{ timeoutMs: 7, isCompressed: true, isJson: true },
    files: {
      ca: file("LOGS_CERTIFICATE", "/logs/ca"),
      cert: file("LOGS_CLIENT_CERTIFICATE", "/logs/cert"),
      key: file("LOGS_CLIENT_KEY", "/logs/key"),
    },
  });
  expect(signals?.logs?.headers).toEqual({ c: "3" });
});

test.each<[Variables, string]>([
  [{ OTEL_METRICS_EXPORTER: "otlp" }, "OTEL_METRICS_EXPORTER has no effect without TELEMETRY_ENABLED=true"],
  [
    { TELEMETRY_METRICS_PUSH_ENABLED: "true" },
    "TELEMETRY_METRICS_PUSH_ENABLED has no effect without TELEMETRY_ENABLED=true",
  ],
])("%j is warned of", (variables, warning) => {
  const loaded = loadConfig(variables);
  expect(loaded.ok && loaded.warnings.join()).toContain(warning);
});
