import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import { listOf, countOf, objectOf, withoutUndefined } from "../../core/json/values.ts";
import type { Usage } from "../form/answer.ts";
import type { TokenUsage } from "../../core/request-context.ts";
import { toTokenUsage } from "../form/token-usage.ts";
import { readUsageAt } from "../usage.ts";

/**
 * Reads `usageMetadata`. Cached tokens are part of `promptTokenCount`; thoughts are not part of `candidatesTokenCount`,
 * nor is what tools of the provider's own brought part of the prompt.
 * https://ai.google.dev/api/generate-content#UsageMetadata
 * @returns undefined if it says nothing of tokens
 */
export function readUsage(usage: unknown): Usage | undefined {
  if (!isJsonObject(usage)) return undefined;
  const count = (name: string): number | undefined => countOf(usage[name]);
  const prompt = count("promptTokenCount");
  const candidates = count("candidatesTokenCount");
  const thoughts = count("thoughtsTokenCount");
  if (prompt === undefined && candidates === undefined && thoughts === undefined) return undefined;
  return {
    input: (prompt ?? 0) + (count("toolUsePromptTokenCount") ?? 0),
    output: (candidates ?? 0) + (thoughts ?? 0),
    cacheRead: count("cachedContentTokenCount"),
    cacheWrite: undefined,
    cacheWriteHour: undefined,
    reasoning: thoughts,
    audioInput: tokensOfModality(usage["promptTokensDetails"], "AUDIO"),
    audioCacheRead: tokensOfModality(usage["cacheTokensDetails"], "AUDIO"),
    audioOutput: tokensOfModality(usage["candidatesTokensDetails"], "AUDIO"),
    imageOutput: tokensOfModality(usage["candidatesTokensDetails"], "IMAGE"),
  };
}

/** Of a list in which Google says how many tokens are of which kind. https://ai.google.dev/api/generate-content#ModalityTokenCount */
function tokensOfModality(details: unknown, modality: string): number | undefined {
  for (const one of listOf(details)) {
    const said = objectOf(one);
    if (said?.["modality"] === modality) return countOf(said["tokenCount"]);
  }
  return undefined;
}

/** What a stream said of usage so far, with what it says now: counters are totals, and some events lack some. */
export const mergeUsage = (before: JsonObject, now: unknown): JsonObject =>
  isJsonObject(now) ? { ...before, ...now } : before;

const MARK = Buffer.from('"usageMetadata"');

/** Finds the usage in the last bytes of an answer of this API, without decoding the rest. */
export const readUsageMetadata = (bytes: Uint8Array): TokenUsage | undefined => readUsageAt(bytes, MARK, readMetadata);

function readMetadata(metadata: JsonObject): TokenUsage | undefined {
  const usage = readUsage(metadata);
  const total = countOf(metadata["totalTokenCount"]);
  return usage && { ...toTokenUsage(usage), ...(total !== undefined && { totalTokens: total }) };
}

/**
 * Writes `usageMetadata`: here thoughts are not part of the candidates' tokens, and cached tokens are part of the prompt's.
 * https://ai.google.dev/api/generate-content#UsageMetadata
 */
export function writeUsageMetadata({ input, output, cacheRead, reasoning }: Usage): JsonObject {
  return withoutUndefined({
    promptTokenCount: input,
    cachedContentTokenCount: cacheRead,
    candidatesTokenCount: Math.max(0, output - (reasoning ?? 0)),
    thoughtsTokenCount: reasoning,
    totalTokenCount: input + output,
  });
}
