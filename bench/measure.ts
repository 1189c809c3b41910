import { end } from "./children.ts";
import type { LoadPlan, LoadResult } from "./load-plan.ts";
import { measureTree } from "./process-tree.ts";
import type { RunningRig } from "./rig.ts";
import type { Scenario } from "./scenarios.ts";
import { launch } from "./targets.ts";
import type { Running, Target } from "./targets.ts";

/** One run of one load against one target. */
export interface Sample {
  readonly scenario: string;
  readonly target: string;
  /** Runs with the same number stood next to each other in time and may be compared. */
  readonly repeat: number;
  readonly load: LoadResult;
  /** CPU time of the target's whole process tree during the run, in microseconds. */
  readonly cpuMicroseconds: number | undefined;
  /** CPU time that the load generator used during the run, as a share of one core. */
  readonly generatorShare: number | undefined;
  /** The same for the mock upstream. */
  readonly mockShare: number | undefined;
}

/** One start of a target, and its memory where that was measured at this start. */
export interface ProcessSample {
  readonly target: string;
  readonly startMilliseconds: number | undefined;
  readonly idleBytes?: number | undefined;
  /** Resident memory after a warm-up and before the streams were opened. */
  readonly warmBytes?: number | undefined;
  readonly openBytes?: number | undefined;
  /** Streams that gave an event; fewer than asked for means that some never began. */
  readonly openStreams?: number;
}

const MOST_REQUESTS = 1_000_000;
const SETTLE_MILLISECONDS = 300;
const STREAMING_MILLISECONDS = 1500;

async function runPlan(rig: RunningRig, chatUrl: string, plan: LoadPlan): Promise<LoadResult> {
  const answer = await rig.command({ kind: "run", url: chatUrl, plan });
  if (answer.kind !== "result") throw new Error(`the load generator answered ${answer.kind}`);
  return answer.result;
}

function used(before: number | undefined, after: number | undefined): number | undefined {
  return before === undefined || after === undefined ? undefined : after - before;
}

/** Runs one load against one target and measures what target, mock and generator used meanwhile. */
export async function measureLoad(
  rig: RunningRig,
  running: Running,
  scenario: Scenario,
  seconds: number,
  repeat: number,
): Promise<Sample> {
  const pids = [running.pid, rig.loadPid, rig.mockPid];
  const read = (): readonly (number | undefined)[] =>
    pids.map((pid) => (pid === undefined ? undefined : measureTree(pid).cpuMicroseconds));
  const before = read();
  const load = await runPlan(rig, running.chatUrl, { ...scenario.plan, seconds, requests: MOST_REQUESTS });
  const [cpuMicroseconds, generator, mock] = read().map((after, index) => used(before[index], after));
  const share = (microseconds: number | undefined): number | undefined =>
    microseconds === undefined ? undefined : microseconds / 1e6 / load.seconds;
  return {
    scenario: scenario.name,
    target: running.target.name,
    repeat,
    load,
    cpuMicroseconds,
    generatorShare: share(generator),
    mockShare: share(mock),
  };
}

/** Brings a target's code to the state it has after some minutes of use. Returns the failures seen, told apart. */
export async function warmUp(rig: RunningRig, running: Running): Promise<readonly string[]> {
  const common = { loop: "closed", rate: 0 } as const;
  const plans: readonly LoadPlan[] = [
    { ...common, answer: "json", bodyBytes: 200, connections: 16, seconds: 0.5, requests: 4000 },
    { ...common, answer: "json", bodyBytes: 32_768, connections: 8, seconds: 0.2, requests: 400 },
    { ...common, answer: "json", bodyBytes: 1_048_576, connections: 4, seconds: 0.2, requests: 20 },
    { ...common, answer: "burst", bodyBytes: 200, connections: 4, seconds: 0.2, requests: 40 },
  ];
  const reasons = new Set<string>();
  for (const plan of plans)
    for (const reason of (await runPlan(rig, running.chatUrl, plan)).reasons) reasons.add(reason);
  return [...reasons];
}

const residentBytes = (pid: number): number | undefined => measureTree(pid).residentBytes;

/**
 * Starts a target afresh and measures the time to its first 200 and, where `openStreams` is above 0, its memory idle, warm and
 * with that many streams open, each of which gives two events a second. The target is ended again.
 */
export async function measureProcess(rig: RunningRig, target: Target, openStreams: number): Promise<ProcessSample> {
  const running = await launch(target, rig);
  const { pid, startMilliseconds } = running;
  if (pid === undefined || startMilliseconds === undefined) return { target: target.name, startMilliseconds };
  try {
    if (openStreams === 0) return { target: target.name, startMilliseconds };
    await Bun.sleep(SETTLE_MILLISECONDS);
    const idleBytes = residentBytes(pid);
    const common = { loop: "closed", rate: 0, bodyBytes: 200, seconds: 2 } as const;
    await runPlan(rig, running.chatUrl, { ...common, answer: "json", connections: 16, requests: 2000 });
    await runPlan(rig, running.chatUrl, { ...common, answer: "paced", connections: 16, seconds: 0, requests: 16 });
    const warmBytes = residentBytes(pid);
    const opened = await rig.command({ kind: "hold", url: running.chatUrl, streams: openStreams });
    await Bun.sleep(STREAMING_MILLISECONDS);
    const openBytes = residentBytes(pid);
    await rig.command({ kind: "release" });
    const open = opened.kind === "open" ? opened.streams : 0;
    return { target: target.name, startMilliseconds, idleBytes, warmBytes, openBytes, openStreams: open };
  } finally {
    await end(pid);
  }
}
