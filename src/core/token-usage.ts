/** What a provider says a call used, in tokens; a member that it did not say is absent. */
export interface TokenUsage {
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  readonly totalTokens?: number;
  /** The part of the input that the provider had cached. */
  readonly cachedInputTokens?: number;
  /** What of the input the provider has cached for later. */
  readonly cacheCreationInputTokens?: number;
  /** The part of the output that is thought and not said. */
  readonly reasoningTokens?: number;
}
