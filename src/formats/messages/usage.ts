import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import type { Usage } from "../form/answer.ts";
import { countOf, objectOf } from "../../core/json/values.ts";
import { webSearches } from "../usage.ts";

/**
 * Reads `usage`. On this wire `input_tokens` is without what was read from or written to a cache.
 * @returns undefined if it says nothing of tokens
 */
export function readUsage(usage: unknown): Usage | undefined {
  if (!isJsonObject(usage)) return undefined;
  const input = countOf(usage["input_tokens"]);
  const output = countOf(usage["output_tokens"]);
  if (input === undefined && output === undefined) return undefined;
  const cacheRead = countOf(usage["cache_read_input_tokens"]);
  const creation = objectOf(usage["cache_creation"]);
  const cacheWriteHour = countOf(creation?.["ephemeral_1h_input_tokens"]);
  const cacheWrite = countOf(usage["cache_creation_input_tokens"]);
  return {
    input: (input ?? 0) + (cacheRead ?? 0) + (cacheWrite ?? 0),
    output: output ?? 0,
    cacheRead,
    cacheWrite,
    cacheWriteHour,
    reasoning: countOf(objectOf(usage["output_tokens_details"])?.["thinking_tokens"]),
    searches: webSearches(usage),
  };
}

/** What a provider said of usage so far, with what it says now: counters are totals, and null says nothing. */
export function mergeUsage(before: JsonObject, now: JsonObject): JsonObject {
  const said = Object.entries(now).filter(([, value]) => value !== null && value !== undefined);
  return { ...before, ...Object.fromEntries(said) };
}

/** The usage of the last event of a stream, or undefined parts of it as null. */
export function writeDeltaUsage(usage: Usage | undefined): JsonObject {
  const { input = 0, output = 0, cacheRead, cacheWrite, reasoning } = usage ?? {};
  return {
    input_tokens: Math.max(0, input - (cacheRead ?? 0) - (cacheWrite ?? 0)),
    cache_creation_input_tokens: cacheWrite ?? null,
    cache_read_input_tokens: cacheRead ?? null,
    output_tokens: output,
    output_tokens_details: reasoning === undefined ? null : { thinking_tokens: reasoning },
    server_tool_use: null,
  };
}

/** The usage of a whole answer, every member of it. */
export function writeUsage(usage: Usage | undefined): JsonObject {
  const hour = usage?.cacheWriteHour;
  const creation =
    hour === undefined
      ? null
      : {
          ephemeral_5m_input_tokens: Math.max(0, (usage?.cacheWrite ?? 0) - hour),
          ephemeral_1h_input_tokens: hour,
        };
  return {
    ...writeDeltaUsage(usage),
    cache_creation: creation,
    service_tier: null,
    inference_geo: null,
    speed: null,
  };
}
