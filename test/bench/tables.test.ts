import { describe, expect, test } from "bun:test";
import { FEATURE_SCENARIOS, SCENARIOS } from "../../bench/compare/scenarios.ts";
import { type BenchSummary, parseResult, summariseFeatures, summariseLoad } from "../../bench/compare/summary.ts";
import { describeResult } from "../../bench/report/tables.ts";
import { sample } from "./sample.ts";

function result(targets: Readonly<Record<string, number>>, features: Readonly<Record<string, number>>): BenchSummary {
  const latency = { latency: { p50: 1, p99: 2 } };
  const samples = Object.entries(targets).map(([target, cpuMicroseconds]) =>
    sample({ target, cpuMicroseconds, load: latency }),
  );
  const featureSamples = Object.entries(features).map(([target, cpuMicroseconds]) =>
    sample({ target, scenario: "chat-0.2k", cpuMicroseconds }),
  );
  return {
    machine: "a machine of <2 cores",
    settings: { repeats: 1, seconds: 1, openStreams: 100 },
    summary: {
      loads: SCENARIOS.flatMap((scenario) => summariseLoad(scenario, Object.keys(targets), samples)),
      features: summariseFeatures(FEATURE_SCENARIOS, featureSamples),
      processes: [],
    },
  };
}

const GOOD = result({ direct: 1, nginx: 10_000, bare: 21_000, "other & <mine>": 30_000 }, { plain: 100, key: 120 });

describe("the tables", () => {
  test("say every load and feature that was measured, and no other", () => {
    const text = describeResult(GOOD);
    expect(text).toContain("| 0.2K request, one connection, one request at a time |  1.00 | 2.10 |");
    expect(text).toMatch(/\| authentication by static key \| +1\.20 \|/);
    expect(text).not.toContain("1M request");
    expect(text).not.toContain("First 200");
  });

  test("say nothing of delays if the mock was not asked directly", () => {
    expect(describeResult(GOOD)).toContain("Added, p50 / p99 in ms");
    expect(describeResult(result({ nginx: 1, bare: 2 }, {}))).not.toContain("Added");
  });
});

describe("what a run may have been limited by", () => {
  const linesOf = (generatorShare: number) => {
    const runs = [
      sample({ target: "direct", shares: { generatorShare: 0.99, mockShare: 0.5 } }),
      sample({ target: "nginx", cpuMicroseconds: 10, shares: { generatorShare, mockShare: 0.25 } }),
      sample({ target: "nginx", repeat: 2, cpuMicroseconds: 10, shares: { generatorShare, mockShare: 0.25 } }),
      sample({ target: "gateway", cpuMicroseconds: 20, shares: { generatorShare: 0.4, mockShare: 0.3 } }),
      sample({ target: "gateway", repeat: 2, cpuMicroseconds: 30, shares: { generatorShare: 0.4, mockShare: 0.3 } }),
    ];
    const loads = SCENARIOS.flatMap((scenario) => summariseLoad(scenario, ["direct", "nginx", "gateway"], runs));
    return describeResult({ ...GOOD, date: "2026-01-31", summary: { loads, features: [], processes: [] } });
  };

  test("is said, and ranges, beside medians", () => {
    expect(linesOf(0.5)).toContain("a machine of <2 cores; 2026-01-31; medians and ranges of up to 1 repeats");
    expect(linesOf(0.5)).toMatch(/one request at a time \| +1\.00 \| 2\.50 \(2\.00–3\.00\) \|/);
    expect(linesOf(0.5)).toContain("used at most 50 % of a core, the mock 30 %: neither was the limit.");
  });

  test("is said if it was", () => {
    expect(linesOf(0.95)).toContain(
      "They were the limit of the requests a second, not of the CPU time of each, in alone of nginx.",
    );
  });
});

describe("a result", () => {
  test.each(["", "null", "{}", '{"settings":{},"summary":{"loads":[]}}'])("is not %j", (text) => {
    expect(() => parseResult(text)).toThrow();
  });

  test("is what the bench wrote", () => {
    expect(parseResult(JSON.stringify(GOOD)).summary.loads).toHaveLength(GOOD.summary.loads.length);
  });
});
