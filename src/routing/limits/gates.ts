import type { Deployment } from "../models/deployment.ts";
import type { LimitOptions, QueueOptions } from "../models/model-options.ts";

/** The right of one attempt to be in flight at all gates of its deployment. Whoever gets it gives it back, on every exit. */
export interface Permit {
  /**
   * The attempt is over. A second call does nothing.
   * @param usedTokens what it used, in place of the estimate; undefined if that is not known
   */
  release(usedTokens?: number): void;
}

/** What gates know of a deployment. */
export type Gated = Pick<Deployment, "key" | "gates">;

/** A deployment that is at one of its limits. */
export interface GateRefusal {
  /** The limit, in the operator's words: `max_in_flight 4 of left`. */
  readonly limit: string;
  /** When there may be room again, in milliseconds from now; undefined if that depends on other requests. */
  readonly retryAfterMs: number | undefined;
  /**
   * Whether there is room is being asked, because other processes share the limit: who waits knows within milliseconds. No
   * other deployment is to be taken before.
   */
  readonly isAsking: boolean;
}

/** How long a request has waited for what other processes say, in all, in milliseconds. */
export interface AnswerWait {
  waitedMs: number;
}

/** What bounds how much deployments are asked. The state of a gate is kept by its key, whatever configuration it is in. */
export interface Gates {
  /**
   * Enters all gates of a deployment, or none.
   * @param estimatedTokens what the request will use, as far as can be said before
   */
  tryEnter(deployment: Gated, estimatedTokens: number): Permit | GateRefusal;
  /**
   * Waits, in order, until `tryAgain` says that the turn was used, which it is asked whenever there is room at one of the
   * deployments: also at once, before this returns. Bounded in length and time. Without a queue of that name, only what
   * other processes may give back is waited for, for a moment.
   * @param queue the name of the model, whose queue it is
   * @param deployments those that the request would take; may be fewer than the model has
   * @param onWait called once it gets a place among those who wait; not if it is refused at once
   * @param answers of the request: whoever has waited for other processes before waits for so much less; counted on here
   * @throws Failure `at_limit` if there is no such queue, `queue_full`, `queue_timeout`, all with `retry-after`; or the
   * reason of the signal
   */
  wait(
    queue: string,
    deployments: readonly Gated[],
    signal: AbortSignal,
    tryAgain: () => boolean,
    onWait?: () => void,
    answers?: AnswerWait,
  ): Promise<void>;
}

/** The gates of a configuration. */
export interface ModelGates extends Gates {
  /**
   * This is the configuration in use from now on: its limits are in force for requests of earlier ones, too, and those who
   * wait go on if they were raised. What is in flight finishes. Gates that it has not got are forgotten once nothing is in
   * flight at them. To be called when a configuration takes over, and not before it is known that it does.
   */
  use(): void;
  /** Deployments take requests again, for other reasons than their limits: those who wait for them are asked. */
  wake(deployments: readonly Gated[]): void;
  /** What people look at. */
  view(): LimitsView;
}

/** What is in use at the moment, in the order of the configuration. */
export interface LimitsView {
  readonly gates: readonly GateView[];
  readonly queues: readonly QueueView[];
}

export interface GateView {
  readonly key: string;
  readonly label: string;
  readonly limits: LimitOptions;
  readonly inFlight: number;
  /** How many of `limits.maxInFlight` this process may use, if several share them. */
  readonly granted?: number | undefined;
  readonly waiting: number;
  /** Of this minute of the clock, with those of other processes; undefined if the gate is not bounded by the minute. */
  readonly requests?: number | undefined;
  readonly tokens?: number | undefined;
}

export interface QueueView {
  readonly model: string;
  readonly options: QueueOptions;
  readonly waiting: number;
  /** Of the one that has waited longest; 0 if nobody waits. */
  readonly longestWaitMs: number;
}

export const isPermit = (entered: Permit | GateRefusal): entered is Permit => "release" in entered;
