import type { Log } from "../telemetry/log.ts";
import { writeErrors } from "../telemetry/standard-output.ts";
import { writeWhole } from "./write-whole.ts";

/** How the process ends; src/guide/operations.md lists the same codes. */
export const EXIT = {
  /** All requests were finished, or there was only something to print. */
  ok: 0,
  /** The address could not be listened on; for `--healthcheck`, nothing healthy answers there; for `--check=live`, somebody fails. */
  notServing: 1,
  /** The command line or a setting is wrong. */
  badSettings: 2,
  /** `SERVER_SHUTDOWN_TIMEOUT` passed and requests were cut off. */
  requestsCut: 3,
  /** All workers ended again and again right after their start. */
  workersLost: 4,
} as const;

/** Exit code of a process that a second signal ended: 128 plus the signal's number, as shells count. */
export const SIGNAL_EXIT = { SIGINT: 130, SIGTERM: 143 } as const;
export type EndSignal = keyof typeof SIGNAL_EXIT;

/** Ends a process that has written nothing to a log, saying why on standard error. */
export function fail(lines: readonly string[], code: number): never {
  writeWhole(2, lines.map((line) => `${line}\n`).join(""));
  process.exit(code);
}

/** What is to be done before a process ends. */
export interface Ending {
  /** What is said on standard error, in one line. */
  readonly problem?: string | undefined;
  /** How long a reader of the log that reads on may take, in milliseconds; less than a second counts as one. */
  readonly logMs?: number;
}

/** Ends a process that has a log, as soon as that is written or cannot be. Says on standard error how many lines are not. */
export async function endProcess(log: Log, code: number, { problem, logMs = 0 }: Ending = {}): Promise<never> {
  const unwritten = await log.flushLines(Math.max(logMs, MIN_LOG_MS));
  const lost =
    unwritten > 0 ? `${unwritten} lines of the log were not written: standard output did not take them\n` : "";
  const reason = problem === undefined ? "" : `${problem}\n`;
  // Does not wait, unlike `fail`: whoever reads the log may have stopped, and may be who reads standard error.
  if (lost + reason !== "") writeErrors(lost + reason);
  process.exit(code);
}

/** The last lines are waited for so long, however little time is left. */
const MIN_LOG_MS = 1000;

/**
 * From now on the process goes on after what is thrown outside of what answers a request, such as in a timer: to end would cut
 * off all requests for the fault of one. It is logged.
 */
export function surviveFaults(log: Log): void {
  process.on("uncaughtException", log.onFault);
  process.on("unhandledRejection", log.onFault);
}
