import { describe, expect, test } from "bun:test";
import { json } from "../../fixtures/answers.ts";
import { type Exported, type OtlpReceiver, startOtlpReceiver, type TestPoint } from "../../fixtures/otlp-receiver.ts";
import { CHAT } from "../../routes/requests.ts";
import { type StartedGateway, startBesideProvider, threeProviders } from "../../routes/started-gateway.ts";
import { METRICS, metricsUrl, readMetrics } from "../metrics/read-metrics.ts";
import { attributes, push, requestOf, sum } from "../push/pushing.ts";

const NEVER = { OTEL_METRIC_EXPORT_INTERVAL: "86400000" };

const exportTo = (url: string) => ({
  ...{ TELEMETRY_ENABLED: "true", OTEL_METRICS_EXPORTER: "otlp", OTEL_EXPORTER_OTLP_ENDPOINT: url },
  OTEL_METRIC_EXPORT_INTERVAL: "5",
});

interface Exporting extends AsyncDisposable {
  readonly started: StartedGateway;
  readonly collector: OtlpReceiver;
}

async function startExporting(settings: Readonly<Record<string, string>> = {}): Promise<Exporting> {
  const collector = startOtlpReceiver();
  const started = await startBesideProvider((url) => ({
    ...{ ...threeProviders(url), ...exportTo(collector.url), ...settings },
  }));
  started.answerWith(() => json(200, { choices: [], usage: { prompt_tokens: 3, completion_tokens: 2 } }));
  return {
    started,
    collector,
    async [Symbol.asyncDispose]() {
      await started[Symbol.asyncDispose]();
      await collector[Symbol.asyncDispose]();
    },
  };
}

const chat = async ({ started }: Exporting): Promise<void> =>
  void (await (await started.post("/v1/chat/completions", CHAT)).text());

const find = ({ points }: Exported, name: string, given: TestPoint["attributes"] = {}): readonly TestPoint[] =>
  points.filter(
    (point) => point.name === name && Object.entries(given).every(([key, value]) => point.attributes[key] === value),
  );

/** The first export that has it. */
async function exportedWith(exporting: Exporting, isWanted: (exported: Exported) => boolean): Promise<Exported> {
  for (;;) {
    const exported = await exporting.collector.next(5000);
    if (isWanted(exported)) return exported;
  }
}

const chats = (exported: Exported): number =>
  find(exported, "inference_gateway.requests", { route: "/v1/chat/completions" }).reduce(
    (total, { value }) => total + value,
    0,
  );

const lastOf = ({ collector }: Exporting): Exported => {
  const last = collector.requests.at(-1);
  if (!last) throw new Error("nothing was exported");
  return last;
};

test("what is counted is sent by the names and units of the conventions, and a last time at the end", async () => {
  await using exporting = await startExporting(NEVER);
  await chat(exporting);
  expect(exporting.collector.requests).toEqual([]);
  await exporting.started.gateway.end();
  expect(exporting.collector.requests.map(({ path }) => path)).toEqual(["/v1/metrics"]);
  const exported = lastOf(exporting);
  expect(exported.resource).toMatchObject({ "service.name": "inference-gateway" });
  expect(exported.scope.name).toBe("inference-gateway");
  const [input] = find(exported, "gen_ai.client.token.usage", { "gen_ai.token.type": "input" });
  expect(input).toMatchObject({
    ...{ kind: "histogram", unit: "{token}", temporality: 2, value: 1, sum: 3 },
    bucketCounts: [0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    attributes: {
      ...{ source: "gateway", "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai" },
      ...{ "gen_ai.request.model": "gpt-4o", "gen_ai.token.type": "input" },
    },
  });
  expect(input?.explicitBounds.slice(0, 3)).toEqual([1, 4, 16]);
  const [duration] = find(exported, "gen_ai.server.request.duration");
  expect(duration).toMatchObject({ unit: "s", value: 1 });
  expect(duration?.bucketCounts.reduce((total, each) => total + each, 0)).toBe(1);
  expect(duration?.start).toBeLessThanOrEqual(duration?.time ?? 0);
  expect(find(exported, "inference_gateway.requests.in_flight")[0]).toMatchObject({
    kind: "gauge",
    value: 0,
    start: 0,
  });
  expect(find(exported, "process.memory.usage")[0]).toMatchObject({ kind: "gauge", unit: "By" });
  expect(chats(exported)).toBe(1);
});

test("it is sent again and again, each time all of it", async () => {
  await using exporting = await startExporting();
  await chat(exporting);
  const first = await exportedWith(exporting, (exported) => chats(exported) === 1);
  await chat(exporting);
  const second = await exportedWith(exporting, (exported) => chats(exported) === 2);
  const startOf = (exported: Exported) => find(exported, "inference_gateway.requests")[0]?.start;
  expect(startOf(second)).toBe(startOf(first) as number);
});

test("with delta temporality each count is sent once, and not lost if the collector does not take it", async () => {
  await using exporting = await startExporting({ OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: "delta" });
  let refused = 0;
  exporting.collector.answerWith((exported) => {
    if (chats(exported) === 0 || refused > 0) return new Response("");
    refused += chats(exported);
    return new Response("", { status: 400 });
  });
  await chat(exporting);
  await exportedWith(exporting, (exported) => chats(exported) > 0);
  await chat(exporting);
  await exporting.started.gateway.end();
  const taken = exporting.collector.requests.reduce((total, exported) => total + chats(exported), 0) - refused;
  expect([refused, taken]).toEqual([1, 2]);
  const points = exporting.collector.requests.flatMap((exported) => find(exported, "inference_gateway.requests"));
  expect(new Set(points.map(({ temporality }) => temporality))).toEqual(new Set([1]));
});

describe("where metrics go", () => {
  test("otlp alone serves no /metrics", async () => {
    await using exporting = await startExporting(NEVER);
    const line = await exporting.started.gateway.logged(({ msg }) => msg === "listening");
    expect(line["metrics"]).toBeUndefined();
  });

  test("both of them, with what others push", async () => {
    await using exporting = await startExporting({
      ...{ ...METRICS, ...NEVER, OTEL_METRICS_EXPORTER: "prometheus,otlp", TELEMETRY_METRICS_PUSH_ENABLED: "true" },
    });
    const calls = [
      { asDouble: 2.5, attributes: attributes({ source: "cli" }) },
      { asInt: 2, attributes: attributes({ source: "agent" }) },
    ];
    await push(exporting.started, requestOf([sum("inference_gateway.tool_calls", calls)]));
    const served = await readMetrics(await metricsUrl(exporting.started.gateway));
    expect(served.sum("inference_gateway_tool_calls_total")).toBe(4.5);
    await exporting.started.gateway.end();
    const points = find(lastOf(exporting), "inference_gateway.tool_calls");
    expect(points.map(({ value, attributes: { source } }) => [source, value])).toEqual([
      ["cli", 2.5],
      ["agent", 2],
    ]);
  });

  test.each<Record<string, string>>([
    { OTEL_METRICS_EXPORTER: "none" },
    { OTEL_METRICS_EXPORTER: "prometheus", TELEMETRY_METRICS_PORT: "0" },
    { TELEMETRY_ENABLED: "false" },
    { OTEL_SDK_DISABLED: "true" },
  ])("to no collector with %p", async (settings) => {
    await using exporting = await startExporting(settings);
    await chat(exporting);
    await exporting.started.gateway.end();
    expect(exporting.collector.requests).toEqual([]);
  });

  test("as one signal's settings say, before those of all", async () => {
    await using exporting = await startExporting(NEVER);
    await using other = startOtlpReceiver();
    await using started = await startBesideProvider((url) => ({
      ...{ ...threeProviders(url), ...exportTo(exporting.collector.url), ...NEVER },
      ...{ TELEMETRY_TRACING_ENABLED: "true", OTEL_LOGS_EXPORTER: "otlp" },
      OTEL_EXPORTER_OTLP_HEADERS: "x-of=all",
      OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${other.url}/any/v1/metrics`,
      OTEL_EXPORTER_OTLP_METRICS_HEADERS: "x-of=metrics",
      OTEL_EXPORTER_OTLP_METRICS_COMPRESSION: "gzip",
      OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_LOGS_HEADERS: "x-of=logs",
      OTEL_EXPORTER_OTLP_TRACES_COMPRESSION: "gzip",
    }));
    await (await started.post("/v1/chat/completions", CHAT)).text();
    await started.gateway.end();
    const said = ({ path, headers }: Exported) => [
      path,
      ...["x-of", "content-type", "content-encoding"].map((name) => headers.get(name)),
    ];
    expect(other.requests.map(said)).toEqual([["/any/v1/metrics", "metrics", "application/json", "gzip"]]);
    expect(other.requests.map(chats)).toEqual([1]);
    expect(exporting.collector.requests.map(said).toSorted()).toEqual([
      ["/v1/logs", "logs", "application/x-protobuf", null],
      ["/v1/traces", "all", "application/x-protobuf", "gzip"],
    ]);
  });

  test("OTEL_TRACES_EXPORTER=none records no traces", async () => {
    await using exporting = await startExporting({
      ...{ TELEMETRY_TRACING_ENABLED: "true", OTEL_TRACES_EXPORTER: "none", ...NEVER },
    });
    await chat(exporting);
    expect(exporting.started.takeCall().header("traceparent")).toBeUndefined();
    await exporting.started.gateway.end();
    expect(exporting.collector.requests.map(({ path }) => path)).toEqual(["/v1/metrics"]);
  });
});

test("durations carry the trace of a request that is recorded, once", async () => {
  await using exporting = await startExporting({ TELEMETRY_TRACING_ENABLED: "true", OTEL_BSP_SCHEDULE_DELAY: "1" });
  await chat(exporting);
  const exemplarsOf = (exported: Exported) =>
    find(exported, "gen_ai.server.request.duration").flatMap(({ exemplars }) => exemplars);
  const exported = await exportedWith(exporting, (each) => exemplarsOf(each).length > 0);
  await exporting.started.gateway.end();
  const spans = exporting.collector.requests.flatMap((request) => request.spans);
  expect(exemplarsOf(exported).map(({ traceId }) => traceId)).toEqual([String(spans[0]?.traceId)]);
  expect(exporting.collector.requests.flatMap(exemplarsOf)).toHaveLength(1);
});

test("a collector that is away, or hangs, holds up nothing, and the log says so once", async () => {
  await using exporting = await startExporting({ OTEL_METRIC_EXPORT_TIMEOUT: "50" });
  exporting.collector.answerWith(() => new Promise<Response>(() => {}));
  const line = await exporting.started.gateway.logged(({ signal }) => signal === "metrics");
  expect(line).toMatchObject({ level: "warn", problem: "it takes too long to answer" });
  await chat(exporting);
  exporting.collector.answerWith(() => new Response(""));
  await exporting.started.gateway.logged(({ msg }) => msg === "the collector takes what is sent to it again");
  const exported = await exportedWith(exporting, (each) => chats(each) === 1);
  expect(chats(exported)).toBe(1);
  await exporting.started.gateway.end();
  // On a busy machine it may be too slow again, but the same is never said twice in a row.
  const told = exporting.started.gateway.log.flatMap(({ signal, problem }) => (signal === "metrics" ? [problem] : []));
  expect(told.length).toBeGreaterThanOrEqual(2);
  expect(told.filter((problem, index) => index > 0 && problem === told[index - 1])).toEqual([]);
});

test("many series are sent in one request, of which none is missing", async () => {
  await using exporting = await startExporting({ ...NEVER, TELEMETRY_METRICS_PUSH_ENABLED: "true" });
  const points = Array.from({ length: 450 }, (_, index) => ({
    asInt: index + 1,
    attributes: attributes({ source: `s${index % 45}`, team: `t${index % 10}${Math.floor(index / 45)}` }),
  }));
  await push(exporting.started, requestOf([sum("inference_gateway.tool_calls", points)]));
  await push(exporting.started, requestOf([sum("gen_ai.client.token.usage", points)]));
  await exporting.started.gateway.end();
  expect(exporting.collector.requests).toHaveLength(1);
  const calls = find(lastOf(exporting), "inference_gateway.tool_calls");
  expect([calls.length, calls.reduce((total, { value }) => total + value, 0)]).toEqual([450, (450 * 451) / 2]);
  const tokens = find(lastOf(exporting), "gen_ai.client.token.usage");
  expect([tokens.length, tokens.reduce((total, each) => total + each.sum, 0)]).toEqual([450, (450 * 451) / 2]);
});
