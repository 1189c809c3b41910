import { describe, expect, test } from "bun:test";
import { writeMetrics } from "../../../src/telemetry/metrics/exposition.ts";
import { FAMILIES } from "../../../src/telemetry/metrics/families.ts";
import { createMetricStore } from "../../../src/telemetry/metrics/metric-store.ts";
import { MAX_SERIES, OTHER, Series } from "../../../src/telemetry/metrics/series.ts";
import { parseMetrics } from "./read-metrics.ts";

const COUNTER = { name: "a_total", kind: "counter", help: "A.", labels: ["gen_ai_request_model", "outcome"] } as const;
const HISTOGRAM = { name: "a_seconds", kind: "histogram", help: "A.", labels: ["x"], buckets: [1, 10] } as const;

const numbersOf = (series: Series, slot: number): number[] =>
  Array.from({ length: series.width }, (_, index) => series.valueAt(slot, index));

describe("series", () => {
  test("of the same labels are one, whatever these hold", () => {
    const series = new Series(COUNTER);
    expect(series.slot(["a", "b"])).toBe(series.slot(["a", "b"]));
    expect(series.slot(["a\u0000b", ""])).not.toBe(series.slot(["a", "b"]));
    expect(series.slot(["a", undefined])).not.toBe(series.slot(["a", "b"]));
  });

  test("of which there are too many are counted together, and none is lost", () => {
    const series = new Series(COUNTER);
    const outcomes = ["good", "bad"];
    for (let index = 0; index < MAX_SERIES + 500; index += 1) {
      series.add(series.slot([`m${index}`, outcomes[index % 2]]), 1);
    }
    expect(series.rows.length).toBe(MAX_SERIES + 2);
    expect(series.rows.slice(MAX_SERIES)).toEqual([
      [OTHER, "good"],
      [OTHER, "bad"],
    ]);
    expect([series.valueAt(MAX_SERIES), series.valueAt(MAX_SERIES + 1)]).toEqual([250, 250]);
  });

  test("of a histogram have the upper end of a range in it", () => {
    const series = new Series(HISTOGRAM);
    const slot = series.slot(["y"]);
    for (const value of [0, 1, 1.5, 10, 11]) series.observe(slot, value);
    expect(numbersOf(series, slot)).toEqual([2, 2, 1, 23.5]);
  });

  test("are added to others range by range, wherever these are", () => {
    const [one, other] = [new Series(HISTOGRAM), new Series(HISTOGRAM)];
    one.observe(one.slot(["a"]), 5);
    for (const label of ["b", "a"]) other.observe(other.slot([label]), 20);
    one.merge(structuredClone(other.copy()));
    expect(one.rows).toEqual([["a"], ["b"]]);
    expect([numbersOf(one, 0), numbersOf(one, 1)]).toEqual([
      [0, 1, 1, 25],
      [0, 0, 1, 20],
    ]);
  });
});

describe("what is written", () => {
  const store = createMetricStore();
  const labels = ["gateway", "", "chat", "openai", 'a"\\\nb', "m", undefined];
  const slot = store.requestDuration.slot(labels);
  const index = store.requestDuration.observe(slot, 0.03);
  store.requestDuration.exemplify(slot, index, { traceId: "4bf92f3577b34da6", value: 0.03, at: 1700000000.5 });
  store.requests.add(store.requests.slot(["/v1/x", "answered", "200"]), 3);

  test("is escaped, and names no label without a value", async () => {
    const text = Buffer.from(await writeMetrics(store, "prometheus")).toString();
    expect(text).toContain(
      `gen_ai_server_request_duration_seconds_bucket{source="gateway",team="",gen_ai_operation_name="chat",gen_ai_provider_name="openai",gen_ai_request_model="a\\"\\\\\\nb",gen_ai_response_model="m",le="0.04"} 1\n`,
    );
    expect(text).toContain("# TYPE inference_gateway_requests_total counter\n");
    expect(text).not.toContain("trace_id");
    expect(
      parseMetrics(text).labelsOf("gen_ai_server_request_duration_seconds_count")[0]?.["gen_ai_request_model"],
    ).toBe('a"\\\nb');
  });

  test("as OpenMetrics has units, traces, and counters by their own names", async () => {
    const text = Buffer.from(await writeMetrics(store, "openmetrics")).toString();
    expect(text).toContain('le="0.04"} 1 # {trace_id="4bf92f3577b34da6"} 0.03 1700000000.500\n');
    expect(text).toContain("# TYPE inference_gateway_requests counter\n");
    expect(text).toContain('inference_gateway_requests_total{route="/v1/x",outcome="answered",status="200"} 3\n');
    expect(text).toContain("# UNIT gen_ai_server_request_duration_seconds seconds\n");
    expect(text).toEndWith("# EOF\n");
  });
});

test("the names of units are at the ends of names, as OpenMetrics wants it", () => {
  for (const family of Object.values(FAMILIES)) {
    const { name, kind } = family;
    if ("unit" in family && family.unit) expect(name.replace(/_total$/, "")).toEndWith(`_${family.unit}`);
    expect(name.endsWith("_total")).toBe(kind === "counter");
  }
});
