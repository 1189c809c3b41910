import { end } from "./children.ts";
import { launch } from "./launch.ts";
import { runPlan } from "./measure-load.ts";
import { measureTree } from "./process-tree.ts";
import type { RunningRig } from "./rig.ts";
import type { Target } from "./targets.ts";

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

const SETTLE_MILLISECONDS = 300;
const STREAMING_MILLISECONDS = 1500;

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
    await runPlan(rig, running, { ...common, answer: "json", connections: 16, requests: 2000 });
    await runPlan(rig, running, { ...common, answer: "paced", connections: 16, seconds: 0, requests: 16 });
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
