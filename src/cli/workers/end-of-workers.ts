import type { TimerSource } from "../../core/deadlines.ts";
import { EXIT } from "../exit.ts";
import type { WorkerSlot } from "./worker-slot.ts";

/** How the supervised gateway ended. */
export interface Ending {
  readonly exitCode: number;
  /** Why it could not go on, in one line, if nobody asked it to end. */
  readonly problem?: string;
}

/** Workers keep to the shutdown timeout themselves; one that exceeds it by this much hangs. */
const OVERDUE_MS = 5000;

/** The end of all workers, once it has begun: they are asked to end, and killed if they do not. */
export class EndOfWorkers {
  readonly #ended = Promise.withResolvers<Ending>();
  readonly #quiet = Promise.withResolvers<void>();
  readonly #slots: readonly WorkerSlot[];
  readonly #timers: TimerSource;
  readonly #shutdownMs: number;
  #ending: Ending | undefined;
  #overdue: unknown;

  /** @param shutdownMs how long requests in flight may go on */
  constructor(slots: readonly WorkerSlot[], timers: TimerSource, shutdownMs: number) {
    this.#slots = slots;
    this.#timers = timers;
    this.#shutdownMs = shutdownMs;
  }

  /** Resolves when the last worker has ended. */
  get ended(): Promise<Ending> {
    return this.#ended.promise;
  }

  /** Resolves when none accepts anything any more. */
  get quiet(): Promise<void> {
    return this.#quiet.promise;
  }

  get hasBegun(): boolean {
    return this.#ending !== undefined;
  }

  /** What it began with first counts. */
  begin({ exitCode, problem }: Ending): void {
    if (this.#ending) return;
    this.#ending = problem === undefined ? { exitCode } : { exitCode, problem };
    for (const { ready, worker, restart } of this.#slots) {
      this.#timers.clearTimer(restart);
      if (ready) worker?.send({ kind: "drain" });
      // It serves nobody yet, and would receive nothing before its code is loaded.
      else worker?.kill();
    }
    this.#overdue = this.#timers.setTimer(() => this.kill(), this.#shutdownMs + OVERDUE_MS);
    this.settle();
  }

  /** A worker's requests were cut off. */
  cut(): void {
    if (this.#ending) this.#ending = { ...this.#ending, exitCode: this.#ending.exitCode || EXIT.requestsCut };
  }

  /** Notifies the waiters if nothing is accepted any more, or if all workers have ended. */
  settle(): void {
    if (!this.#ending) return;
    if (this.#slots.every(({ worker, closed }) => !worker || closed)) this.#quiet.resolve();
    if (this.#slots.some(({ worker }) => worker)) return;
    this.#timers.clearTimer(this.#overdue);
    this.#ended.resolve(this.#ending);
  }

  /** Ends every worker at once. */
  kill(): void {
    for (const { worker } of this.#slots) worker?.kill();
  }
}
