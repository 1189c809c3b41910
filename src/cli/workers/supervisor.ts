import { EXIT } from "../exit.ts";
import type { Serving } from "../service.ts";
import type { Log } from "../../telemetry/log.ts";
import type { TimerSource } from "../../core/deadlines.ts";
import type { ConfigSource } from "../../config/config-source.ts";
import { RunningState } from "./running-state.ts";
import type { FromWorker, ToWorker, WorkerEvents, WorkerHandle } from "./worker-process.ts";
import { emptySlot, givingUp, hasFailed, restartDelay, wasStable, type WorkerSlot } from "./worker-slot.ts";

export interface SupervisorParts {
  /** How many workers to run. */
  readonly count: number;
  readonly spawn: (number: number, events: WorkerEvents) => WorkerHandle;
  /** What every worker starts with. */
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
  /** Why it could not go on, in one line, if nobody asked it to end. */
  readonly problem?: string;
}

export interface Supervisor {
  /** Resolves when the last worker has ended. */
  readonly ended: Promise<Ending>;
  /** Has every worker run with the settings of this source, and read again the files that they name. */
  reload(source: ConfigSource): void;
  /** Has every worker finish its requests and end. Resolves when none accepts anything any more. */
  drain(): Promise<void>;
  /** Ends every worker at once. */
  kill(): void;
}

/** Workers keep to the shutdown timeout themselves; one that exceeds it by this much hangs. */
const OVERDUE_MS = 5000;

/**
 * Keeps a number of workers running until it is asked to end: starts them, and starts those again that end, with what the
 * others have read of the files that settings name. Gives up only if none serves any more and no restart helps.
 */
export function supervise(parts: SupervisorParts): Supervisor {
  const supervision = new Supervision(parts);
  return {
    ended: supervision.ended.promise,
    reload: (source) => supervision.reload(source),
    drain: () => supervision.drain(),
    kill: () => supervision.kill(),
  };
}

class Supervision {
  readonly ended = Promise.withResolvers<Ending>();
  readonly #quiet = Promise.withResolvers<void>();
  readonly #parts: SupervisorParts;
  readonly #slots: readonly WorkerSlot[];
  #ending: Ending | undefined;
  #overdue: unknown;
  #isAnnounced = false;
  readonly #running = new RunningState();

  constructor(parts: SupervisorParts) {
    this.#parts = parts;
    this.#slots = Array.from({ length: parts.count }, (_, index) => emptySlot(index + 1));
    for (const slot of this.#slots) this.#begin(slot);
  }

  reload(source: ConfigSource): void {
    this.#running.ask(source);
    for (const { ready, worker } of this.#slots) if (ready) worker?.send({ kind: "reload", ...source });
  }

  drain(): Promise<void> {
    this.#endAll({ exitCode: EXIT.ok });
    return this.#quiet.promise;
  }

  kill(): void {
    for (const { worker } of this.#slots) worker?.kill();
  }

  #begin(slot: WorkerSlot): void {
    let worker: WorkerHandle;
    try {
      worker = this.#parts.spawn(slot.number, {
        said: (message) => this.#onMessage(slot, worker, message),
        ended: (reason) => this.#onExit(slot, reason),
      });
    } catch (error) {
      // Memory or processes may be short for the moment, or the executable is being replaced.
      return this.#onExit(slot, String(error));
    }
    Object.assign(slot, emptySlot(slot.number), { failedStarts: slot.failedStarts, worker });
  }

  #onMessage(slot: WorkerSlot, worker: WorkerHandle, message: FromWorker): void {
    // Its last words may come after its exit: they would count one as serving that is gone.
    if (slot.worker !== worker) return;
    const { start, releasePort } = this.#parts;
    switch (message.kind) {
      case "ready":
        slot.ready = true;
        if (this.#ending) return worker.send({ kind: "drain" });
        for (const first of this.#running.firstMessages(start)) worker.send(first);
        return;
      case "reloaded":
      case "not-reloaded":
        return this.#running.answered(message);
      case "built":
        this.#running.answered(message);
        void releasePort().then(() => this.#ending ?? worker.send({ kind: "listen" }));
        return;
      case "listening":
        return this.#onListening(slot, worker, message.serving);
      case "failed":
        // What prevents one's first start prevents all first starts; later, the next attempt may succeed.
        if (!this.#isAnnounced && this.#upCount() === 0) this.#endAll(message);
        else this.#parts.log.error({ worker: slot.number, problem: message.problem }, "worker cannot serve");
        return worker.kill();
      case "draining":
        slot.closed = true;
        return this.#settle();
    }
  }

  #onListening(slot: WorkerSlot, { pid }: WorkerHandle, serving: Serving): void {
    const { count, log, timers, onListening } = this.#parts;
    slot.upSince = timers.now();
    log.info({ worker: slot.number, pid }, "worker is up");
    this.#tellCount();
    if (this.#isAnnounced || this.#upCount() < count) return;
    this.#isAnnounced = true;
    onListening(serving);
  }

  #onExit(slot: WorkerSlot, reason: number | string): void {
    const { log, timers } = this.#parts;
    const { upSince, number } = slot;
    const servedMs = upSince === undefined ? 0 : timers.now() - upSince;
    const wasAsked = reason === EXIT.ok || reason === EXIT.requestsCut;
    Object.assign(slot, emptySlot(number), { failedStarts: slot.failedStarts });
    if (this.#ending) {
      if (upSince !== undefined && reason !== EXIT.ok) {
        this.#ending = { ...this.#ending, exitCode: this.#ending.exitCode || EXIT.requestsCut };
      }
      return this.#settle();
    }
    this.#tellCount();
    slot.failedStarts = wasAsked || wasStable(servedMs) ? 0 : slot.failedStarts + 1;
    const line = { worker: number, reason, failed_starts: slot.failedStarts };
    if (this.#slots.every(hasFailed)) {
      log.error(line, "worker ended");
      return this.#endAll({ exitCode: EXIT.workersLost, problem: givingUp(number, reason) });
    }
    log[wasAsked ? "info" : "error"](line, "worker ended, starting it again");
    slot.restart = timers.setTimer(() => this.#begin(slot), restartDelay(slot, this.#upCount() > 0));
  }

  #upCount(): number {
    return this.#slots.filter(({ upSince }) => upSince !== undefined).length;
  }

  #tellCount(): void {
    const count = { kind: "count", up: this.#upCount(), of: this.#parts.count } as const;
    for (const { ready, worker } of this.#slots) if (ready) worker?.send(count);
  }

  #endAll({ exitCode, problem }: Ending): void {
    if (this.#ending) return;
    this.#ending = problem === undefined ? { exitCode } : { exitCode, problem };
    const { timers, shutdownMs } = this.#parts;
    for (const { ready, worker, restart } of this.#slots) {
      timers.clearTimer(restart);
      if (ready) worker?.send({ kind: "drain" });
      // It serves nobody yet, and would receive nothing before its code is loaded.
      else worker?.kill();
    }
    this.#overdue = timers.setTimer(() => this.kill(), shutdownMs + OVERDUE_MS);
    this.#settle();
  }

  /** Notifies the waiters if nothing is accepted any more, or if all workers have ended. */
  #settle(): void {
    if (!this.#ending) return;
    if (this.#slots.every(({ worker, closed }) => !worker || closed)) this.#quiet.resolve();
    if (this.#slots.some(({ worker }) => worker)) return;
    this.#parts.timers.clearTimer(this.#overdue);
    this.ended.resolve(this.#ending);
  }
}
