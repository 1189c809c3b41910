import type { Deadlines } from "../../core/deadlines.ts";
import { Failure, type FailureCode } from "../../core/errors.ts";
import type { QueueOptions } from "../models/model-options.ts";
import type { Gate, GateChain, Line, QueueKind, Waiter, WaitingQueue } from "./gate.ts";
import type { Lines } from "./lines.ts";
import type { Queues } from "./queues.ts";
import type { Room } from "./room.ts";
import type { Turns } from "./turns.ts";

/** What is told to a client when nothing else is known. */
const RETRY_AFTER_MS = 1000;
/** So many of a line are looked at for an answer; the next ones if most of them wait no more, else with the next answer. */
const MAX_LOOKED_AT = 64;

export interface WaitingParts {
  readonly room: Room;
  readonly turns: Turns;
  readonly queues: Queues;
  readonly lines: Lines;
  /** By which it is measured how long one waits: for room, or for an answer, see `stall-tolerant-timers.ts`. */
  readonly watches: Readonly<Record<"room" | "answer", Watch>>;
  /** Milliseconds of the monotonic clock. */
  readonly now: () => number;
}

interface Watch {
  readonly now: () => number;
  readonly deadlines: Deadlines;
}

/** What one waits for, and how long. */
export interface Wait extends QueueOptions {
  readonly model: string;
  readonly kind: QueueKind;
  /** The keys of the deployments, and their gates. */
  readonly deployments: readonly string[];
  readonly chains: readonly GateChain[];
  readonly signal: AbortSignal;
  readonly tryAgain: () => boolean;
  /** Called once it has a place. */
  readonly onWait?: (() => void) | undefined;
}

/** Those who wait, for all models. */
export interface Waiting {
  /**
   * @throws Failure `queue_full`, `queue_timeout`, or `at_limit` in place of both if it is no queue of the model; or the
   * reason of the signal
   */
  wait(wait: Wait): Promise<void>;
  /** Nobody who waits does so for longer than the queue of its model is given now. */
  shorten(options: ReadonlyMap<string, QueueOptions>): void;
  /**
   * It is known now what the minute of a gate has for this process: those who wait for nothing else go on, there or
   * elsewhere, or end.
   */
  answered(gate: Gate): void;
  /** A failure with `retry-after`: when the minutes may have room, or soon. */
  failure(code: FailureCode, chains: readonly GateChain[]): Failure;
}

export function createWaiting({ room, turns, queues, lines, watches, now }: WaitingParts): Waiting {
  const failure = failuresAt(room);
  const watchOf = ({ kind }: WaitingQueue): Watch => (kind === "minute" ? watches.answer : watches.room);

  const expire = (queue: WaitingQueue): void => {
    const time = watchOf(queue).now();
    queue.deadline = undefined;
    // They are in the order of their deadlines.
    for (let [first] = queue.waiters.members(1); first && first.until <= time; [first] = queue.waiters.members(1)) {
      first.isLate = true;
      // It does not wait for the answer any more, and may go elsewhere.
      if (queue.kind === "minute") turns.ask(first);
      first.settle({ reason: failure(queue.kind === "queue" ? "queue_timeout" : "at_limit", first.chains) });
    }
    watch(queue);
  };

  const watch = (queue: WaitingQueue): void => {
    const [first] = queue.waiters.members(1);
    const { deadlines } = watchOf(queue);
    if (!first) {
      if (queue.deadline) deadlines.release(queue.deadline);
      queue.deadline = undefined;
      queues.close(queue);
    } else {
      queue.deadline ??= deadlines.open(first.until, () => expire(queue));
    }
  };

  const wait = ({ model, kind, deployments, chains, signal, tryAgain, onWait, ...options }: Wait): Promise<void> => {
    if (signal.aborted) return Promise.reject(signal.reason);
    const known = queues.find(model, kind);
    const isFull = (known?.waiters.size() ?? 0) >= options.length;
    if (isFull) return Promise.reject(failure(kind === "queue" ? "queue_full" : "at_limit", chains));
    onWait?.();
    const queue = known ?? queues.open(model, kind);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const since = now();
    const until = watchOf(queue).now() + options.timeoutMs;
    const waiter: Waiter = {
      ...{ queue, deployments, chains, tryAgain, since, until },
      ...{ places: [], isLate: false, isOver: false, leaving: undefined, previous: undefined, next: undefined },
      settle(end) {
        if (waiter.isOver) return;
        if (turns.asking() === waiter) return void (waiter.leaving = end);
        waiter.isOver = true;
        signal.removeEventListener("abort", abort);
        queue.waiters.remove(waiter);
        watch(queue);
        lines.leave(waiter);
        if (end) reject(end.reason);
        else resolve();
      },
    };
    const abort = (): void => waiter.settle({ reason: signal.reason });
    signal.addEventListener("abort", abort);
    queue.waiters.append(waiter);
    watch(queue);
    lines.enter(waiter);
    return promise;
  };

  return {
    wait,
    failure,
    answered: createAnswered({ room, turns, lines }, failure),
    shorten(options) {
      for (const queue of queues.all()) {
        const timeoutMs = queue.kind === "queue" ? options.get(queue.model)?.timeoutMs : undefined;
        if (timeoutMs === undefined) continue;
        const until = now() + timeoutMs;
        for (const waiter of queue.waiters.members()) waiter.until = Math.min(waiter.until, until);
        if (queue.deadline && queue.deadline.expiresAt > until) watches.room.deadlines.move(queue.deadline, until);
      }
    },
  };
}

/** See {@link Waiting.answered}. What it costs grows with those who go on or end, and not with those who go on waiting. */
const createAnswered = (
  { room, turns, lines }: Pick<WaitingParts, "room" | "turns" | "lines">,
  failure: Waiting["failure"],
) => {
  /** @returns how many of the first ones of a line still wait, and of how many */
  const askFirst = ({ places }: Line): readonly [stayed: number, asked: number] => {
    const first = places.members(MAX_LOOKED_AT);
    let stayed = 0;
    for (const { waiter } of first) {
      // Of a long line only the first ones were asked, and one behind them may need less.
      if (!waiter.isOver && room.isOpenFor(waiter)) turns.ask(waiter);
      if (!waiter.isOver && !room.isAsked(waiter.chains)) {
        waiter.settle({ reason: failure("at_limit", waiter.chains) });
      }
      if (!waiter.isOver) stayed += 1;
    }
    return [stayed, first.length];
  };

  return (gate: Gate): void => {
    turns.offer([gate]);
    turns.offer(lines.elsewhere(gate, MAX_LOOKED_AT));
    for (const line of [...gate.lines.values()]) {
      if (line.queue.kind !== "minute") continue;
      for (let [stayed, asked] = askFirst(line); stayed * 2 < asked; [stayed, asked] = askFirst(line));
    }
  };
};

const failuresAt =
  (room: Room) =>
  (code: FailureCode, chains: readonly GateChain[]): Failure => {
    const seconds = Math.ceil((room.soonest(chains) ?? RETRY_AFTER_MS) / 1000);
    return new Failure(code, { headers: { "retry-after": String(seconds) } });
  };
