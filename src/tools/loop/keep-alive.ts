import type { TimerSource } from "../../core/deadlines.ts";

export interface KeepAliveOptions {
  readonly timers: Pick<TimerSource, "setTimer" | "clearTimer">;
  /** Milliseconds of silence after which a sign of life is due, repeatedly. */
  readonly intervalMs: number;
}

/** Comments for a client whose stream is silent for a good reason. */
export interface KeepAlive {
  start(): void;
  /** Call it on every exit; calling it twice is harmless. */
  stop(): void;
}

export function createKeepAlive(
  { timers: { setTimer, clearTimer }, intervalMs }: KeepAliveOptions,
  signOfLife: () => void,
): KeepAlive {
  let timer: unknown;
  const arm = (): void => {
    timer = setTimer(() => {
      signOfLife();
      arm();
    }, intervalMs);
  };
  const stop = (): void => {
    if (timer !== undefined) clearTimer(timer);
    timer = undefined;
  };
  return {
    start() {
      stop();
      arm();
    },
    stop,
  };
}
