import type { TimerSource } from "../deadlines.ts";

/** How often it is looked whether the process is quiet, in milliseconds. */
export const LOOK_EVERY_MS = 10_000;

/** It is if it has used no more than this since the last look, in microseconds of CPU: checks of its health and scrapes of its metrics take less. */
export const QUIET_CPU_US = 50_000;

/** What has used less than this since the last collection is no load whose garbage is worth one, in microseconds of CPU. */
export const LOAD_CPU_US = 200_000;

export interface WhenQuietParts {
  /** Do not keep the process alive. */
  readonly timers: Pick<TimerSource, "setTimer">;
  /** CPU time that the process has used, in microseconds. */
  readonly usedCpu: () => number;
  /** Collects all garbage. */
  readonly collect: () => void;
}

/**
 * Collects all garbage once after each load, when the process is quiet. A second collection without a load in between would
 * drop what is compiled and has not run since the first one. The runtime's own are at times of its own (`BUN_IDLE_GC_SECONDS`):
 * whenever memory has not grown for ten seconds, be it under a light load, and then again. With them, the chats after two pauses
 * of 30 s took 221 µs of CPU each for the first two seconds, and 1.1 s to compile; with this, 92 µs and 0.03 s.
 */
export function collectWhenQuiet({ timers, usedCpu, collect }: WhenQuietParts): void {
  let atLook = usedCpu();
  let atCollection = atLook;
  const look = (): void => {
    const used = usedCpu();
    const isQuiet = used - atLook <= QUIET_CPU_US;
    if (isQuiet && used - atCollection >= LOAD_CPU_US) {
      collect();
      atCollection = usedCpu();
    }
    atLook = usedCpu();
    timers.setTimer(look, LOOK_EVERY_MS);
  };
  timers.setTimer(look, LOOK_EVERY_MS);
}
