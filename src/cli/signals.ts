import { type EndSignal, SIGNAL_EXIT } from "./exit.ts";

/**
 * Calls `begin` with the first signal that asks the process to end.
 * @param atOnce is called with the second one, and ends the process with this exit code without waiting for requests.
 */
export function onEndSignal(begin: (signal: EndSignal) => void, atOnce: (exitCode: number) => void): void {
  let begun = false;
  for (const signal of Object.keys(SIGNAL_EXIT) as EndSignal[]) {
    process.on(signal, () => {
      if (begun) return atOnce(SIGNAL_EXIT[signal]);
      begun = true;
      begin(signal);
    });
  }
}
