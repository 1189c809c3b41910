import type { WorkerHandle } from "./worker-process.ts";

/**
 * A worker that served this long had a good start, whatever ended it: the next one is started without a longer wait. Kills
 * from outside, such as for memory, would otherwise add up to waits of all workers at once, in which clients are refused.
 */
const STABLE_MS = 1000;
/** The first wait before a worker is started again; each failed start in a row doubles it, up to the longest. */
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 30_000;
/** The longest while no other worker serves, and clients are refused. */
const LONGEST_OUTAGE_WAIT_MS = 1000;
/** After this many failed starts of each in a row, which take about three seconds, another one would not help. */
const MAX_FAILED_STARTS = 6;

/** One of the slots that are to be filled, and the worker in it. */
export interface WorkerSlot {
  readonly number: number;
  worker: WorkerHandle | undefined;
  /** Whether the worker can receive messages. */
  ready: boolean;
  /** Since when the worker serves. */
  upSince: number | undefined;
  /** Whether the worker has said that it accepts nothing any more. */
  closed: boolean;
  failedStarts: number;
  restart: unknown;
}

/** A slot without a worker. */
export function emptySlot(number: number): WorkerSlot {
  return {
    number,
    worker: undefined,
    ready: false,
    upSince: undefined,
    closed: false,
    failedStarts: 0,
    restart: undefined,
  };
}

/** Whether a slot has no worker that serves, and did not get one for long. */
export function hasFailed({ upSince, failedStarts }: WorkerSlot): boolean {
  return upSince === undefined && failedStarts >= MAX_FAILED_STARTS;
}

/** Whether a worker that served for this many milliseconds had a good start. */
export function wasStable(servedMs: number): boolean {
  return servedMs >= STABLE_MS;
}

/**
 * How long to wait before a worker is started again, in milliseconds.
 * @param isServed whether another worker serves meanwhile
 */
export function restartDelay({ failedStarts }: WorkerSlot, isServed: boolean): number {
  return Math.min(
    isServed ? LONGEST_WAIT_MS : LONGEST_OUTAGE_WAIT_MS,
    FIRST_WAIT_MS * 2 ** Math.max(0, failedStarts - 1),
  );
}

/**
 * Why no further start is tried, in one line.
 * @param reason how the last worker ended: its exit code, or a word
 */
export function givingUp(number: number, reason: number | string): string {
  const how = typeof reason === "number" ? `exit code ${reason}` : reason;
  return `no worker serves, and each failed ${MAX_FAILED_STARTS} times or more in a row within ${STABLE_MS / 1000} s of its start, the last one, worker ${number}, by ${how}: giving up`;
}
