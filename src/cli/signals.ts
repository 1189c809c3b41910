import { type EndSignal, SIGNAL_EXIT } from "./exit.ts";

/**
 * Calls `begin` with the first signal that asks the process to end; the second one ends it at once.
 * @param atOnce what has to be done before a second signal's end, synchronously.
 */
export function onEndSignal(begin: (signal: EndSignal) => void, atOnce?: () => void): void {
  let begun = false;
  for (const signal of Object.keys(SIGNAL_EXIT) as EndSignal[]) {
    process.on(signal, () => {
      if (begun) {
        atOnce?.();
        process.exit(SIGNAL_EXIT[signal]);
      }
      begun = true;
      begin(signal);
    });
  }
}
