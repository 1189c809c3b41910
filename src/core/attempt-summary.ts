/** What became of one attempt, for whoever reads the error of a request that several were made for. */
export interface AttemptSummary {
  /** Id of the provider. */
  readonly provider: string;
  /** In the provider's naming. */
  readonly model: string;
  /** Of its answer; absent if there was none. */
  readonly status?: number;
  /** In a word: the code of a failure, or the provider's own name for its error. */
  readonly why: string;
}
