import type { Deadline, Deadlines } from "../../core/deadlines.ts";
import { Failure } from "../../core/errors.ts";

/** A request that must be over ends itself. So much later it is ended if it did not. */
const GRACE_MS = 100;

/** What a request waits for between its attempts, and while they are open. It ends with the request. */
export interface Waiting {
  /** What ends the request: its client left, or it must be over. */
  readonly ending: Failure | undefined;
  /**
   * Until {@link wake} is called, or was called since the last wait, the request ends, or the time has come.
   * @param at milliseconds of the monotonic clock
   */
  next(at?: number): Promise<void>;
  /** @throws Failure what ends the request, if that is earlier */
  sleepUntil(at: number): Promise<void>;
  wake(): void;
  /** Aborted with what ends the request. */
  signal(): AbortSignal;
  /** Lets go of the request's signal and deadline. */
  close(): void;
}

/**
 * @param signal aborted with the failure that ends the request
 * @param until when it must be over
 * @param onEnd called at once, and at most once
 */
export function createWaiting(
  deadlines: Deadlines,
  signal: AbortSignal,
  until: number,
  onEnd: (reason: Failure) => void,
): Waiting {
  let ending: Failure | undefined;
  let isAwake = false;
  let resume: (() => void) | undefined;
  let controller: AbortController | undefined;

  const wake = (): void => {
    isAwake = true;
    resume?.();
  };

  const end = (reason: Failure): void => {
    if (ending) return;
    ending = reason;
    onEnd(reason);
    controller?.abort(reason);
    wake();
  };

  const hearSignal = (): void => {
    const reason: unknown = signal.reason;
    end(reason instanceof Failure ? reason : new Failure("client_gone", { cause: reason }));
  };

  const next = async (at?: number): Promise<void> => {
    const timer: Deadline | undefined = at === undefined ? undefined : deadlines.open(at, wake);
    if (!isAwake && !ending) await new Promise<void>((resolve) => (resume = resolve));
    if (timer) deadlines.release(timer);
    resume = undefined;
    isAwake = false;
  };

  const deadline = until === Number.POSITIVE_INFINITY ? undefined : deadlines.open(until + GRACE_MS, endOfTime);
  function endOfTime(): void {
    // It says itself by which rule.
    if (signal.aborted) hearSignal();
    else end(new Failure("request_timeout"));
  }

  signal.addEventListener("abort", hearSignal);
  if (signal.aborted) hearSignal();

  return {
    get ending() {
      return ending;
    },
    next,
    async sleepUntil(at) {
      let isOver = false;
      const timer = deadlines.open(at, () => {
        isOver = true;
        wake();
      });
      while (!isOver && !ending) await next();
      deadlines.release(timer);
      if (ending) throw ending;
    },
    wake,
    signal() {
      controller ??= new AbortController();
      if (ending) controller.abort(ending);
      return controller.signal;
    },
    close() {
      signal.removeEventListener("abort", hearSignal);
      if (deadline) deadlines.release(deadline);
    },
  };
}
