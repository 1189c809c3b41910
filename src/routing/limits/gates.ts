import type { Deployment } from "../models/deployment.ts";

/** The right of one attempt to be in flight at all gates of its deployment. Whoever gets it gives it back, on every exit. */
export interface Permit {
  /**
   * The attempt is over. A second call does nothing.
   * @param usedTokens what it used, in place of the estimate; undefined if that is not known
   */
  release(usedTokens?: number): void;
}

/** A deployment that is at one of its limits. */
export interface GateRefusal {
  /** The limit, in the operator's words: `max_in_flight 4 of left`. */
  readonly limit: string;
  /** When there may be room again, in milliseconds from now; undefined if that depends on other requests. */
  readonly retryAfterMs: number | undefined;
}

/** What bounds how much deployments are asked. The state of a gate is kept by its key, whatever configuration it is in. */
export interface Gates {
  /**
   * Enters all gates of a deployment, or none.
   * @param estimatedTokens what the request will use, as far as can be said before
   */
  tryEnter(deployment: Deployment, estimatedTokens: number): Permit | GateRefusal;
  /**
   * Waits, in order, until `tryAgain` says that the turn was used, which it is asked whenever there is room at one of the
   * deployments. Bounded in length and time.
   * @param queue the name of the model, whose queue it is
   * @throws Failure `queue_full`, `queue_timeout`, or the reason of the signal
   */
  wait(queue: string, deployments: readonly Deployment[], signal: AbortSignal, tryAgain: () => boolean): Promise<void>;
}

export const isPermit = (entered: Permit | GateRefusal): entered is Permit => "release" in entered;
