import { EXIT } from "../exit.ts";
import type { Serving } from "../service.ts";
import type { Log } from "../../telemetry/log.ts";
import type { TimerSource } from "../../core/deadlines.ts";
import type { ConfigSource } from "../../config/config-source.ts";
import type { MetricsHub } from "../../telemetry/metrics/metrics-hub.ts";
import type { SharingHub } from "../../routing/sharing/sharing-hub.ts";
import { type Ending, EndOfWorkers } from "./end-of-workers.ts";
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
  /** What the workers' routing has in common. */
  readonly sharing: SharingHub;
  /** What they have counted; absent if they count nothing. */
  readonly metrics?: MetricsHub | undefined;
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

/**
 * Keeps a number of workers running until it is asked to end: starts them, and starts those again that end, with what the
 * others have read of the files that settings name. Gives up only if none serves any more and no restart helps.
 */
export function supervise(parts: SupervisorParts): Supervisor {
  const supervision = new Supervision(parts);
  return {
    ended: supervision.ended,
    reload: (source) => supervision.reload(source),
    drain: () => supervision.drain(),
    kill: () => supervision.kill(),
  };
}

class Supervision {
  readonly #parts: SupervisorParts;
  readonly #slots: readonly WorkerSlot[];
  readonly #end: EndOfWorkers;
  #isAnnounced = false;
  readonly #running = new RunningState();

  constructor(parts: SupervisorParts) {
    this.#parts = parts;
    this.#slots = Array.from({ length: parts.count }, (_, index) => emptySlot(index + 1));
    this.#end = new EndOfWorkers(this.#slots, parts.timers, parts.shutdownMs);
    for (const slot of this.#slots) this.#begin(slot);
  }

  get ended(): Promise<Ending> {
    return this.#end.ended;
  }

  reload(source: ConfigSource): void {
    this.#running.ask(source);
    for (const { ready, worker } of this.#slots) if (ready) worker?.send({ kind: "reload", ...source });
  }

  drain(): Promise<void> {
    this.#end.begin({ exitCode: EXIT.ok });
    return this.#end.quiet;
  }

  kill(): void {
    this.#end.kill();
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
    const { start, releasePort, sharing, metrics } = this.#parts;
    switch (message.kind) {
      case "ready":
        slot.ready = true;
        if (this.#end.hasBegun) return worker.send({ kind: "drain" });
        for (const first of this.#running.firstMessages(start)) worker.send(first);
        return;
      case "reloaded":
      case "not-reloaded":
        return this.#running.answered(message);
      case "built":
        this.#running.answered(message);
        // Before it listens: its first request must find what it is told first.
        sharing.join(slot.number, (messages) => worker.send({ kind: "sharing", messages }));
        metrics?.join(slot.number, (asked) => worker.send(asked));
        void releasePort().then(() => this.#end.hasBegun || worker.send({ kind: "listen" }));
        return;
      case "sharing":
        return sharing.hear(slot.number, message.messages);
      case "metrics":
        return metrics?.hear(slot.number, message);
      case "listening":
        return this.#onListening(slot, worker, message.serving);
      case "failed":
        // What prevents one's first start prevents all first starts; later, the next attempt may succeed.
        if (!this.#isAnnounced && this.#upCount() === 0) this.#end.begin(message);
        else this.#parts.log.error({ worker: slot.number, problem: message.problem }, "worker cannot serve");
        return worker.kill();
      case "draining":
        slot.closed = true;
        return this.#end.settle();
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
    const { log, timers, sharing, metrics } = this.#parts;
    const { upSince, number } = slot;
    const servedMs = upSince === undefined ? 0 : timers.now() - upSince;
    const wasAsked = reason === EXIT.ok || reason === EXIT.requestsCut;
    Object.assign(slot, emptySlot(number), { failedStarts: slot.failedStarts });
    sharing.leave(number);
    metrics?.leave(number);
    if (this.#end.hasBegun) {
      if (upSince !== undefined && reason !== EXIT.ok) this.#end.cut();
      return this.#end.settle();
    }
    this.#tellCount();
    slot.failedStarts = wasAsked || wasStable(servedMs) ? 0 : slot.failedStarts + 1;
    const line = { worker: number, reason, failed_starts: slot.failedStarts };
    if (this.#slots.every(hasFailed)) {
      log.error(line, "worker ended");
      return this.#end.begin({ exitCode: EXIT.workersLost, problem: givingUp(number, reason) });
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
}
