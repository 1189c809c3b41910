import type { TokenUsage } from "../core/request-context.ts";
import { asBuffer } from "../core/json/bytes.ts";
import { isJsonObject, type JsonObject, parseJson } from "../core/json/parse.ts";

const MARK = Buffer.from('"usage"');
const OPEN_BRACE = 0x7b;
const COLON = 0x3a;

/** What a usage object says of tokens; undefined if nothing. */
export type ReadUsageObject = (usage: JsonObject) => TokenUsage | undefined;

/** How many mentions of usage are looked at, from the last one backwards. */
const MAX_CANDIDATES = 4;

/** A usage object is small; a longer span is not searched for its end. */
const MAX_USAGE_BYTES = 4096;

/**
 * Finds the last usage report in bytes of any format, whole or cut anywhere, without decoding the rest.
 * Quotes inside JSON strings are escaped, so text that talks about usage is never mistaken for it.
 */
export const readUsage = (bytes: Uint8Array): TokenUsage | undefined => readUsageAt(bytes, MARK, toTokenUsage);

/**
 * The same of another format.
 * @param mark the name of the member that has it, quotes included
 * @param read what its value says, if anything
 */
export const readUsageAt = (bytes: Uint8Array, mark: Buffer, read: ReadUsageObject): TokenUsage | undefined => {
  const body = asBuffer(bytes);
  let from = body.length;
  for (let candidate = 0; candidate < MAX_CANDIDATES; candidate++) {
    const at = body.lastIndexOf(mark, from);
    if (at < 0) return undefined;
    const usage = readObjectBehind(body, at + mark.length, read);
    if (usage) return usage;
    from = at - 1;
    if (from < 0) return undefined;
  }
  return undefined;
};

/** Finds the first usage report in the bytes with which a stream begins. */
export const readFirstUsage = (bytes: Uint8Array): TokenUsage | undefined => {
  const body = asBuffer(bytes);
  const mark = body.indexOf(MARK);
  return mark < 0 ? undefined : readObjectBehind(body, mark + MARK.length, toTokenUsage);
};

const readObjectBehind = (body: Buffer, from: number, read: ReadUsageObject): TokenUsage | undefined => {
  const start = body.indexOf(OPEN_BRACE, from);
  // Between the name and its object are a colon and perhaps space; anything else is `null` or not a usage object.
  if (start < 0 || !isColon(body, from, start)) return undefined;
  const end = endOfObject(body, start);
  if (end < 0) return undefined;
  const value = parseJson(body.subarray(start, end));
  return isJsonObject(value) ? read(value) : undefined;
};

/** Whether nothing but a colon, and perhaps space, is between two positions. */
const isColon = (body: Buffer, from: number, to: number): boolean => {
  let colons = 0;
  for (let position = from; position < to; position++) {
    if (body[position] === COLON) colons += 1;
    else if ((body[position] as number) > 0x20) return false;
  }
  return colons === 1;
};

/** Usage objects hold numbers and objects of numbers, so braces can be counted without minding strings. */
const endOfObject = (body: Buffer, start: number): number => {
  let depth = 0;
  const limit = Math.min(body.length, start + MAX_USAGE_BYTES);
  for (let position = start; position < limit; position++) {
    if (body[position] === OPEN_BRACE) depth++;
    else if (body[position] === 0x7d && --depth === 0) return position + 1;
  }
  return -1;
};

/**
 * What a usage object says; undefined if it says nothing of tokens. Chat and embeddings say `prompt_tokens`, Messages
 * and Responses say `input_tokens`.
 */
export const toTokenUsage = (usage: JsonObject): TokenUsage | undefined => {
  const inputTokens = firstNumber(usage["prompt_tokens"], usage["input_tokens"]);
  const outputTokens = firstNumber(usage["completion_tokens"], usage["output_tokens"]);
  if (inputTokens === undefined && outputTokens === undefined) return undefined;
  const totalTokens = firstNumber(usage["total_tokens"], undefined);
  const details = usage["prompt_tokens_details"] ?? usage["input_tokens_details"];
  const cachedInputTokens = firstNumber(
    isJsonObject(details) ? details["cached_tokens"] : undefined,
    usage["cache_read_input_tokens"],
  );
  const cacheCreation = firstNumber(
    isJsonObject(details) ? details["cache_write_tokens"] : undefined,
    usage["cache_creation_input_tokens"],
  );
  const outputDetails = usage["completion_tokens_details"] ?? usage["output_tokens_details"];
  const reasoningTokens = isJsonObject(outputDetails) ? outputDetails["reasoning_tokens"] : undefined;
  const told: { -readonly [Name in keyof TokenUsage]: TokenUsage[Name] } = {};
  if (inputTokens !== undefined) told.inputTokens = inputTokens;
  if (outputTokens !== undefined) told.outputTokens = outputTokens;
  if (totalTokens !== undefined) told.totalTokens = totalTokens;
  if (cachedInputTokens !== undefined) told.cachedInputTokens = cachedInputTokens;
  if (cacheCreation !== undefined) told.cacheCreationInputTokens = cacheCreation;
  if (typeof reasoningTokens === "number") told.reasoningTokens = reasoningTokens;
  return told;
};

const firstNumber = (first: unknown, second: unknown): number | undefined =>
  typeof first === "number" ? first : typeof second === "number" ? second : undefined;
