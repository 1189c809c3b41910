import type { TokenUsage } from "../core/request-context.ts";
import { asBuffer } from "../core/json/bytes.ts";
import type { JsonLimits } from "../core/json/limits.ts";
import { isJsonObject, type JsonObject, parseJson } from "../core/json/parse.ts";
import { countOf, objectOf } from "../core/json/values.ts";

const MARK = Buffer.from('"usage"');
const OPEN_BRACE = 0x7b;
const COLON = 0x3a;

/** What a usage object says of tokens; undefined if nothing. */
export type ReadUsageObject = (usage: JsonObject) => TokenUsage | undefined;

/** How many mentions of usage are looked at, from the last one backwards. */
const MAX_CANDIDATES = 4;

/** A usage object is small; a longer span is not searched for its end. */
const MAX_USAGE_BYTES = 4096;

/** So short a text need not be looked through for its depth before it is parsed. */
const USAGE_LIMITS: JsonLimits = { depth: MAX_USAGE_BYTES / 2, values: MAX_USAGE_BYTES };

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
  const value = parseJson(body.subarray(start, end), USAGE_LIMITS);
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

/** As it is put together. */
type Told = { -readonly [Name in keyof TokenUsage]: TokenUsage[Name] };

/**
 * What a usage object says; undefined if it says nothing of tokens. Chat and embeddings say `prompt_tokens`, Messages
 * and Responses say `input_tokens`. Messages alone has cached tokens beside its input, and not in it: they are told by
 * their names, and added. https://docs.anthropic.com/en/api/messages#body-usage
 */
export const toTokenUsage = (usage: JsonObject): TokenUsage | undefined => {
  const prompt = countOf(usage["prompt_tokens"]);
  const said = prompt ?? countOf(usage["input_tokens"]);
  const output = countOf(usage["completion_tokens"]) ?? countOf(usage["output_tokens"]);
  if (said === undefined && output === undefined) return undefined;
  const told: Told = {};
  if (said !== undefined) told.inputTokens = said;
  if (output !== undefined) told.outputTokens = output;
  const total = countOf(usage["total_tokens"]);
  if (total !== undefined) told.totalTokens = total;
  const inputDetails = objectOf(usage["prompt_tokens_details"]) ?? objectOf(usage["input_tokens_details"]);
  addInput(told, usage, inputDetails);
  if (prompt === undefined && said !== undefined && !inputDetails) {
    told.inputTokens =
      said + (countOf(usage["cache_read_input_tokens"]) ?? 0) + (countOf(usage["cache_creation_input_tokens"]) ?? 0);
  }
  addOutput(told, usage, prompt);
  const searches = webSearches(usage);
  if (searches !== undefined) told.webSearches = searches;
  return told;
};

function addInput(told: Told, usage: JsonObject, details: JsonObject | undefined): void {
  const cached = cachedTokens(usage, details);
  if (cached !== undefined) told.cachedInputTokens = cached;
  const created = createdTokens(usage, details);
  if (created !== undefined) told.cacheCreationInputTokens = created;
  const hour = createdForHour(usage, details);
  if (hour !== undefined) told.cacheCreationHourTokens = hour;
  const audio = positiveOf(details?.["audio_tokens"]);
  if (audio !== undefined) told.inputAudioTokens = audio;
}

/** @param prompt what a chat completion says of its input: its total may count reasoning that its output leaves out */
function addOutput(told: Told, usage: JsonObject, prompt: number | undefined): void {
  const details = objectOf(usage["completion_tokens_details"]) ?? objectOf(usage["output_tokens_details"]);
  const reasoning = reasoningTokens(usage, details);
  const { outputTokens, totalTokens } = told;
  const hidden =
    prompt === undefined || outputTokens === undefined
      ? 0
      : hiddenReasoning(totalTokens, prompt, outputTokens, reasoning);
  if (hidden > 0) told.outputTokens = (outputTokens ?? 0) + hidden;
  if (hidden > 0 || reasoning !== undefined) told.reasoningTokens = reasoning ?? hidden;
  const audio = positiveOf(details?.["audio_tokens"]);
  if (audio !== undefined) told.outputAudioTokens = audio;
  const image = positiveOf(details?.["image_tokens"]);
  if (image !== undefined) told.outputImageTokens = image;
}

/** Whether a provider says that something was used: some say nothing by saying 0. */
export const saysUsage = (usage: TokenUsage | undefined): usage is TokenUsage =>
  usage !== undefined && ((usage.inputTokens ?? 0) > 0 || (usage.outputTokens ?? 0) > 0);

/*
 * Where the APIs of OpenAI, and what calls itself compatible with them, and Anthropic say of what kind the tokens of a
 * usage object are. Undefined is not said.
 */

/** A count of what most answers have none of, where some providers always say 0. */
export const positiveOf = (value: unknown): number | undefined =>
  (countOf(value) ?? 0) > 0 ? countOf(value) : undefined;

/** What a provider had in its cache: DeepSeek, Moonshot and Mistral have names of their own for it. */
export const cachedTokens = (usage: JsonObject, input: JsonObject | undefined): number | undefined =>
  countOf(input?.["cached_tokens"]) ??
  countOf(usage["prompt_cache_hit_tokens"]) ??
  countOf(usage["cached_tokens"]) ??
  countOf(usage["num_cached_tokens"]) ??
  countOf(usage["cache_read_input_tokens"]);

/** What was written to a cache, for however long. */
export const createdTokens = (usage: JsonObject, input: JsonObject | undefined): number | undefined =>
  countOf(input?.["cache_write_tokens"]) ??
  countOf(input?.["cache_creation_tokens"]) ??
  countOf(input?.["cache_creation_input_tokens"]) ??
  countOf(usage["cache_creation_input_tokens"]);

/** The part of it that is kept for an hour. */
export const createdForHour = (usage: JsonObject, input: JsonObject | undefined): number | undefined =>
  countOf((objectOf(usage["cache_creation"]) ?? objectOf(input?.["cache_creation"]))?.["ephemeral_1h_input_tokens"]);

/** Anthropic calls it thinking. */
export const reasoningTokens = (usage: JsonObject, output: JsonObject | undefined): number | undefined =>
  countOf(output?.["reasoning_tokens"]) ?? countOf(output?.["thinking_tokens"]) ?? countOf(usage["reasoning_tokens"]);

/**
 * xAI and Google leave reasoning out of `completion_tokens` and count it in the total.
 * @returns how many tokens of output `completion_tokens` is short of
 */
export function hiddenReasoning(
  total: number | undefined,
  input: number | undefined,
  said: number | undefined,
  reasoning: number | undefined,
): number {
  const hidden = (total ?? 0) - (input ?? 0) - (said ?? 0);
  return hidden > 0 && (reasoning === undefined || reasoning === hidden) ? hidden : 0;
}

/** Anthropic's web searches, those of Perplexity, and those of xAI's tools. */
export const webSearches = (usage: JsonObject): number | undefined =>
  positiveOf(objectOf(usage["server_tool_use"])?.["web_search_requests"]) ??
  positiveOf(usage["num_search_queries"]) ??
  positiveOf(objectOf(usage["server_side_tool_usage_details"])?.["web_search_calls"]);
