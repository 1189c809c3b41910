/**
 * What a call used, in tokens; a member that nobody said is absent. The same for all providers: OpenAI and Google count
 * cached tokens as a part of the input, Anthropic and Bedrock beside it; here they always are a part of it.
 */
export interface TokenUsage {
  /** All of the input: with what was read from a cache, written to one, and heard. */
  readonly inputTokens?: number;
  /** All of the output, with reasoning and speech. */
  readonly outputTokens?: number;
  /** As the provider says it. */
  readonly totalTokens?: number;
  /** The part of the input that the provider had cached. */
  readonly cachedInputTokens?: number;
  /** The part of the input that was written to a cache, for however long. */
  readonly cacheCreationInputTokens?: number;
  /** The part of `cacheCreationInputTokens` that is kept for an hour; the rest is for 5 minutes. */
  readonly cacheCreationHourTokens?: number;
  /** The part of the output that is reasoning. */
  readonly reasoningTokens?: number;
  /** The part of the input that is sound, cached sound included. */
  readonly inputAudioTokens?: number;
  /** The part of `inputAudioTokens` that is part of `cachedInputTokens` as well. */
  readonly cachedAudioTokens?: number;
  /** The part of the output that is sound. */
  readonly outputAudioTokens?: number;
  /** The part of the output that is pictures. */
  readonly outputImageTokens?: number;
  /** How many searches the provider made for the answer. No tokens, but billed beside them. */
  readonly webSearches?: number;
  /** What is billed, if that is another number: Cohere does not bill what it adds to prompts itself. */
  readonly billedInputTokens?: number;
  readonly billedOutputTokens?: number;
}

/**
 * Where the usage of an exchange comes from. `provider`: it said so; `estimated`: it did not, or not all of it, see
 * formats/estimate-usage.ts; `none`: a model was asked, and nothing is known to have been used.
 */
export type UsageSource = "provider" | "estimated" | "none";

/** What a sum says without what was in it before. Nothing becomes less than 0: some counters begin anew. */
export function subtractUsage(sum: TokenUsage, before: TokenUsage | undefined): TokenUsage {
  if (!before) return sum;
  const names = Object.keys(sum) as (keyof TokenUsage)[];
  return Object.fromEntries(names.map((name) => [name, Math.max(0, (sum[name] ?? 0) - (before[name] ?? 0))]));
}

/**
 * The usage of a stream that says some of it at its beginning and some at its end.
 * An end that repeats the input without what was cached, which Messages has beside it, does not take that away.
 */
export function joinUsage(start: TokenUsage | undefined, end: TokenUsage | undefined): TokenUsage | undefined {
  if (!start || !end) return end ?? start;
  const { inputTokens, cachedInputTokens, cacheCreationInputTokens } = end;
  if (inputTokens === undefined || start.inputTokens === undefined) return { ...start, ...end };
  const lost =
    (cachedInputTokens === undefined ? (start.cachedInputTokens ?? 0) : 0) +
    (cacheCreationInputTokens === undefined ? (start.cacheCreationInputTokens ?? 0) : 0);
  return { ...start, ...end, inputTokens: inputTokens + lost };
}
