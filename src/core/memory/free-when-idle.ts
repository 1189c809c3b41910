import type { TimerSource } from "../deadlines.ts";

/** How often it is looked whether the process is idle, in milliseconds. */
export const LOOK_MS = 2000;

/** It is if it has used no more than this between two looks, in microseconds of CPU: thirty small requests. */
export const IDLE_CPU_US = 4000;

/** There is something to free if it has used this much since the last time. */
export const NOTICEABLE_CPU_US = 50_000;

/** So many looks in a row find it idle before it frees what a load has left. What the start has left is freed at the first. */
export const IDLE_LOOKS = 10;

export interface IdleParts {
  readonly timers: Pick<TimerSource, "setTimer">;
  /** CPU time that the process has used, in microseconds. */
  readonly usedCpu: () => number;
  /** Frees what nobody refers to any more, and what is only there to be fast under load. */
  readonly free: () => void;
}

/**
 * Frees memory when the process is idle: once after the start, and once after each load. Left to itself, a runtime that allocates
 * nothing any more also frees nothing. Under load nothing is done but to read a clock.
 */
export function freeWhenIdle({ timers, usedCpu, free }: IdleParts): void {
  let atLook = usedCpu();
  let atFree = 0;
  let idleLooks = 0;
  let wantedLooks = 1;
  const look = (): void => {
    const used = usedCpu() - atLook;
    atLook += used;
    idleLooks = used <= IDLE_CPU_US ? idleLooks + 1 : 0;
    if (idleLooks >= wantedLooks && atLook - atFree >= NOTICEABLE_CPU_US) {
      free();
      atLook = usedCpu();
      atFree = atLook;
      wantedLooks = IDLE_LOOKS;
    }
    timers.setTimer(look, LOOK_MS);
  };
  timers.setTimer(look, LOOK_MS);
}
