import type { JsonObject } from "../../core/json/parse.ts";
import type { Timeouts } from "../../core/timeouts.ts";

/*
 * What the operator says of models, providers and their limits: checked, with every default filled in. Durations are in
 * milliseconds. The configuration declares the same shapes, which match structurally.
 */

/** How the deployments of a model take turns. */
export type StrategyName = "round_robin" | "priority" | "least_busy" | "fastest" | "cheapest" | "sticky";

/** How long parts of a call may take, in milliseconds; what is absent is as a wider rule says. */
export type TimeoutOptions = Timeouts;

/** How much at once, and how much a minute; what is absent is not bounded. */
export interface LimitOptions {
  readonly maxInFlight?: number;
  readonly requestsPerMinute?: number;
  readonly tokensPerMinute?: number;
}

/** Requests that wait while all that could answer them are at their limits. */
export interface QueueOptions {
  readonly length: number;
  readonly timeoutMs: number;
}

/** What is sent beside what the client said: top-level members of the request as the provider gets it. */
export interface ParamOptions {
  /** Unless the client's request has them. */
  readonly defaults: JsonObject;
  /** Whatever the client's request has. */
  readonly overrides: JsonObject;
}

/** US dollars for a million tokens of each kind. What is not said is billed as what it is a part of. */
export interface KindPrices {
  readonly input: number;
  readonly output: number;
  readonly cachedInput?: number;
  readonly cacheWrite?: number;
  /** For an hour. */
  readonly cacheWriteHour?: number;
  readonly audioInput?: number;
  readonly cachedAudioInput?: number;
  readonly reasoning?: number;
  readonly audioOutput?: number;
  readonly imageOutput?: number;
}

/** What requests with more than `above` tokens of input cost, all of their tokens; the rest is as in the tier before. */
export interface PriceTier extends Partial<KindPrices> {
  readonly above: number;
}

/** What a model costs in US dollars. */
export interface PriceOptions extends KindPrices {
  /** A thousand web searches of the provider's; not billed if not said. */
  readonly webSearches?: number;
  /** Each request, beside its tokens. */
  readonly request?: number;
  /** The lowest first. */
  readonly tiers?: readonly PriceTier[];
}

/** What the operator says that a provider's model costs. */
export interface NamedPrice {
  /** Id of a provider. */
  readonly provider: string;
  /** In its naming; may hold one `*`. */
  readonly model: string;
  readonly price: PriceOptions;
}

export interface DeploymentOptions {
  /** Id of a provider of the configuration. */
  readonly provider: string;
  /** In the provider's naming; `*` for what the request's name has in the place of the `*` of the model's name. */
  readonly model: string;
  /** The number of one of the provider's keys, from 0; undefined for all of them. */
  readonly key?: number;
  readonly weight: number;
  /** The lowest goes first; by default the place in the list, from 0. */
  readonly priority: number;
  readonly params?: ParamOptions;
  readonly limits?: LimitOptions;
  readonly timeouts?: TimeoutOptions;
  readonly price?: PriceOptions;
  /** How it is made to go on with an answer that another one has begun; absent: as is known of its provider and model. */
  readonly prefill?: PrefillOption;
}

/** `none`: it cannot. */
export type PrefillOption = "as_is" | "prefix" | "continue_final_message" | "none";

/** What a failed attempt may be, for a further one to be made. */
export type RetryReason =
  | "connect"
  | "send"
  | "timeout"
  | "first_token"
  | "empty"
  | "error_event"
  | "invalid"
  | "408"
  | "429"
  | "500"
  | "502"
  | "503"
  | "504"
  | "529";

export interface RetryOptions {
  /** In all, the first one included; 1 for no further one. */
  readonly attempts: number;
  readonly on: ReadonlySet<RetryReason>;
  /** Ask again although the provider may have begun to process the request. */
  readonly repeatsSent: boolean;
  /** Before the same deployment is asked again: the first wait at most, doubled each time up to the longest, with full jitter. */
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
}

export interface CooldownOptions {
  /** So many failures in a row open the circuit of a deployment. */
  readonly failures: number;
  /** So large a part of the last requests, of at least ten, opens it, too; from 0 to 1. */
  readonly rate: number;
  /** For so long the first time; each further time in a row twice as long, up to the longest. */
  readonly forMs: number;
  readonly maxMs: number;
  /** For so long after a recovery the share of a deployment grows from a tenth to the whole. 0 for at once. */
  readonly slowStartMs: number;
  /** What happens when all deployments are cooling: the least bad is tried, or the request is refused. */
  readonly whenAll: "try" | "refuse";
}

/** What requests are told apart by, so that those that belong together go to one deployment. */
export interface StickyOptions {
  readonly by: "conversation" | "identity" | `header:${string}`;
  /** The owner is left while it has more than so many times the average of requests in flight; at least 1. */
  readonly loadFactor: number;
}

export interface HedgeOptions {
  /** A second deployment is asked after so long without a first token; `p95`: of the recent times to it. */
  readonly after: number | "p95";
}

export interface HealthCheckOptions {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Sent as a chat completion, beside `model`; undefined: the list of models is asked for. */
  readonly request?: JsonObject;
}

/** A name of the gateway's own, and what stands behind it. */
export interface ModelOptions {
  /** What clients ask for; may hold one `*`. */
  readonly name: string;
  readonly deployments: readonly DeploymentOptions[];
  readonly strategy: StrategyName;
  readonly sticky?: StickyOptions;
  /** Names of models that are asked in their order when all deployments have failed, are at their limits or cooling. */
  readonly fallbacks: readonly string[];
  /** When the conversation is too long. */
  readonly contextFallbacks: readonly string[];
  /** When the provider's content filter refuses. */
  readonly contentFallbacks: readonly string[];
  readonly retries: RetryOptions;
  readonly cooldown: CooldownOptions;
  readonly timeouts: TimeoutOptions;
  /** Of each of its deployments, unless they say their own. */
  readonly limits: LimitOptions;
  readonly queue?: QueueOptions;
  readonly hedge?: HedgeOptions;
  readonly healthCheck?: HealthCheckOptions;
  /** Text streams that break off are continued on another deployment. */
  readonly resumes: boolean;
}

/** What a provider says beside its address: for requests that name it, and for every deployment that is one of its models. */
export interface ProviderRouting {
  readonly id: string;
  /** Of the whole server, whatever is asked of it; a minute's are for each key. */
  readonly limits: LimitOptions;
  readonly queue?: QueueOptions;
  readonly timeouts: TimeoutOptions;
}
