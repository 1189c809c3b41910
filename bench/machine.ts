import { readFileSync } from "node:fs";
import { CAN_MEASURE } from "./process-tree.ts";

/** CPU time of the whole machine since its start, in ticks of the kernel. */
export interface MachineTicks {
  readonly busy: number;
  readonly all: number;
}

/** Reads the first line of `/proc/stat`; `undefined` where there is none. */
export function readMachineTicks(): MachineTicks | undefined {
  return CAN_MEASURE ? parseMachineTicks(readFileSync("/proc/stat", "latin1")) : undefined;
}

/** @param stat text of `/proc/stat`, see proc(5) */
export function parseMachineTicks(stat: string): MachineTicks {
  const line = stat.slice(0, stat.indexOf("\n"));
  // Guests are counted among users already.
  const [user = 0, nice = 0, system = 0, idle = 0, wait = 0, ...interrupts] = line.split(/\s+/).slice(1, 9).map(Number);
  const busy = [user, nice, system, ...interrupts].reduce((sum, ticks) => sum + ticks, 0);
  return { busy, all: busy + idle + wait };
}

/**
 * The share of all cores, 0 to 1, that was busy with others than the given processes.
 * @param ownMicroseconds CPU time that the processes used between the two readings
 * @param cores how many cores the machine has
 * @param seconds between the two readings
 */
export function othersShare(
  before: MachineTicks | undefined,
  after: MachineTicks | undefined,
  ownMicroseconds: number,
  cores: number,
  seconds: number,
): number | undefined {
  if (before === undefined || after === undefined || after.all <= before.all || seconds <= 0) return undefined;
  const busy = (after.busy - before.busy) / (after.all - before.all);
  return Math.max(0, busy - ownMicroseconds / 1e6 / seconds / cores);
}
