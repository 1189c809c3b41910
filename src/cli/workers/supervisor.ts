import { EXIT } from "../exit.ts";
import type { Serving } from "../service.ts";
import type { Log } from "../../telemetry/log.ts";
import type { TimerSource } from "../../core/deadlines.ts";
import type { FileContents } from "../../core/read-files.ts";
import type { FromWorker, ToWorker, WorkerEvents, WorkerHandle } from "./worker-process.ts";

export interface SupervisorParts {
  /** How many workers there are to be. */
  readonly count: number;
  readonly spawn: (number: number, events: WorkerEvents) => WorkerHandle;
  /** What every worker begins with. */
  readonly start: ToWorker & { readonly kind: "start" };
  /** Frees the address for the workers, the first time that one could listen. */
  readonly releasePort: () => Promise<void>;
  /** Called once, when all workers serve. */
  readonly onListening: (serving: Serving) => void;
  readonly timers: TimerSource;
  readonly log: Log;
  /** How long requests in flight may go on after the end was asked for, in milliseconds. */
  readonly shutdownMs: number;
}

/** How the supervised gateway ended. */
export interface Ending {
  readonly exitCode: number;
  /** Why it could not go on, in one line, where nobody asked it to end. */
  readonly problem?: string;
}

export interface Supervisor {
  /** Resolves when the last worker has ended. */
  readonly ended: Promise<Ending>;
  /** Has every worker read again what operators change. */
  reload(): void;
  /** Has every worker finish its requests and end. Resolves when none accepts anything any more. */
  drain(): Promise<void>;
  /** Ends every worker at once. */
  kill(): void;
}

/** A worker that served for so long was no failed start. */
const STABLE_MS = 10_000;
/** The first wait before a worker is started again; each failed start in a row doubles it, up to the longest. */
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 30_000;
/** After so many failed starts of each in a row, which take some three seconds, another one would not help. */
const MAX_FAILED_STARTS = 6;
/** Workers keep to the time for shutdown themselves; one that is so much over it hangs. */
const OVERDUE_MS = 5000;

/** One of the places that are to be filled, and the worker in it. */
interface WorkerSlot {
  readonly number: number;
  worker: WorkerHandle | undefined;
  /** Whether the worker can be spoken to. */
  ready: boolean;
  /** Since when the worker serves. */
  upSince: number | undefined;
  /** Whether the worker has said that it accepts nothing any more. */
  closed: boolean;
  failedStarts: number;
  restart: unknown;
}

/**
 * Keeps a number of workers running until it is asked to end: starts them, and starts those again that end, with what the
 * others have read of the files that settings name. Gives up only where none serves any more and no start helps.
 */
export function supervise(parts: SupervisorParts): Supervisor {
  const { count, log, timers } = parts;
  const places = Array.from({ length: count }, (_, index) => emptyPlace(index + 1));
  const { promise: ended, resolve: end } = Promise.withResolvers<Ending>();
  const { promise: quiet, resolve: resolveQuiet } = Promise.withResolvers<void>();
  let ending: Ending | undefined;
  let overdue: unknown;
  let announced = false;
  /** What the workers have read of the files that settings name, when they last could. */
  let files: FileContents | undefined;

  const upCount = (): number => places.filter(({ upSince }) => upSince !== undefined).length;
  const tellCount = (): void => {
    for (const { ready, worker } of places) if (ready) worker?.send({ kind: "count", up: upCount(), of: count });
  };

  const begin = (place: WorkerSlot): void => {
    let worker: WorkerHandle;
    try {
      worker = parts.spawn(place.number, {
        said: (message) => heard(place, worker, message),
        ended: (reason) => over(place, reason),
      });
    } catch (error) {
      // Memory or processes may be short for the moment, or the executable is being replaced.
      return over(place, String(error));
    }
    Object.assign(place, emptyPlace(place.number), { failedStarts: place.failedStarts, worker });
  };

  const heard = (place: WorkerSlot, worker: WorkerHandle, message: FromWorker): void => {
    switch (message.kind) {
      case "ready":
        place.ready = true;
        return worker.send(ending ? { kind: "drain" } : files ? { ...parts.start, files } : parts.start);
      case "reloaded":
        files = message.files;
        return;
      case "built":
        files ??= message.files;
        void parts.releasePort().then(() => ending ?? worker.send({ kind: "listen" }));
        return;
      case "listening":
        place.upSince = timers.now();
        log.info({ worker: place.number, pid: worker.pid }, "worker is up");
        tellCount();
        if (announced || upCount() < count) return;
        announced = true;
        return parts.onListening(message.serving);
      case "failed":
        // What keeps one from its first start keeps all of them from it; later it may be gone by the next attempt.
        if (!announced && upCount() === 0) endAll({ exitCode: message.exitCode, problem: message.problem });
        else log.error({ worker: place.number, problem: message.problem }, "worker cannot serve");
        return worker.kill();
      case "draining":
        place.closed = true;
        return settle();
    }
  };

  const over = (place: WorkerSlot, reason: number | string): void => {
    const { upSince, number } = place;
    const servedMs = upSince === undefined ? 0 : timers.now() - upSince;
    const wasAsked = reason === EXIT.ok || reason === EXIT.requestsCut;
    Object.assign(place, emptyPlace(number), { failedStarts: place.failedStarts });
    if (ending) {
      if (upSince !== undefined && reason !== EXIT.ok)
        ending = { ...ending, exitCode: ending.exitCode || EXIT.requestsCut };
      return settle();
    }
    tellCount();
    place.failedStarts = wasAsked || servedMs >= STABLE_MS ? 0 : place.failedStarts + 1;
    const line = { worker: number, reason, failed_starts: place.failedStarts };
    if (places.every(hasFailed)) {
      log.error(line, "worker ended");
      return endAll({ exitCode: EXIT.workersLost, problem: givingUp(number, reason) });
    }
    log[wasAsked ? "info" : "error"](line, "worker ended, starting it again");
    const waitMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.max(0, place.failedStarts - 1));
    place.restart = timers.setTimer(() => begin(place), waitMs);
  };

  const endAll = (why: Ending): void => {
    if (ending) return;
    ending = why;
    for (const { ready, worker, restart } of places) {
      timers.clearTimer(restart);
      if (ready) worker?.send({ kind: "drain" });
      // It serves nobody yet, and would hear nothing before its code is loaded.
      else worker?.kill();
    }
    overdue = timers.setTimer(kill, parts.shutdownMs + OVERDUE_MS);
    settle();
  };

  const settle = (): void => {
    if (!ending) return;
    if (places.every(({ worker, closed }) => !worker || closed)) resolveQuiet();
    if (places.some(({ worker }) => worker)) return;
    timers.clearTimer(overdue);
    end(ending);
  };

  const kill = (): void => {
    for (const { worker } of places) worker?.kill();
  };

  places.forEach(begin);
  return {
    ended,
    reload() {
      for (const { ready, worker } of places) if (ready) worker?.send({ kind: "reload" });
    },
    drain() {
      endAll({ exitCode: EXIT.ok });
      return quiet;
    },
    kill,
  };
}

/** Whether a place has no worker that serves, and did not get one for long. */
function hasFailed({ upSince, failedStarts }: WorkerSlot): boolean {
  return upSince === undefined && failedStarts >= MAX_FAILED_STARTS;
}

function emptyPlace(number: number): WorkerSlot {
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

function givingUp(number: number, reason: number | string): string {
  const how = typeof reason === "number" ? `exit code ${reason}` : reason;
  return `no worker serves, and each failed ${MAX_FAILED_STARTS} times or more in a row within ${STABLE_MS / 1000} s of its start, the last one, worker ${number}, by ${how}: giving up`;
}
