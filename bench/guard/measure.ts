import { countObjects, type HeapCounts, heapGrowth } from "../../test/fixtures/ask-process-probe.ts";
import { askProbe, withProbe } from "../measure/heap.ts";
import { measureTree } from "../../test/fixtures/process-tree.ts";
import { type PartialPlan, runPlan } from "../measure/sample.ts";
import { endAll, launch, type Running } from "../targets/launch.ts";
import { ALIAS, BARE, GATEWAY, METERED, TRANSLATING } from "../targets/own-targets.ts";
import type { Rig } from "../targets/rig.ts";
import type { Target } from "../targets/target.ts";
import { type GuardFigures, steadyRatio } from "./judge.ts";

const COMMON = { bodyBytes: 200, seconds: 20 } as const;
const chat = (requests: number): PartialPlan => ({ ...COMMON, answer: "json", connections: 8, requests });
// All begin at once and none after them.
const streams = (count: number): PartialPlan => ({ ...COMMON, answer: "paced", connections: count, requests: count });
const BURST: PartialPlan = { ...COMMON, answer: "burst", connections: 4, requests: 60 };
const CPU_LOADS = { chat: chat(1500), stream: streams(100) } as const;
const CPU_ROUNDS = { chat: 11, stream: 4 } as const;
// Few streams at once: events that arrive together are carried together, which allocates less.
const HEAP_LOADS = { chat: chat(400), stream: streams(8) } as const;
const HEAP_ROUNDS = 2;
type Kind = keyof typeof CPU_LOADS;

/** Runs one load and returns how many requests, or events of streams, it had. */
async function run(rig: Rig, running: Running, plan: PartialPlan, kind: Kind): Promise<number> {
  const { requests, events, errors, reasons } = await runPlan(rig, running, plan);
  if (errors > 0) throw new Error(`${running.target.name} failed under load: ${reasons.join("; ")}`);
  return kind === "chat" ? requests : events;
}

/** Starts both, warms them up with that many requests, runs `use`, and ends them whatever comes of it. */
async function withBoth<T>(
  rig: Rig,
  [first, second]: readonly [Target, Target],
  warmUp: number,
  use: (gateway: Running, bare: Running) => Promise<T>,
): Promise<T> {
  const gateway = await launch(first, rig);
  const bare = await launch(second, rig);
  try {
    for (const target of [gateway, bare]) for (const plan of [chat(warmUp), BURST]) await runPlan(rig, target, plan);
    return await use(gateway, bare);
  } finally {
    await endAll([gateway, bare]);
  }
}

/** CPU time of the first over that of the second, in turn. */
async function measureCpu(rig: Rig, first: Running, second: Running, kind: Kind): Promise<number> {
  const once = async (target: Running): Promise<number> => {
    const before = measureTree(target.pid ?? 0).cpuMicroseconds;
    const units = await run(rig, target, CPU_LOADS[kind], kind);
    return (measureTree(target.pid ?? 0).cpuMicroseconds - before) / units;
  };
  const [own, others]: [number[], number[]] = [[], []];
  for (let round = 0; round < CPU_ROUNDS[kind]; round += 1) {
    own.push(await once(first));
    others.push(await once(second));
  }
  return steadyRatio(own, others);
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
 * Measures everything the guard judges, once: under a minute on a busy machine. `allocations` are the objects, by type, that the
 * gateway allocated for one request and for one event.
 */
export async function measureGuard(rig: Rig) {
  const cpu = await withBoth(rig, [GATEWAY, BARE], 6000, async (gateway, bare) => ({
    chatCpu: await measureCpu(rig, gateway, bare, "chat"),
    streamCpu: await measureCpu(rig, gateway, bare, "stream"),
  }));
  const translation = await withBoth(rig, [TRANSLATING, GATEWAY], 6000, async (translating, gateway) => ({
    translatedCpu: await measureCpu(rig, translating, gateway, "chat"),
    translatedStreamCpu: await measureCpu(rig, translating, gateway, "stream"),
  }));
  const probed = (target: Target): Target => withProbe(target, false);
  const besidePlain = async (target: Target) => {
    const cpu = await withBoth(rig, [target, GATEWAY], 6000, (...both) => measureCpu(rig, ...both, "chat"));
    const [own, plain] = await withBoth(rig, [probed(target), probed(GATEWAY)], 1000, async (...both) => [
      await measureGrowth(rig, both[0], "chat"),
      await measureGrowth(rig, both[1], "chat"),
    ]);
    return { cpu, own, objects: countObjects(own) / countObjects(plain) };
  };
  const alias = await besidePlain(ALIAS);
  const metered = await besidePlain(METERED);
  const allocations = await withBoth(rig, [probed(GATEWAY), probed(BARE)], 1000, async (gateway, bare) => ({
    chat: await measureGrowth(rig, gateway, "chat"),
    stream: await measureGrowth(rig, gateway, "stream"),
    bareChat: await measureGrowth(rig, bare, "chat"),
  }));
  // The bare proxy hands streams to the runtime and allocates next to nothing for an event: too little to divide by.
  const objects = (kind: Kind): number => countObjects(allocations[kind]) / countObjects(allocations.bareChat);
  const figures: GuardFigures = {
    ...cpu,
    ...translation,
    aliasCpu: alias.cpu,
    aliasObjects: alias.objects,
    metricsCpu: metered.cpu,
    metricsObjects: metered.objects,
    chatObjects: objects("chat"),
    streamObjects: objects("stream"),
  };
  return { figures, allocations: { ...allocations, alias: alias.own } };
}
