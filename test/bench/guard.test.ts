import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import {
  GUARD_MEASURES,
  type GuardFigures,
  type GuardSamples,
  judge as judgeSamples,
  noSamples,
  parseBaseline,
  passes,
} from "../../bench/guard/judge.ts";
import { askProbe, withProbe } from "../../bench/measure/heap.ts";
import { endAll, launch } from "../../bench/targets/launch.ts";
import { BARE } from "../../bench/targets/own-targets.ts";
import { countObjects, heapGrowth } from "../fixtures/ask-process-probe.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

const BASELINE = {
  ...{ chatCpu: 2, streamCpu: 1, chatObjects: 10, streamObjects: 4 },
  ...{ translatedCpu: 2, translatedStreamCpu: 2, aliasCpu: 1, aliasObjects: 1 },
  ...{ choiceCpu: 1, choiceObjects: 1 },
  ...{ metricsCpu: 1, metricsObjects: 1, everythingCpu: 1, everythingStreamCpu: 1 },
};
const UNMEASURED = {
  ...{ chatCpu: NaN, streamCpu: NaN, chatObjects: NaN, streamObjects: NaN },
  ...{ translatedCpu: NaN, translatedStreamCpu: NaN, aliasCpu: NaN, aliasObjects: NaN },
  ...{ choiceCpu: NaN, choiceObjects: NaN },
  ...{ metricsCpu: NaN, metricsObjects: NaN, everythingCpu: NaN, everythingStreamCpu: NaN },
};

const MEASURES = Object.keys(GUARD_MEASURES);

/** Each measured once, but for what cannot be. */
function samplesOf(figures: GuardFigures): GuardSamples {
  const samples = noSamples();
  for (const name of Object.keys(samples) as (keyof GuardSamples)[]) {
    if (!Number.isNaN(figures[name])) samples[name].push(figures[name]);
  }
  return samples;
}

const judge = (baseline: Partial<GuardFigures>, figures: GuardFigures) => judgeSamples(baseline, samplesOf(figures));

const aliasOf = (samples: GuardSamples) =>
  judgeSamples(BASELINE, samples).find(({ measure }) => measure === "aliasCpu") ?? fail("there is no verdict");

function fail(why: string): never {
  throw new Error(why);
}

describe("the guard", () => {
  test("fails what became dearer by more than a quarter, whatever became cheaper", () => {
    const verdicts = judge(BASELINE, {
      ...BASELINE,
      chatCpu: 0.1,
      streamCpu: 0.1,
      chatObjects: 12.6,
      streamObjects: 1,
    });
    expect(passes(verdicts)).toBe(false);
    expect(verdicts.find(({ measure }) => measure === "chatObjects")).toMatchObject({ outcome: "slower" });
    expect(verdicts.find(({ measure }) => measure === "chatCpu")).toMatchObject({ outcome: "faster" });
  });

  test.each(["aliasCpu", "metricsCpu"] as const)(
    "fails a %s that is over 5 %% more, whatever it used to be",
    (name) => {
      const outcomeAt = (figure: number) =>
        judge({ ...BASELINE, [name]: 2 }, { ...BASELINE, [name]: figure }).find(({ measure }) => measure === name)
          ?.outcome;
      expect(outcomeAt(1.06)).toBe("slower");
      expect(outcomeAt(1.05)).not.toBe("slower");
    },
  );

  test("fails a figure without a baseline: nobody decided what it may be", () => {
    const verdicts = judge({}, { ...UNMEASURED, chatCpu: 2 });
    expect(passes(verdicts)).toBe(false);
    expect(verdicts[0]).toMatchObject({ outcome: "unknown", change: undefined });
  });

  test("lets pass what stayed within a quarter", () => {
    const verdicts = judge(BASELINE, { ...BASELINE, chatCpu: 2.5, streamCpu: 0.75 });
    expect(verdicts.map(({ outcome }) => outcome)).toEqual(Array(14).fill("fine"));
    expect(verdicts[0]?.change).toBeCloseTo(0.25);
    expect(passes(verdicts)).toBe(true);
  });

  test("lets pass what a platform cannot measure", () => {
    const verdicts = judge(BASELINE, { ...UNMEASURED, chatObjects: 10 });
    const outcomes = verdicts.map(({ measure, outcome }) => `${measure} ${outcome}`);
    expect(outcomes).toEqual(MEASURES.map((name) => `${name} ${name === "chatObjects" ? "fine" : "unmeasured"}`));
    expect(passes(verdicts)).toBe(true);
  });

  test("fails what takes over a quarter more on a request with everything on, or over 15 % on an event", () => {
    for (const [name, limit] of [["everythingCpu", 1.25] as const, ["everythingStreamCpu", 1.15] as const]) {
      expect(passes(judge(BASELINE, { ...BASELINE, [name]: limit + 0.001 }))).toBe(false);
      expect(passes(judge(BASELINE, { ...BASELINE, [name]: limit }))).toBe(true);
    }
  });

  test("fails a choiceCpu that is over 10 % more, and not one of 10 %", () => {
    expect(passes(judge(BASELINE, { ...BASELINE, choiceCpu: 1.101 }))).toBe(false);
    expect(passes(judge(BASELINE, { ...BASELINE, choiceCpu: 1.1 }))).toBe(true);
  });

  test("goes by the middle of all that was measured, which neither a lucky nor a disturbed pair moves, nor a lucky attempt", () => {
    const samples = samplesOf(BASELINE);
    samples.aliasCpu.splice(0, 1, 1.06, 0.5, 1.07, 3, 1.06);
    expect(aliasOf(samples).measured).toBe(1.06);
    samples.aliasCpu.push(1.02, 1.07, 1.06, 1.08, 1.06);
    expect(aliasOf(samples).measured).toBe(1.06);
  });

  test.each([
    ["fails what is over its limit for certain", 0.01, "slower"],
    ["lets pass what so wide a spread does not tell", 0.4, "fine"],
  ])("%s", (_, spread, outcome) => {
    const samples = samplesOf({ ...BASELINE, aliasCpu: NaN });
    // 40 ratios around 1.07, half of them below.
    for (let at = 0; at < 40; at++) samples.aliasCpu.push(1.07 + spread * ((at + 0.5) / 40 - 0.5));
    expect(aliasOf(samples)).toMatchObject({ outcome });
  });

  test.each(["", "[", "null", '{"chatCpu":"2"}', '{"chatCpu":0}', '{"chatcpu":2}'])(
    "cannot work with the baseline %j",
    (text) => {
      expect(() => parseBaseline(text)).toThrow();
    },
  );

  test("has a baseline for everything that it measures", async () => {
    const baseline = parseBaseline(await Bun.file(join(import.meta.dir, "../../bench/baseline.json")).text());
    expect(Object.keys(baseline).sort()).toEqual(Object.keys(GUARD_MEASURES).sort());
  });
});

test("a heap grew by what it has more of each type, most first", () => {
  const growth = heapGrowth({ Object: 5, Array: 1, Map: 2, Set: 3 }, { Object: 9, Array: 8, Set: 3 });
  expect(growth).toEqual([
    ["Array", 7],
    ["Object", 4],
    ["Map", -2],
  ]);
  expect(countObjects({ Object: 9, Array: 8 })).toBe(17);
});

describe("a process with a probe", () => {
  const directory = scratchFolder("heap-probe");
  const ground = { mockOrigin: "", directory };

  test("cannot be one that the bench does not start", () => {
    expect(() => withProbe({ name: "theirs" }, true)).toThrow("theirs is not started by the bench");
  });

  test("tells what is on its heap, and keeps its garbage until it is asked to collect it", async () => {
    const running = await launch(withProbe(BARE, false), ground);
    const before = await askProbe(running, ground, "collected");
    const health = new URL("/health", running.chatUrl);
    for (let count = 0; count < 200; count += 1) await (await fetch(health)).arrayBuffer();
    const after = await askProbe(running, ground, "objects");
    const collected = await askProbe(running, ground, "collected");
    await endAll([running]);
    expect((after["URL"] ?? 0) - (before["URL"] ?? 0)).toBeGreaterThanOrEqual(200);
    expect((collected["URL"] ?? 0) - (before["URL"] ?? 0)).toBeLessThan(20);
  });
});
