import { describe, expect, test } from "bun:test";
import { summariseFeatures } from "../../bench/feature-summary.ts";
import { headroomOf } from "../../bench/headroom.ts";
import { summariseProcess } from "../../bench/process-summary.ts";
import { reportFeatures, reportHeadroom, reportLoad } from "../../bench/report.ts";
import { FEATURE_SCENARIOS, SCENARIOS, type Scenario } from "../../bench/scenarios.ts";
import { summariseLoad } from "../../bench/summary.ts";
import { sample } from "./sample.ts";

function scenario(wanted: string): Scenario {
  const found = SCENARIOS.find(({ name }) => name === wanted);
  if (!found) throw new Error(`no load ${wanted}`);
  return found;
}

const latency = (p50: number, p99: number) => ({ latency: { p50, p99, samples: 1000 } });

describe("the summary of a load", () => {
  const samples = [
    sample({ target: "nginx", cpuMicroseconds: 10_000, load: latency(1, 10) }),
    sample({
      target: "gateway",
      cpuMicroseconds: 20_000,
      load: { ...latency(2, 30), errors: 1, reasons: ["status 502"] },
    }),
    // The second repeat ran on a machine half as fast: ratios and differences within the repeat stay what they were.
    sample({ target: "nginx", repeat: 2, cpuMicroseconds: 20_000, load: latency(2, 20) }),
    sample({ target: "gateway", repeat: 2, cpuMicroseconds: 40_000, load: latency(3, 40) }),
    // Without a partner in its repeat, nothing is compared.
    sample({ target: "gateway", repeat: 3, cpuMicroseconds: 900_000 }),
    sample({ target: "gateway", scenario: "burst", cpuMicroseconds: 900_000 }),
  ];
  const rows = summariseLoad(scenario("alone"), ["direct", "nginx", "gateway"], samples);

  test("leaves out targets that did not run", () => {
    expect(rows.map(({ target }) => target)).toEqual(["nginx", "gateway"]);
  });

  test("compares neighbours in time, and tells failures", () => {
    expect(rows[1]).toMatchObject({
      cpuMicroseconds: 40,
      toNginx: 2,
      toBare: undefined,
      addedMilliseconds: 1,
      addedMillisecondsP99: 20,
      addedToDirect: undefined,
      errors: 1,
      reasons: ["status 502"],
    });
    expect(reportLoad(scenario("alone"), rows)).toContain("! gateway: status 502");
  });

  test("says how far repeats lie apart", () => {
    expect(rows[0]?.cpuSpread).toBeCloseTo(1 / 3);
  });

  test("of streams counts events, and the delay of the first", () => {
    const load = (p50: number) => ({ events: 500, firstEvent: { p50, p99: p50, samples: 8 } });
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
      least: 1.1,
      greatest: 1.3,
    });
  });

  test("says nothing of a load under which a feature did not run", () => {
    expect(rows[1]?.costs[1]).toMatchObject({ scenario: "burst", toPlain: undefined, least: undefined });
    expect(reportFeatures(rows).split("\n").at(-2)).toMatch(/1\.20 +1\.10\.\.1\.30 +- +- +- +0$/);
  });
});

describe("the headroom of the rig", () => {
  const rows = summariseLoad(
    scenario("alone"),
    ["direct", "nginx", "gateway"],
    [
      sample({ target: "direct", load: { requests: 3000 }, shares: { generatorShare: 0.99 } }),
      sample({ target: "nginx", load: { requests: 1500 }, shares: { generatorShare: 0.9, mockShare: 0.4 } }),
      sample({ target: "gateway", shares: { generatorShare: 0.2, mockShare: 0.5, othersShare: 0.3 } }),
    ],
  );

  test("is what it does alone over what the fastest target took", () => {
    expect(headroomOf("alone", rows)).toMatchObject({ ceiling: 3000, fastest: 1500, times: 2, othersShare: 0.3 });
  });

  test("names targets that were held back by it, but not the run without any", () => {
    const headroom = headroomOf("alone", rows);
    expect(headroom).toMatchObject({ generatorShare: 0.9, mockShare: 0.5, limited: ["nginx"] });
    expect(reportHeadroom([headroom])).toContain("! alone: the rig was the limit of nginx");
  });

  test("is unknown where nothing was asked without a target", () => {
    expect(headroomOf("alone", rows.slice(1))).toMatchObject({ ceiling: undefined, times: undefined });
    expect(headroomOf("alone", [])).toMatchObject({ fastest: undefined, mockShare: undefined, limited: [] });
  });
});

test("memory for each stream is what opening them added", () => {
  const target = { name: "gateway", chatUrl: () => "" };
  const memory = { warmBytes: 50_000_000, openBytes: 70_000_000, openStreams: 1000 };
  expect(
    summariseProcess(
      [target, { ...target, name: "unmeasured" }],
      [
        { target: "gateway", startMilliseconds: 100, idleBytes: 40_000_000, ...memory },
        { target: "gateway", startMilliseconds: 300 },
      ],
    ),
  ).toMatchObject([{ target: "gateway", startMilliseconds: 200, idleBytes: 40_000_000, bytesPerStream: 20_000 }]);
});
