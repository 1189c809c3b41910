import type { TimerSource } from "../deadlines.ts";

/** How long after the start it is looked whether the process is idle, in milliseconds. */
export const LOOK_MS = 2000;

/**
 * It is if it has used no more than this until then, in microseconds of CPU. What the start still does once it listens takes 9 to
 * 24 ms of it; what is left is for a few dozen requests.
 */
export const IDLE_CPU_US = 30_000;

export interface AfterStartParts {
  readonly timers: Pick<TimerSource, "setTimer">;
  /** CPU time that the process has used, in microseconds. */
  readonly usedCpu: () => number;
  /** Frees what only the start needed, and all that is compiled. */
  readonly free: () => void;
}

/**
 * Frees what the start has left, unless a load has come by then. Not after a load: to free what is compiled once more made each
 * of the next 300 requests take twice the CPU, and their p99 3 ms instead of 1, for 10 MB; to collect
 * garbage gave nothing that the runtime had not freed by itself after half a minute.
 */
export function freeAfterStart({ timers, usedCpu, free }: AfterStartParts): void {
  const usedByStart = usedCpu();
  timers.setTimer(() => {
    if (usedCpu() - usedByStart <= IDLE_CPU_US) free();
  }, LOOK_MS);
}
