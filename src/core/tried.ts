/** One attempt to have a request answered, as errors and the log tell it. */
export interface Tried {
  /** The provider's id. */
  readonly provider: string;
  /** In the provider's naming. */
  readonly model: string;
  /** Of the provider's answer, or of what the client would have been sent for it; absent if it answered well. */
  readonly status?: number;
  /** The code of the failure; absent if it answered well. */
  readonly why?: string;
}

/** What became of a request that several deployments could answer; read when the request is over. */
export interface RoutingRecord {
  /** The name of the gateway's own that was asked for; undefined if it was a provider's. */
  readonly alias: string | undefined;
  /** Every attempt, in the order in which they began. */
  readonly tried: readonly Tried[];
  /** How long it waited for room at a deployment; undefined if it did not. */
  readonly queuedMs: number | undefined;
}
