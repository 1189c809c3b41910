import { describe, expect, test } from "bun:test";
import { FEATURE_SCENARIOS, SCENARIOS, type Scenario } from "../../bench/compare/scenarios.ts";
import { summariseFeatures, summariseLoad, summariseProcess } from "../../bench/compare/summary.ts";
import { featureTable, reportFailures } from "../../bench/report/tables.ts";
import { sample } from "./sample.ts";

function scenario(wanted: string): Scenario {
  const found = SCENARIOS.find(({ name }) => name === wanted);
  if (!found) throw new Error(`no load ${wanted}`);
  return found;
}

const latency = (p50: number, p99: number) => ({ latency: { p50, p99 } });

describe("the summary of a load", () => {
  const samples = [
    sample({ target: "direct", load: latency(1, 10) }),
    sample({ target: "nginx", cpuMicroseconds: 10_000 }),
    sample({
      target: "gateway",
      cpuMicroseconds: 20_000,
      load: { ...latency(2, 30), errors: 1, reasons: ["status 502"] },
    }),
    // The second repeat ran on a machine half as fast: ratios and differences within the repeat stay what they were.
    sample({ target: "direct", repeat: 2, load: latency(2, 20) }),
    sample({ target: "nginx", repeat: 2, cpuMicroseconds: 20_000 }),
    sample({ target: "gateway", repeat: 2, cpuMicroseconds: 40_000, load: latency(3, 40) }),
    // Without a partner in its repeat, nothing is compared.
    sample({ target: "gateway", repeat: 3, cpuMicroseconds: 900_000 }),
    sample({ target: "gateway", scenario: "burst", cpuMicroseconds: 900_000 }),
  ];
  const rows = summariseLoad(scenario("alone"), ["direct", "nginx", "bare", "gateway"], samples);

  test("leaves out targets that did not run", () => {
    expect(rows.map(({ target }) => target)).toEqual(["direct", "nginx", "gateway"]);
  });

  test("compares neighbours in time, and tells failures", () => {
    expect(rows[2]).toMatchObject({
      cpuMicroseconds: 40,
      toNginx: 2,
      toBare: undefined,
      addedToDirect: 1,
      addedToDirectP99: 20,
      errors: 1,
      reasons: ["status 502"],
    });
    expect(reportFailures(rows)).toEqual(["! alone of gateway: status 502"]);
  });

  test("says how far repeats lie apart, and what was lost", () => {
    const [, nginx] = summariseLoad(
      scenario("burst"),
      ["nginx", "gateway"],
      [
        sample({ target: "nginx", scenario: "burst", cpuMicroseconds: 100, load: { events: 100 } }),
        sample({ target: "nginx", scenario: "burst", repeat: 2, cpuMicroseconds: 100, load: { events: 100 } }),
        sample({
          ...{ target: "gateway", scenario: "burst", cpuMicroseconds: 100, residentBytes: 5 },
          load: { events: 50, missing: 50, merged: 1 },
        }),
        sample({
          ...{ target: "gateway", scenario: "burst", repeat: 2, cpuMicroseconds: 300, residentBytes: 4 },
          load: { events: 100, merged: 2 },
        }),
      ],
    );
    expect(nginx).toMatchObject({ toNginx: 2.5, nginxRange: [2, 3], missing: 50, mergedShare: 0.02, residentBytes: 5 });
  });

  test("of streams counts events, and the delay of the first", () => {
    const load = (p50: number) => ({ events: 500, firstEvent: { p50, p99: p50 } });
    const [, gateway] = summariseLoad(
      scenario("burst"),
      ["direct", "gateway"],
      [
        sample({ target: "direct", scenario: "burst", load: load(1) }),
        sample({ target: "gateway", scenario: "burst", cpuMicroseconds: 1000, load: load(4) }),
      ],
    );
    expect(gateway).toMatchObject({ cpuMicroseconds: 2, perSecond: 500, addedToDirect: 3 });
  });
});

describe("the summary of the features", () => {
  const run = (target: string, repeat: number, cpuMicroseconds: number) =>
    sample({ target, repeat, scenario: "chat-0.2k", cpuMicroseconds });
  const rows = summariseFeatures(FEATURE_SCENARIOS, [
    run("plain", 1, 10_000),
    run("plain", 2, 20_000),
    run("plain", 3, 10_000),
    run("key", 1, 11_000),
    run("key", 2, 26_000),
    run("key", 3, 12_000),
  ]);

  test("has a row for each that ran, as a multiple of the plain gateway in the same repeat", () => {
    expect(rows.map(({ feature }) => feature)).toEqual(["plain", "key"]);
    expect(rows[1]?.costs[0]).toEqual({
      scenario: "chat-0.2k",
      cpuMicroseconds: 12,
      toPlain: 1.2,
    });
  });

  test("says nothing of a load under which a feature did not run", () => {
    expect(rows[1]?.costs[1]).toMatchObject({ scenario: "burst", toPlain: undefined });
    expect(featureTable(rows).split("\n").at(-1)).toMatch(/1\.20 \| +- \|$/);
    expect(reportFailures(rows)).toEqual([]);
  });
});

test("memory for each stream is what opening them added", () => {
  const target = { name: "gateway" };
  const memory = { idleBytes: 40_000_000, warmBytes: 50_000_000, openBytes: 70_000_000, openStreams: 1000 };
  expect(
    summariseProcess(
      [target, { ...target, name: "unmeasured" }],
      [
        { target: "gateway", startMilliseconds: 100, memory },
        { target: "gateway", startMilliseconds: 300 },
      ],
    ),
  ).toMatchObject([{ target: "gateway", startMilliseconds: 200, idleBytes: 40_000_000, bytesPerStream: 20_000 }]);
});
