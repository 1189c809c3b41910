import type { TokenUsage } from "../../core/request-context.ts";
import type { Usage } from "./answer.ts";

/** Usage as the gateway records it. */
export function toTokenUsage(usage: Usage): TokenUsage;
export function toTokenUsage(usage: Usage | undefined): TokenUsage | undefined;
export function toTokenUsage(usage: Usage | undefined): TokenUsage | undefined {
  if (!usage) return undefined;
  const { input, output, cacheRead, cacheWrite, cacheWriteHour, reasoning } = usage;
  const { audioInput, audioCacheRead, audioOutput, imageOutput, searches, billed } = usage;
  return {
    inputTokens: input,
    outputTokens: output,
    ...(cacheRead !== undefined && { cachedInputTokens: cacheRead }),
    ...(cacheWrite !== undefined && { cacheCreationInputTokens: cacheWrite }),
    ...(cacheWriteHour !== undefined && { cacheCreationHourTokens: cacheWriteHour }),
    ...(reasoning !== undefined && { reasoningTokens: reasoning }),
    ...(audioInput !== undefined && { inputAudioTokens: audioInput }),
    ...(audioCacheRead !== undefined && { cachedAudioTokens: audioCacheRead }),
    ...(audioOutput !== undefined && { outputAudioTokens: audioOutput }),
    ...(imageOutput !== undefined && { outputImageTokens: imageOutput }),
    ...(searches !== undefined && { webSearches: searches }),
    ...(billed && { billedInputTokens: billed.input, billedOutputTokens: billed.output }),
  };
}
