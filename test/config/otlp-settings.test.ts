import { describe, expect, test } from "bun:test";
import { loadConfig } from "../../src/config/load-config.ts";
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
    ["OTEL_BSP_MAX_QUEUE_SIZE", "10"],
    ["OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"],
  ])("%s=%s", (name, value) => {
    const loaded = loadConfig({ [name]: value });
    const problems = loaded.ok ? [] : loaded.problems;
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(name);
    expect(problems[0]).not.toContain("secret");
  });
});

test.each(["0", "1", "1.0", "0.01", ".5"])("a ratio of %s is accepted", (ratio) => {
  expect(loadConfig({ OTEL_TRACES_SAMPLER_ARG: ratio }).ok).toBe(true);
});

test.each<Variables>([
  {},
  { OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318" },
  { TELEMETRY_TRACING_ENABLED: "true", OTEL_LOGS_EXPORTER: "otlp", OTEL_SDK_DISABLED: "true" },
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
