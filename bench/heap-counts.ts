import { join } from "node:path";
import { RUNTIME_ENVIRONMENT } from "../src/cli/own-command.ts";
import type { WatchedTurns } from "./process-probe.ts";
import type { Rig, Target } from "./targets.ts";

/** How many objects of each type are on a heap, those not collected yet included. */
export type HeapCounts = Readonly<Record<string, number>>;

const PROBE = join(import.meta.dir, "process-probe.ts");
const socketOf = (name: string, port: number, rig: Rig): string => join(rig.directory, `${name}-${port}.probe`);

/** As of `BUN_JSC_*`: the heap is not collected before it has grown by this much, but where it is asked for. */
const HEAP_BYTES = "2000000000";
const NO_COLLECTION = {
  BUN_JSC_smallHeapSize: HEAP_BYTES,
  BUN_JSC_mediumHeapSize: HEAP_BYTES,
  BUN_JSC_largeHeapSize: HEAP_BYTES,
  BUN_GC_TIMER_DISABLE: "1",
};

/**
 * The same target, its heap open to {@link readHeap}.
 * @param target one that runs on Bun from source
 * @param collects whether the runtime collects garbage by itself; without, everything allocated between two readings is counted
 */
export function withProbe(target: Target, collects: boolean): Target {
  const { start } = target;
  if (start === undefined) throw new Error(`${target.name} is not started by the bench`);
  return {
    ...target,
    start(port, rig) {
      const { command, environment, ...rest } = start(port, rig);
      const [program = "", ...args] = command;
      return {
        ...rest,
        command: [program, "--preload", PROBE, ...args],
        environment: {
          ...environment,
          ...(collects ? {} : NO_COLLECTION),
          // As the gateway sets it for itself, for which it would begin again without the probe.
          ...RUNTIME_ENVIRONMENT,
          PROCESS_PROBE_SOCKET: socketOf(target.name, port, rig),
        },
      };
    },
  };
}

/**
 * Asks a process that was started {@link withProbe} for what is on its heap.
 * @param collect whether to collect garbage first
 */
export async function readHeap(target: Target, chatUrl: string, rig: Rig, collect: boolean): Promise<HeapCounts> {
  return (await ask(target, chatUrl, rig, collect ? "collected" : "objects")) as HeapCounts;
}

/** Has such a process collect its garbage, and watch the turns of its event loop from now on. */
export async function startWatch(target: Target, chatUrl: string, rig: Rig): Promise<void> {
  await ask(target, chatUrl, rig, "watch");
}

/** What such a process has seen since it was told to watch. */
export async function readTurns(target: Target, chatUrl: string, rig: Rig): Promise<WatchedTurns> {
  return (await ask(target, chatUrl, rig, "turns")) as WatchedTurns;
}

async function ask(target: Target, chatUrl: string, rig: Rig, what: string): Promise<unknown> {
  const unix = socketOf(target.name, Number(new URL(chatUrl).port), rig);
  return (await fetch(`http://probe/${what}`, { unix })).json();
}

/** What one heap has more than another of each type, most first; types without any difference are left out. */
export function heapGrowth(before: HeapCounts, after: HeapCounts): readonly (readonly [type: string, count: number])[] {
  return Object.keys({ ...before, ...after })
    .map((type) => [type, (after[type] ?? 0) - (before[type] ?? 0)] as const)
    .filter(([, count]) => count !== 0)
    .sort(([, left], [, right]) => right - left);
}

/** All objects of a heap together. */
export function countObjects(counts: HeapCounts): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
