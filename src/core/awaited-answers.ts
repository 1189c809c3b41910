import type { TimerSource } from "./deadlines.ts";

export interface AwaitedAnswersParts {
  readonly timers: Pick<TimerSource, "setTimer" | "clearTimer">;
  /** How long each answer is waited for, in milliseconds. */
  readonly timeoutMs: number;
  /** No more than so many are waited for at once. */
  readonly max: number;
  /** What waits, in the plural, as an error names it: `calls wait for the file`. */
  readonly waiters: string;
  /** The error that a caller gets in place of an answer. */
  readonly unavailable: (problem: string) => Error;
}

/** The answers of a thread that takes one call after the other, each of which has an id. */
export interface AwaitedAnswers {
  /**
   * Makes a call and waits for its answer, a bounded time.
   * @param send gets the id that the answer is to have
   * @throws Error the parts' `unavailable`: if too many wait, if there is no answer in time, if the answer is a problem, or if
   * all are ended
   */
  ask(send: (id: number) => void): Promise<unknown>;
  /** An answer has come; one that nobody waits for any more is let go. */
  answered(id: number, result: unknown, problem: string | undefined): void;
  /** No answer will come to what waits now. */
  endAll(problem: string): void;
}

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

export function createAwaitedAnswers({
  timers,
  timeoutMs,
  max,
  waiters,
  unavailable,
}: AwaitedAnswersParts): AwaitedAnswers {
  const waiting = new Map<number, Waiting>();
  let lastId = 0;

  return {
    async ask(send) {
      if (waiting.size >= max) throw unavailable(`${max} ${waiters}`);
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      const id = (lastId += 1);
      waiting.set(id, { resolve, reject });
      const timer = timers.setTimer(() => {
        waiting.delete(id);
        reject(unavailable(`no answer within ${timeoutMs} ms`));
      }, timeoutMs);
      try {
        send(id);
        return await promise;
      } finally {
        waiting.delete(id);
        timers.clearTimer(timer);
      }
    },
    answered(id, result, problem) {
      const asked = waiting.get(id);
      waiting.delete(id);
      if (problem === undefined) asked?.resolve(result);
      else asked?.reject(unavailable(problem));
    },
    endAll(problem) {
      for (const { reject } of waiting.values()) reject(unavailable(problem));
      waiting.clear();
    },
  };
}
