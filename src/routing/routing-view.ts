import type { StrategyName } from "./models/model-options.ts";

/** What people may see of routing, as it is now. Nothing of it is secret: no key, no hash of one, no address. */
export interface RoutingView {
  /** In the operator's order, those with a `*` in their names included. */
  models(): readonly ModelView[];
}

export interface ModelView {
  /** What clients ask for. */
  readonly name: string;
  readonly strategy: StrategyName;
  /** Names of models that are asked when all of its deployments have failed. */
  readonly fallbacks: readonly string[];
  readonly deployments: readonly DeploymentView[];
  /** Undefined if nothing waits for its deployments. */
  readonly queue: QueueView | undefined;
}

/** What a circuit does with requests: lets them pass, keeps them away, lets one try, or lets few pass after a recovery. */
export type CircuitState = "closed" | "open" | "half_open" | "slow_start";

export interface DeploymentView {
  /** `openai/gpt-4o-mini#2`: with the second key of the provider. */
  readonly label: string;
  /** Id. */
  readonly provider: string;
  /** In the provider's naming. */
  readonly model: string;
  readonly weight: number;
  readonly priority: number;
  readonly state: CircuitState;
  /** Until when it is not asked, in milliseconds since the epoch; undefined if it is. */
  readonly coolingUntil: number | undefined;
  /** Why it cools, in the words of the log: a status or the code of a failure; undefined if it does not. */
  readonly why: string | undefined;
  readonly inFlight: number;
  /** Failures since the last good answer. */
  readonly consecutiveFailures: number;
  /** Recent average in milliseconds; undefined if there was none. */
  readonly timeToFirstTokenMs: number | undefined;
  /** That it has answered, since this process knows of it. */
  readonly requests: number;
  /** All that were made, good or bad. */
  readonly attempts: number;
  readonly limits: readonly LimitView[];
}

export interface LimitView {
  readonly limit: "max_in_flight" | "requests_per_minute" | "tokens_per_minute";
  /** What it bounds: the id of a provider, or the label of a deployment. */
  readonly of: string;
  readonly max: number;
  readonly used: number;
}

export interface QueueView {
  /** Most requests that may wait. */
  readonly length: number;
  readonly waiting: number;
  /** Of those that wait now, in milliseconds. */
  readonly longestWaitMs: number;
}
