import { cpus } from "node:os";
import type { Running } from "./launch.ts";
import type { LoadPlan, LoadResult } from "./load-plan.ts";
import { othersShare, readMachineTicks } from "./machine.ts";
import { measureTree } from "./process-tree.ts";
import type { RunningRig } from "./rig.ts";
import type { Scenario } from "./scenarios.ts";

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
  /** CPU time that everything else on the machine used meanwhile, as a share of all cores. */
  readonly othersShare: number | undefined;
}

const MOST_REQUESTS = 1_000_000;
// Signing a token takes longer than answering a request: they are all made before the run.
const MOST_FRESH_REQUESTS = 1200;

/** Runs one load against one target, with the target's credentials. */
export async function runPlan(rig: RunningRig, running: Running, plan: LoadPlan): Promise<LoadResult> {
  const { credentials } = running.target;
  const requests = credentials?.fresh === true ? Math.min(plan.requests, MOST_FRESH_REQUESTS) : plan.requests;
  const answer = await rig.command({
    kind: "run",
    url: running.chatUrl,
    plan: { ...plan, requests },
    credentials: credentials?.make(requests, rig) ?? [],
  });
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
  requests = MOST_REQUESTS,
): Promise<Sample> {
  const pids = [running.pid, rig.loadPid, rig.mockPid];
  const read = (): readonly (number | undefined)[] =>
    pids.map((pid) => (pid === undefined ? undefined : measureTree(pid).cpuMicroseconds));
  const beganAt = performance.now();
  const machineBefore = readMachineTicks();
  const before = read();
  const load = await runPlan(rig, running, { ...scenario.plan, seconds, requests });
  const [cpuMicroseconds, generator, mock] = read().map((after, index) => used(before[index], after));
  const own = (cpuMicroseconds ?? 0) + (generator ?? 0) + (mock ?? 0);
  const elapsed = (performance.now() - beganAt) / 1000;
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
    othersShare: othersShare(machineBefore, readMachineTicks(), own, cpus().length, elapsed),
  };
}

const CLOSED = { loop: "closed", rate: 0 } as const;
/** The runtime goes on compiling what is called most for the first fifty thousand requests or so. */
const SMALL: LoadPlan = { ...CLOSED, answer: "json", bodyBytes: 200, connections: 16, seconds: 4, requests: 60_000 };
const BURST: LoadPlan = { ...CLOSED, answer: "burst", bodyBytes: 200, connections: 4, seconds: 0.5, requests: 60 };

/** Small requests and streams only, and requests of every size. */
export const WARM_UPS = {
  small: [SMALL, BURST],
  every: [
    SMALL,
    { ...CLOSED, answer: "json", bodyBytes: 32_768, connections: 8, seconds: 0.2, requests: 400 },
    { ...CLOSED, answer: "json", bodyBytes: 1_048_576, connections: 4, seconds: 0.2, requests: 20 },
    BURST,
  ],
} as const satisfies Record<string, readonly LoadPlan[]>;

/** Brings a target's code to the state it has after some minutes of use. Returns the failures seen, told apart. */
export async function warmUp(
  rig: RunningRig,
  running: Running,
  plans: readonly LoadPlan[],
): Promise<readonly string[]> {
  const reasons = new Set<string>();
  for (const plan of plans) for (const reason of (await runPlan(rig, running, plan)).reasons) reasons.add(reason);
  return [...reasons];
}
