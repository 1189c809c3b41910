import type { ClientSignal } from "./client-request.ts";
import { Failure } from "./errors.ts";
import { memoryExhausted } from "./memory/budget.ts";

/** A turn at something of which only a few may happen at once; ends with the scope of a `using`. */
export interface Slot extends Disposable {}

export interface Slots {
  /**
   * Waits for a slot, in the order of asking. The wait ends because each holder's work is bounded.
   * @throws Failure `client_gone` if `signal` aborts meanwhile, `memory_exhausted` if too many wait already
   */
  take(signal: ClientSignal | undefined): Promise<Slot>;
}

/** More than this do not wait. */
const MAX_WAITING = 256;

export function createSlots(count: number): Slots {
  const waiting = new Set<() => void>();
  let taken = 0;

  const give = (): Slot => {
    let isOver = false;
    return {
      [Symbol.dispose]() {
        if (isOver) return;
        isOver = true;
        const [next] = waiting;
        if (next) next();
        else taken -= 1;
      },
    };
  };

  return {
    async take(signal) {
      if (taken < count) {
        taken += 1;
        return give();
      }
      if (waiting.size >= MAX_WAITING) throw memoryExhausted();
      const { promise, resolve, reject } = Promise.withResolvers<Slot>();
      const next = (): void => {
        waiting.delete(next);
        signal?.removeEventListener("abort", leave);
        resolve(give());
      };
      const leave = (): void => {
        waiting.delete(next);
        reject(new Failure("client_gone"));
      };
      waiting.add(next);
      signal?.addEventListener("abort", leave, { once: true });
      if (signal?.aborted) leave();
      return promise;
    },
  };
}
