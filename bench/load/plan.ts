import type { Spread } from "../measure/statistics.ts";
import type { Answer } from "../../test/fixtures/load-provider-answers.ts";

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
  /** Events that streams which were asked for did not bring. */
  readonly missing: number;
  /** Those of paced streams that were in one chunk with the one before: the mock sends a chunk for each. */
  readonly merged: number;
  /** From the first byte sent to the last received. */
  readonly latency: Spread;
  /** From the first byte sent to the first whole event. */
  readonly firstEvent: Spread;
}

/** What the bench asks of the load process, one at a time. */
export interface LoadCommand {
  /** Connections are spread evenly over them. */
  readonly urls: readonly string[];
  readonly plan: LoadPlan;
  readonly model?: string | undefined;
  /** Those of one request after the other, in turn; there is one at least. */
  readonly headers: readonly Readonly<Record<string, string>>[];
}

/** What it answers: a result, or why there is none. */
export type LoadReply = LoadResult | { readonly failed: string };
