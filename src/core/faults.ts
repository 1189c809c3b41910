/** Takes what was thrown where nobody foresaw it and nobody can be answered with it. Never throws. */
export type OnFault = (error: unknown) => void;

/**
 * For what has no log at hand: throws in a turn of its own what one of several callbacks has thrown, so that those behind it
 * are called all the same. It is then an uncaught exception, which a process that serves hands to its log.
 */
export const throwApart: OnFault = (error) => {
  setImmediate(() => {
    throw error;
  });
};

/** Calls each of them, also if one before it throws. */
export function callEach<Callback>(
  callbacks: Iterable<Callback>,
  call: (callback: Callback) => void,
  onFault: OnFault = throwApart,
): void {
  for (const callback of callbacks) {
    try {
      call(callback);
    } catch (error) {
      onFault(error);
    }
  }
}

/** What is written of it: its stack, which is for the log only. Whatever was thrown may not be fit to be shown. */
export function describeFault(error: unknown): string {
  try {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  } catch {
    return typeof error;
  }
}
