import { JsonMetricsSerializer, ProtobufMetricsSerializer } from "@opentelemetry/otlp-transformer";
import { AggregationTemporality, MeterProvider, MetricReader } from "@opentelemetry/sdk-metrics";
import { expect, test } from "bun:test";
import { startBesideProvider, threeProviders } from "../../routes/started-gateway.ts";
import { metricsUrl, readMetrics } from "../metrics/read-metrics.ts";
import { PROTOBUF, PUSH, pushBytes } from "./pushing.ts";

class DeltaReader extends MetricReader {
  constructor() {
    super({ aggregationTemporalitySelector: () => AggregationTemporality.DELTA });
  }
  protected override onForceFlush = () => Promise.resolve();
  protected override onShutdown = () => Promise.resolve();
}

const BUCKETS = Array.from({ length: 14 }, (_, index) => 0.01 * 2 ** index);

test.each([
  ["protobuf", PROTOBUF, ProtobufMetricsSerializer],
  ["JSON", "application/json", JsonMetricsSerializer],
] as const)("what OpenTelemetry's SDK exports in %s is counted", async (_, type, serializer) => {
  await using started = await startBesideProvider((url) => ({ ...threeProviders(url), ...PUSH }));
  const reader = new DeltaReader();
  const provider = new MeterProvider({ readers: [reader] });
  const meter = provider.getMeter("test");
  const advice = { explicitBucketBoundaries: BUCKETS };
  const duration = meter.createHistogram("gen_ai.client.operation.duration", { unit: "s", advice });
  const calls = meter.createCounter("inference_gateway.tool_calls");
  const cumulative = meter.createUpDownCounter("my.gauge");
  const labels = { source: "sdk", "gen_ai.request.model": "claude" };
  const pushed = async () => {
    const { resourceMetrics } = await reader.collect();
    const bytes = serializer.serializeRequest(resourceMetrics);
    if (!bytes) throw new Error("nothing was written");
    return pushBytes(started, new Uint8Array(bytes), { "content-type": type });
  };
  for (const value of [0.005, 0.01, 0.3, 1, 200]) duration.record(value, labels);
  calls.add(2, { ...labels, "gen_ai.tool.name": "f" });
  cumulative.add(1);
  const first = await pushed();
  expect([first.status, await first.text()]).toEqual([200, expect.stringContaining("unsupported metric")]);
  duration.record(0.02, labels);
  calls.add(1, { ...labels, "gen_ai.tool.name": "f" });
  await pushed();
  await provider.shutdown();

  const metrics = await readMetrics(await metricsUrl(started.gateway));
  const name = "gen_ai_client_operation_duration_seconds";
  const upTo = (le: string) => metrics.sum(`${name}_bucket`, { source: "sdk", gen_ai_request_model: "claude", le });
  expect(["0.01", "0.02", "0.32", "1.28", "81.92", "+Inf"].map(upTo)).toEqual([2, 3, 4, 5, 5, 6]);
  expect(metrics.sum(`${name}_sum`, { source: "sdk" })).toBeCloseTo(201.335, 9);
  expect(metrics.sum("inference_gateway_tool_calls_total", { source: "sdk", gen_ai_tool_name: "f" })).toBe(3);
});
