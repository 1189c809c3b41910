import { countObjects, type HeapCounts, heapGrowth } from "../../test/fixtures/ask-process-probe.ts";
import { askProbe, withProbe } from "../measure/heap.ts";
import { type PartialPlan, runPlan } from "../measure/sample.ts";
import { endAll, launch, type Running } from "../targets/launch.ts";
import { ALIAS, BARE, EVERYTHING, GATEWAY, METERED, TRANSLATING } from "../targets/own-targets.ts";
import type { Rig } from "../targets/rig.ts";
import type { Target } from "../targets/target.ts";
import type { GuardMeasure, GuardSamples } from "./judge.ts";

const COMMON = { bodyBytes: 200, seconds: 20 } as const;
const chat = (requests: number): PartialPlan => ({ ...COMMON, answer: "json", connections: 8, requests });
// All begin at once and none after them.
const streams = (count: number): PartialPlan => ({ ...COMMON, answer: "paced", connections: count, requests: count });
const BURST: PartialPlan = { ...COMMON, answer: "burst", connections: 4, requests: 60 };
// Many short ones: a neighbour on the machine disturbs some of the pairs, and hardly their median.
const CPU_LOADS = { chat: chat(400), stream: streams(100) } as const;
const CPU_PAIRS = { chat: 40, stream: 4 } as const;
// Few streams at once: events that arrive together are carried together, which allocates less.
const HEAP_LOADS = { chat: chat(400), stream: streams(8) } as const;
const HEAP_ROUNDS = 2;
type Kind = keyof typeof CPU_LOADS;

/** The process of the names, asked by provider/model: code is compiled differently each time that a process is started. */
const PLAIN: Target = { ...ALIAS, model: "openai/{model}" };
/** The same, asked by a name that has two deployments. */
const CHOICE: Target = { ...ALIAS, model: "choice/{model}" };

/** Runs one load and returns how many requests, or events of streams, it had. */
async function run(rig: Rig, running: Running, plan: PartialPlan, kind: Kind): Promise<number> {
  const { requests, events, errors, reasons } = await runPlan(rig, running, plan);
  if (errors > 0) throw new Error(`${running.target.name} failed under load: ${reasons.join("; ")}`);
  return kind === "chat" ? requests : events;
}

/** Starts both with a probe, warms them up with that many requests, runs `use`, and ends them whatever comes of it. One process for one name. */
async function withBoth<T>(
  rig: Rig,
  [first, second]: readonly [Target, Target],
  { warmUp, collects }: { readonly warmUp: number; readonly collects: boolean },
  use: (first: Running, second: Running) => Promise<T>,
): Promise<T> {
  const one = await launch(withProbe(first, collects), rig);
  const other =
    first.name === second.name ? { ...one, target: second } : await launch(withProbe(second, collects), rig);
  try {
    for (const target of [one, other]) for (const plan of [chat(warmUp), BURST]) await runPlan(rig, target, plan);
    return await use(one, other);
  } finally {
    await endAll([one, other]);
  }
}

/**
 * CPU time of the first over that of the second, of many loads in turn.
 * @param withRest what a process spends in the turn of the other counts, too: work that it puts off
 */
async function pairsOf(rig: Rig, both: readonly [Running, Running], kind: Kind, withRest: boolean): Promise<number[]> {
  const cpu = async () => [await askProbe(both[0], rig, "cpu"), await askProbe(both[1], rig, "cpu")] as const;
  const ratios: number[] = [];
  for (let before = await cpu(); ratios.length < CPU_PAIRS[kind];) {
    const used: [number, number] = [0, 0];
    const units: [number, number] = [0, 0];
    // The other way round each time, because one may have to collect the garbage of the other.
    for (const turn of ratios.length % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) {
      units[turn] += await run(rig, both[turn], CPU_LOADS[kind], kind);
      const after = await cpu();
      for (const index of withRest ? ([0, 1] as const) : [turn]) used[index] += after[index] - before[index];
      before = after;
    }
    ratios.push(used[0] / units[0] / (used[1] / units[1]));
  }
  return ratios;
}

/** How the heap of a process without collection grew under a load, for one unit of it; the round that grew most. */
async function measureGrowth(rig: Rig, running: Running, kind: Kind): Promise<HeapCounts> {
  const rounds: HeapCounts[] = [];
  for (let round = 0; round < HEAP_ROUNDS; round += 1) {
    const before = await askProbe(running, rig, "collected");
    const units = await run(rig, running, HEAP_LOADS[kind], kind);
    const after = await askProbe(running, rig, "objects");
    rounds.push(Object.fromEntries(heapGrowth(before, after).map(([type, count]) => [type, count / units])));
  }
  // A collection that came all the same shows as too little growth, never as too much.
  return rounds.reduce((most, counts) => (countObjects(counts) > countObjects(most) ? counts : most), {});
}

/**
 * Measures everything the guard judges, once, and adds it to the samples.
 * @returns the objects, by type, that the gateway allocated for one request and for one event
 */
export async function measureGuard(rig: Rig, samples: GuardSamples) {
  const addCpu = (both: readonly [Target, Target], measure: GuardMeasure, ofStream?: GuardMeasure): Promise<void> =>
    withBoth(rig, both, { warmUp: 15_000, collects: true }, async (...running) => {
      // History is written later.
      const withRest = both[0] === EVERYTHING;
      samples[measure].push(...(await pairsOf(rig, running, "chat", withRest)));
      if (ofStream) samples[ofStream].push(...(await pairsOf(rig, running, "stream", withRest)));
    });
  await addCpu([GATEWAY, BARE], "chatCpu", "streamCpu");
  await addCpu([TRANSLATING, GATEWAY], "translatedCpu", "translatedStreamCpu");
  await addCpu([ALIAS, PLAIN], "aliasCpu");
  await addCpu([CHOICE, PLAIN], "choiceCpu");
  await addCpu([METERED, GATEWAY], "metricsCpu");
  await addCpu([EVERYTHING, GATEWAY], "everythingCpu", "everythingStreamCpu");
  const allocations: Record<string, HeapCounts> = {};
  const addObjects = (both: readonly [Target, Target], measure: GuardMeasure, ofStream?: GuardMeasure): Promise<void> =>
    withBoth(rig, both, { warmUp: 1000, collects: false }, async (own, other) => {
      // The bare proxy hands streams to the runtime and allocates next to nothing for an event: too little to divide by.
      const divisor = countObjects(await measureGrowth(rig, other, "chat"));
      for (const [name, kind] of [[measure, "chat"] as const, [ofStream, "stream"] as const]) {
        if (name) samples[name].push(countObjects((allocations[name] = await measureGrowth(rig, own, kind))) / divisor);
      }
    });
  await addObjects([GATEWAY, BARE], "chatObjects", "streamObjects");
  await addObjects([ALIAS, PLAIN], "aliasObjects");
  await addObjects([CHOICE, PLAIN], "choiceObjects");
  await addObjects([METERED, GATEWAY], "metricsObjects");
  return allocations;
}
