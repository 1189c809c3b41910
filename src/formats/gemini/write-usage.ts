import type { JsonObject } from "../../core/json/parse.ts";
import { withoutUndefined } from "../../core/json/values.ts";
import type { Usage } from "../form/answer.ts";

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
