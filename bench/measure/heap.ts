import { join } from "node:path";
import { RUNTIME_ENVIRONMENT } from "../../src/cli/own-command.ts";
import type { Running } from "../targets/launch.ts";
import type { Ground, Target } from "../targets/target.ts";
import type { WatchedTurns } from "../../test/fixtures/process-probe.ts";

/** How many objects of each type are on a heap, those not collected yet included. */
export type HeapCounts = Readonly<Record<string, number>>;

const PROBE = join(import.meta.dir, "..", "..", "test", "fixtures", "process-probe.ts");
const socketOf = (name: string, port: number, { directory }: Ground): string =>
  join(directory, `${name}-${port}.probe`);

/** As of `BUN_JSC_*`: the heap is not collected before it has grown by this much, unless it is asked for. */
const HEAP_BYTES = "2000000000";
const NO_COLLECTION = {
  BUN_JSC_smallHeapSize: HEAP_BYTES,
  BUN_JSC_mediumHeapSize: HEAP_BYTES,
  BUN_JSC_largeHeapSize: HEAP_BYTES,
  BUN_GC_TIMER_DISABLE: "1",
};

/**
 * The same target, which can be asked by {@link askProbe}.
 * @param target one that runs on Bun from source
 * @param collects whether the runtime collects garbage by itself; without, everything allocated between two readings is counted
 */
export function withProbe(target: Target, collects: boolean): Target {
  const { start } = target;
  if (start === undefined) throw new Error(`${target.name} is not started by the bench`);
  return {
    ...target,
    start(port, ground) {
      const { command, environment, ...rest } = start(port, ground);
      const [program = "", ...args] = command;
      return {
        ...rest,
        command: [program, "--preload", PROBE, ...args],
        environment: {
          ...environment,
          ...(!collects && NO_COLLECTION),
          // As the gateway sets it for itself, for which it would begin again without the probe.
          ...RUNTIME_ENVIRONMENT,
          PROCESS_PROBE_SOCKET: socketOf(target.name, port, ground),
        },
      };
    },
  };
}

interface ProbeAnswers {
  /** What is on its heap. */
  readonly objects: HeapCounts;
  /** The same, once it has collected its garbage. */
  readonly collected: HeapCounts;
  /** Collects its garbage, and watches the turns of its event loop from now on. */
  readonly watch: object;
  /** What it has seen since it was told to watch. */
  readonly turns: WatchedTurns;
}

/** Asks a process that was started {@link withProbe}. */
export async function askProbe<What extends keyof ProbeAnswers>(running: Running, ground: Ground, what: What) {
  const { target, chatUrl } = running;
  const unix = socketOf(target.name, Number(new URL(chatUrl).port), ground);
  return (await (await fetch(`http://probe/${what}`, { unix })).json()) as ProbeAnswers[What];
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
