import type { TimerSource } from "../core/deadlines.ts";
import type { InFlightRequests } from "../core/in-flight-requests.ts";
import { Failure } from "../core/errors.ts";
import type { Listener } from "./listener.ts";

/** After streams were ended, their clients get this long to take the last bytes. */
const LAST_WORDS_MS = 500;

type DrainTimers = Pick<TimerSource, "setTimer" | "clearTimer">;

/** These keep the process alive, which a server that has stopped does not do. */
const TIMERS: DrainTimers = {
  setTimer: (callback, delayMs) => setTimeout(callback, delayMs),
  clearTimer: (timer) => clearTimeout(timer as Timer),
};

/** Lets everything go on for a while, so that a load balancer that asks for readiness sends new requests elsewhere. */
export function waitBeforeDrain(delayMs: number, timers: DrainTimers = TIMERS): Promise<void> {
  return delayMs > 0 ? waitFor(timers, delayMs).passed : Promise.resolve();
}

/**
 * Stops accepting and lets open requests end by themselves; those that have not after `patienceMs` get the error that
 * the gateway shuts down. Connections that are still open then are left for the caller to cut.
 * @param onClosed called when nothing is accepted any more.
 * @returns how many requests had to be ended.
 */
export async function endRequests(
  requests: InFlightRequests,
  listener: Listener | undefined,
  patienceMs: number,
  onClosed: () => void,
  timers: DrainTimers = TIMERS,
): Promise<number> {
  const after = (milliseconds: number): Wait => waitFor(timers, milliseconds);
  await listener?.leave();
  const stopped = listener?.stop(false);
  onClosed();
  const deadline = after(patienceMs);
  // On a connection that has just opened a request may yet come.
  const over = Promise.resolve(stopped).then(requests.whenEmpty);
  await Promise.race([over, deadline.passed]);
  const cut = requests.size();
  requests.interruptAll(new Failure("shutting_down"));
  const patience = cut > 0 ? after(LAST_WORDS_MS) : deadline;
  await Promise.race([stopped, patience.passed]);
  // The last writes leave the process only after this turn of the event loop.
  await waitFor(TIMERS, 0).passed;
  deadline.clear();
  patience.clear();
  return cut;
}

interface Wait {
  readonly passed: Promise<void>;
  readonly clear: () => void;
}

function waitFor({ setTimer, clearTimer }: DrainTimers, milliseconds: number): Wait {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimer(resolve, milliseconds);
  return { passed: promise, clear: () => clearTimer(timer) };
}
