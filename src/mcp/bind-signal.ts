import type { TimerSource } from "../deadlines/deadlines.ts";
import type { McpProblem } from "./mcp-problem.ts";

/** A signal with a deadline; unlike those of the platform, one that leaves no timer and no listener behind. */
export interface BoundSignal {
  /** Its reason is the parent's, or the problem it was aborted with. */
  readonly signal: AbortSignal;
  abort(problem: McpProblem): void;
  /** To be called on every exit. Does not abort. */
  release(): void;
}

/**
 * A signal that is aborted when its parent is, or when time is up.
 * @param onExpire makes the reason for the latter.
 */
export function bindSignal(
  { setTimer, clearTimer }: TimerSource,
  parent: AbortSignal,
  milliseconds: number,
  onExpire: () => McpProblem,
): BoundSignal {
  const controller = new AbortController();
  const follow = (): void => controller.abort(parent.reason);
  const timer = setTimer(() => controller.abort(onExpire()), milliseconds);
  parent.addEventListener("abort", follow, { once: true });
  if (parent.aborted) follow();
  return {
    signal: controller.signal,
    abort: (problem) => controller.abort(problem),
    release() {
      clearTimer(timer);
      parent.removeEventListener("abort", follow);
    },
  };
}

/** Rejects with the signal's reason when it is aborted, if `promise` has not settled by then. */
export async function orAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
    // Whoever lost the race may still reject, and nobody else listens.
    promise.catch(() => {});
  }
}
