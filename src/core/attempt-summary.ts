/** A deployment, as far as records go by it; the same one is the same object. */
export interface AskedDeployment {
  /** What its state is kept under. */
  readonly key: string;
  /** What people read: `openai/gpt-4o-mini`. */
  readonly label: string;
}

/** What became of one attempt, as errors and the log say it. */
export interface AttemptSummary {
  /** Id of the provider. */
  readonly provider: string;
  /** In the provider's naming. */
  readonly model: string;
  /** Of the provider's answer; absent if there was none, and if it answered well. */
  readonly status?: number;
  /** In a word: the code of a failure, or the provider's own name for its error; absent if it answered well. */
  readonly why?: string;
}

/** What became of a request that several deployments could answer; read when the request is over. */
export interface RoutingRecord {
  /** The name of the gateway's own that was asked for; undefined if it was a provider's. */
  readonly alias: string | undefined;
  /** Every attempt, in the order in which they began. */
  readonly tried: readonly AttemptSummary[];
  /** How long it waited for room at a deployment; undefined if it did not. */
  readonly queuedMs: number | undefined;
}
