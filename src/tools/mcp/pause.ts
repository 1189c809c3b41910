import type { TimerSource } from "../../core/deadlines.ts";

/** Waits of one loop, which can be cut short. */
export interface Pause {
  /** Waits for so many milliseconds, or without an end; until it is woken, or everything stops. */
  for(milliseconds: number | undefined): Promise<void>;
  /** Ends the wait; if there is none, the next one does not begin. */
  wake(): void;
}

/** @param stop ends every wait; after that none begins. */
export function createPause({ setTimer, clearTimer }: TimerSource, stop: AbortSignal): Pause {
  let woken = false;
  let end: (() => void) | undefined;
  stop.addEventListener("abort", () => end?.(), { once: true });
  return {
    async for(milliseconds) {
      if (!woken && !stop.aborted) {
        const { promise, resolve } = Promise.withResolvers<void>();
        const timer = milliseconds === undefined ? undefined : setTimer(resolve, milliseconds);
        end = resolve;
        await promise;
        end = undefined;
        if (timer !== undefined) clearTimer(timer);
      }
      woken = false;
    },
    wake() {
      woken = true;
      end?.();
    },
  };
}
