import type { LoadPlan, LoadResult } from "../load/plan.ts";
import type { Running } from "../targets/launch.ts";
import type { Rig } from "../targets/rig.ts";
import { measureTree, type TreeUsage } from "../../test/fixtures/process-tree.ts";

const MAX_REQUESTS = 1_000_000;
// Signing a token takes longer than answering a request: they are all made before the run.
const MAX_FRESH_REQUESTS = 1200;

/** A plan that leaves out what is usual: as many requests as there is time for, in a closed loop. */
export type PartialPlan = Omit<LoadPlan, "requests" | "loop" | "rate"> & Partial<LoadPlan>;

/** Runs one load against one target, with the target's credentials. */
export async function runPlan(rig: Rig, running: Running, partial: PartialPlan): Promise<LoadResult> {
  const plan: LoadPlan = { requests: MAX_REQUESTS, loop: "closed", rate: 0, ...partial };
  const { credentials, model, headers } = running.target;
  const isFresh = credentials?.fresh === true;
  const requests = isFresh ? Math.min(plan.requests, MAX_FRESH_REQUESTS) : plan.requests;
  const tokens = (await credentials?.make(isFresh ? requests : 1)) ?? [undefined];
  const inTurn = tokens.map((token) => ({ ...headers?.(rig), ...(token && { authorization: `Bearer ${token}` }) }));
  const urls = allOf(running).map(({ chatUrl }) => chatUrl);
  return rig.run({ urls, plan: { ...plan, requests }, model, headers: inTurn });
}

const allOf = (running: Running): readonly Running[] => [running, ...(running.others ?? [])];

/** NaN for a process that nobody named. */
const usageOf = (pid: number | undefined): TreeUsage =>
  pid === undefined ? { cpuMicroseconds: NaN, residentBytes: NaN } : measureTree(pid);

/**
 * Runs one load against one target and measures what target, mock and generator used meanwhile; NaN for what this platform cannot
 * tell. Runs of the same `repeat` were next to each other in time and may be compared.
 */
export async function measureLoad(rig: Rig, running: Running, scenario: string, plan: PartialPlan, repeat: number) {
  const read = () =>
    [allOf(running), [{ pid: rig.loadPid }], [{ pid: rig.mockPid }]].map((each) => each.map(({ pid }) => usageOf(pid)));
  const total = (of: keyof TreeUsage) => read().map((each) => each.reduce((sum, usage) => sum + usage[of], 0));
  const before = total("cpuMicroseconds");
  const load = await runPlan(rig, running, plan);
  const used = total("cpuMicroseconds").map((after, index) => after - (before[index] ?? NaN));
  const [own = NaN, generator = NaN, mock = NaN] = used;
  return {
    scenario,
    target: running.target.name,
    repeat,
    load,
    /** CPU time of the target's whole process tree during the run. */
    cpuMicroseconds: own,
    /** What it was resident with when the run was over. */
    residentBytes: total("residentBytes")[0] ?? NaN,
    /** CPU time that generator and mock used during the run, as a share of one core. */
    generatorShare: generator / 1e6 / load.seconds,
    mockShare: mock / 1e6 / load.seconds,
  };
}
export type Sample = Awaited<ReturnType<typeof measureLoad>>;

/** Until the runtime has compiled: of four loads the gateway's code was after three rounds. None is begun after the limit. */
const WARM_UP = { rounds: 4, seconds: 2, limitSeconds: 90 } as const;

/**
 * Brings a target's code to the state it has after some minutes of these loads, which run in turn. Who asks for runs of less than
 * a second wants a first look, and does not wait for this. Returns the failures.
 */
export async function warmUp(rig: Rig, running: Running, plans: readonly PartialPlan[], isBrief: boolean) {
  const reasons = new Set<string>();
  const until = performance.now() + WARM_UP.limitSeconds * 1000;
  for (let round = 0; round < (isBrief ? 1 : WARM_UP.rounds) && performance.now() < until; round += 1) {
    for (const plan of plans) {
      const { seconds } = isBrief ? plan : WARM_UP;
      for (const reason of (await runPlan(rig, running, { ...plan, seconds })).reasons) reasons.add(reason);
    }
  }
  return reasons;
}
