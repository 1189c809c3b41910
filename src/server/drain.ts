import type { InFlightRequests } from "../core/in-flight-requests.ts";
import { Failure } from "../core/errors.ts";
import type { Listener } from "./listener.ts";

/** After streams were told that they end, their clients get this long to take the last bytes. */
const LAST_WORDS_MS = 500;

/**
 * Stops accepting and lets open requests end by themselves; those that have not after `patienceMs` are told that the
 * gateway shuts down. Connections that are still open then are left to be cut.
 * @param onClosed called when nothing is accepted any more.
 * @returns how many requests had to be ended.
 */
export async function endRequests(
  requests: InFlightRequests,
  listener: Listener | undefined,
  patienceMs: number,
  onClosed: () => void,
): Promise<number> {
  await listener?.leave();
  const stopped = listener?.stop(false);
  onClosed();
  // These timers keep the process alive, which a server that has stopped does not do.
  const deadline = after(patienceMs);
  await Promise.race([requests.whenEmpty(), deadline.passed]);
  const cut = requests.size();
  requests.interruptAll(new Failure("shutting_down"));
  // Answers that are booked may still be on their way to clients that read slowly.
  const patience = cut > 0 ? after(LAST_WORDS_MS) : deadline;
  await Promise.race([stopped, patience.passed]);
  // What was written last leaves the process only when this turn of the event loop is over.
  await after(0).passed;
  deadline.clear();
  patience.clear();
  return cut;
}

function after(milliseconds: number): { readonly passed: Promise<void>; readonly clear: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  return { passed: promise, clear: () => clearTimeout(timer) };
}
