import { end } from "./children.ts";
import { type GuardFigures, steadyRatio } from "./guard-judge.ts";
import { countObjects, type HeapCounts, heapGrowth, readHeap, withProbe } from "./heap-counts.ts";
import { launch, type Running } from "./launch.ts";
import type { LoadPlan } from "./load-plan.ts";
import { runPlan } from "./measure-load.ts";
import { measureTree } from "./process-tree.ts";
import type { RunningRig } from "./rig.ts";
import { OWN_TARGETS, type Target } from "./targets.ts";

const CLOSED = { loop: "closed", rate: 0, bodyBytes: 200, seconds: 20 } as const;
const chat = (requests: number): LoadPlan => ({ ...CLOSED, answer: "json", connections: 8, requests });
// All begin at once and none after them.
const streams = (count: number): LoadPlan => ({ ...CLOSED, answer: "paced", connections: count, requests: count });
const burst: LoadPlan = { ...CLOSED, answer: "burst", connections: 4, requests: 60 };

const CPU_LOADS = { chat: chat(1500), stream: streams(100) } as const;
const CPU_ROUNDS = { chat: 11, stream: 4 } as const;
// Few streams at once: events that arrive together are carried together, which allocates less.
const HEAP_LOADS = { chat: chat(400), stream: streams(8) } as const;
const HEAP_ROUNDS = 2;
type Kind = keyof typeof CPU_LOADS;

/** Objects by type that the gateway allocated for one request and for one event, most first. */
export type Allocations = Readonly<Record<Kind, readonly (readonly [type: string, count: number])[]>>;

/** What one attempt found. */
export interface GuardResult {
  readonly figures: GuardFigures;
  readonly allocations: Allocations;
}

function ownTarget(name: string): Target {
  const target = OWN_TARGETS.find((candidate) => candidate.name === name);
  if (target === undefined) throw new Error(`there is no target ${name}`);
  return target;
}

/** Runs one load and returns how many requests, or events of streams, it had. */
async function run(rig: RunningRig, running: Running, plan: LoadPlan, kind: Kind): Promise<number> {
  const { requests, events, errors, reasons } = await runPlan(rig, running, plan);
  if (errors > 0) throw new Error(`${running.target.name} failed under load: ${reasons.join("; ")}`);
  return kind === "chat" ? requests : events;
}

/** Starts the targets, warms them up with that many requests, runs `use`, and ends them whatever comes of it. */
async function withTargets<T>(
  rig: RunningRig,
  targets: readonly Target[],
  warmUp: number,
  use: (running: readonly Running[]) => Promise<T>,
): Promise<T> {
  const running: Running[] = [];
  try {
    for (const target of targets) running.push(await launch(target, rig));
    for (const target of running) for (const plan of [chat(warmUp), burst]) await runPlan(rig, target, plan);
    return await use(running);
  } finally {
    for (const { pid } of running) if (pid !== undefined) await end(pid);
  }
}

/** CPU time of gateway over bare proxy, in turn; `undefined` where CPU time cannot be read. */
async function measureCpu(rig: RunningRig, running: readonly Running[], kind: Kind): Promise<number | undefined> {
  const rounds = running.map((): number[] => []);
  for (let round = 0; round < CPU_ROUNDS[kind]; round += 1) {
    for (const [index, target] of running.entries()) {
      const read = (): number => measureTree(target.pid ?? 0).cpuMicroseconds ?? NaN;
      const before = read();
      const units = await run(rig, target, CPU_LOADS[kind], kind);
      rounds[index]?.push((read() - before) / units);
    }
  }
  const [gateway = [], bare = []] = rounds;
  return steadyRatio(gateway, bare);
}

/** How the heap of a process without collection grew under a load, for one unit of it; the round that grew most. */
async function measureGrowth(rig: RunningRig, running: Running, kind: Kind): Promise<HeapCounts> {
  const rounds: HeapCounts[] = [];
  for (let round = 0; round < HEAP_ROUNDS; round += 1) {
    const before = await readHeap(running.target, running.chatUrl, rig, true);
    const units = await run(rig, running, HEAP_LOADS[kind], kind);
    const after = await readHeap(running.target, running.chatUrl, rig, false);
    rounds.push(Object.fromEntries(heapGrowth(before, after).map(([type, count]) => [type, count / units])));
  }
  // A collection that came all the same shows as too little growth, never as too much.
  const most = Math.max(...rounds.map(countObjects));
  return rounds.find((counts) => countObjects(counts) === most) ?? {};
}

/** Measures everything the guard judges, once: under a minute on a busy machine. */
export async function measureGuard(rig: RunningRig): Promise<GuardResult> {
  const targets = [ownTarget("gateway"), ownTarget("bare")];
  const cpu = await withTargets(rig, targets, 6000, async (running) => ({
    chat: await measureCpu(rig, running, "chat"),
    stream: await measureCpu(rig, running, "stream"),
  }));
  const probed = targets.map((target) => withProbe(target, false));
  const { gateway, bareChat } = await withTargets(rig, probed, 1000, async ([own, bare]) => {
    if (own === undefined || bare === undefined) throw new Error("two targets were asked for");
    const chatGrowth = await measureGrowth(rig, own, "chat");
    const streamGrowth = await measureGrowth(rig, own, "stream");
    return { gateway: { chat: chatGrowth, stream: streamGrowth }, bareChat: await measureGrowth(rig, bare, "chat") };
  });
  // The bare proxy hands streams to the runtime and allocates next to nothing for an event: too little to divide by.
  const objects = (kind: Kind): number => countObjects(gateway[kind]) / countObjects(bareChat);
  const sorted = (kind: Kind): Allocations[Kind] => heapGrowth({}, gateway[kind]);
  return {
    figures: {
      ...(cpu.chat !== undefined && { chatCpu: cpu.chat }),
      ...(cpu.stream !== undefined && { streamCpu: cpu.stream }),
      chatObjects: objects("chat"),
      streamObjects: objects("stream"),
    },
    allocations: { chat: sorted("chat"), stream: sorted("stream") },
  };
}
