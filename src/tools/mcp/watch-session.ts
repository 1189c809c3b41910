import type { TimerSource } from "../../core/deadlines.ts";
import { McpError } from "./errors.ts";
import type { HeldSession } from "./held-session.ts";
import type { Pause } from "./pause.ts";
import type { RemoteTool } from "./session.ts";

/** Minimum time between two checks that a server's notifications cause. */
const NOTIFIED_GAP_MS = 250;

/** A check that timed out is made again after this. */
const RECHECK_MS = 1000;

/** Checks in a row that may time out before the server counts as away: slow is not dead. */
const MAX_TIMEOUTS = 2;

export interface WatchParts {
  readonly timers: TimerSource;
  /** Woken when a check is due before its time. */
  readonly pause: Pause;
  /** Ends the watch. */
  readonly stop: AbortSignal;
  /** Between two checks; 0 for never. */
  readonly pollMs: number;
  readonly onTools: (tools: readonly RemoteTool[]) => void;
}

/**
 * Checks the server of a session from time to time, by asking for its tools.
 * @returns the reason, once the session is lost. Throws the reason of the signal.
 */
export async function watchSession(watched: HeldSession, parts: WatchParts): Promise<McpError> {
  const { timers, pause, stop, pollMs, onTools } = parts;
  let timeouts = 0;
  for (;;) {
    const lookedAt = timers.now();
    await pause.for(timeouts > 0 ? RECHECK_MS : pollMs || undefined);
    stop.throwIfAborted();
    // Notifications come in bursts, and a check can itself cause the next doubt.
    while (!watched.lost && timers.now() - lookedAt < NOTIFIED_GAP_MS) {
      await pause.for(NOTIFIED_GAP_MS - (timers.now() - lookedAt));
      stop.throwIfAborted();
    }
    if (watched.lost) return watched.lost;
    try {
      onTools(await watched.session.listTools(stop));
      timeouts = 0;
    } catch (error) {
      if (!(error instanceof McpError)) throw error;
      timeouts += 1;
      const patient = error.kind === "timeout" && (watched.calls > 0 || timeouts < MAX_TIMEOUTS);
      if (!patient) return error;
    }
  }
}
