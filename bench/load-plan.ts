import type { Answer } from "./chat-body.ts";
import type { Spread } from "./statistics.ts";

/** One run of load against one target. */
export interface LoadPlan {
  /** `closed`: each connection sends when its answer is done; `open`: requests are sent at a fixed rate, whatever comes back. */
  readonly loop: "closed" | "open";
  readonly answer: Answer;
  /** Size of the request body. */
  readonly bodyBytes: number;
  /** Connections in a closed loop, the most connections in an open one. */
  readonly connections: number;
  /** Requests a second; of no meaning in a closed loop. */
  readonly rate: number;
  /** No request is begun after this; those begun are waited for. */
  readonly seconds: number;
  /** At most this many requests are begun. */
  readonly requests: number;
}

/** What one run saw. All durations in milliseconds. */
export interface LoadResult {
  readonly requests: number;
  readonly errors: number;
  /** The first failures, told apart, for the operator's eye. */
  readonly reasons: readonly string[];
  /** From the first request to the last answer. */
  readonly seconds: number;
  readonly events: number;
  /** From the first byte sent to the last received. */
  readonly latency: Spread;
  /** From the first byte sent to the first whole event. */
  readonly firstEvent: Spread;
  /** Between one event and the next of the same stream. */
  readonly gap: Spread;
  /** How much later than planned requests were sent (open loop): large values mean that the generator is the limit. */
  readonly lateness: Spread;
}

/** What the bench asks of the load process; it answers each with one {@link LoadAnswer}, in order. */
export type LoadCommand =
  /** `credentials` are sent as bearer tokens in turn, one with each request; none where there are none. */
  | { readonly kind: "run"; readonly url: string; readonly plan: LoadPlan; readonly credentials: readonly string[] }
  | { readonly kind: "hold"; readonly url: string; readonly streams: number }
  | { readonly kind: "release" };

/** `result` of a `run`; `open`, the number of streams that gave an event, of a `hold`. */
export type LoadAnswer =
  | { readonly kind: "result"; readonly result: LoadResult }
  | { readonly kind: "open"; readonly streams: number }
  | { readonly kind: "released" }
  | { readonly kind: "failed"; readonly reason: string };
