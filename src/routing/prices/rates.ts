import type { TokenUsage } from "../../core/request-context.ts";
import type { KindPrices, PriceOptions } from "../models/model-options.ts";

/** What one token of each kind costs, in picodollars; nothing is left open. */
type Rates = Readonly<Record<keyof KindPrices, number>>;

interface Tier {
  readonly above: number;
  readonly rates: Rates;
}

/** A price, ready to be multiplied with what was used. */
export interface Tariff {
  readonly rates: Rates;
  /** The highest first. */
  readonly tiers: readonly Tier[];
  /** Of one web search, and of one request, in picodollars. */
  readonly webSearch: number;
  readonly request: number;
}

/** A dollar for a million tokens is so many picodollars for each; finer prices are rounded to a whole one. */
const PER_TOKEN = 1e6;
/** A dollar for a thousand. */
const PER_THOUSAND = 1e9;
const PER_DOLLAR = 1e12;

export function toTariff(price: PriceOptions): Tariff {
  const tiers: Tier[] = [];
  let prices: KindPrices = price;
  for (const { above, ...others } of price.tiers ?? []) {
    prices = { ...prices, ...others };
    tiers.unshift({ above, rates: toRates(prices) });
  }
  return {
    rates: toRates(price),
    tiers,
    webSearch: Math.round((price.webSearches ?? 0) * PER_THOUSAND),
    request: Math.round((price.request ?? 0) * PER_DOLLAR),
  };
}

function toRates({ input, output, ...kinds }: KindPrices): Rates {
  const { cachedInput = input, cacheWrite = input, cacheWriteHour = cacheWrite } = kinds;
  const { audioInput = input, reasoning = output, audioOutput = output, imageOutput = output } = kinds;
  const { cachedAudioInput = kinds.audioInput ?? cachedInput } = kinds;
  const rate = (dollars: number): number => Math.round(dollars * PER_TOKEN);
  return {
    input: rate(input),
    output: rate(output),
    cachedInput: rate(cachedInput),
    cacheWrite: rate(cacheWrite),
    cacheWriteHour: rate(cacheWriteHour),
    audioInput: rate(audioInput),
    cachedAudioInput: rate(cachedAudioInput),
    reasoning: rate(reasoning),
    audioOutput: rate(audioOutput),
    imageOutput: rate(imageOutput),
  };
}

/**
 * What a call of a model costs, exactly. Parts that are told as more than the whole are cut to it: no part is billed twice.
 * @returns picodollars
 */
export function costOf({ rates, tiers, webSearch, request }: Tariff, usage: TokenUsage): bigint {
  const input = whole(usage.billedInputTokens ?? usage.inputTokens);
  const output = whole(usage.billedOutputTokens ?? usage.outputTokens);
  let rate = rates;
  for (const tier of tiers) {
    if (input <= tier.above) continue;
    rate = tier.rates;
    break;
  }
  const cached = Math.min(whole(usage.cachedInputTokens), input);
  const created = Math.min(whole(usage.cacheCreationInputTokens), input - cached);
  const hour = Math.min(whole(usage.cacheCreationHourTokens), created);
  const cachedAudio = Math.min(whole(usage.cachedAudioTokens), cached);
  const heard = Math.max(0, whole(usage.inputAudioTokens) - cachedAudio);
  const audio = Math.min(heard, input - cached - created);
  const reasoning = Math.min(whole(usage.reasoningTokens), output);
  const spoken = Math.min(whole(usage.outputAudioTokens), output - reasoning);
  const drawn = Math.min(whole(usage.outputImageTokens), output - reasoning - spoken);
  const searches = whole(usage.webSearches);
  const text = input - cached - created - audio;
  const written = output - reasoning - spoken - drawn;
  const sum =
    text * rate.input +
    (cached - cachedAudio) * rate.cachedInput +
    cachedAudio * rate.cachedAudioInput +
    (created - hour) * rate.cacheWrite +
    hour * rate.cacheWriteHour +
    audio * rate.audioInput +
    written * rate.output +
    reasoning * rate.reasoning +
    spoken * rate.audioOutput +
    drawn * rate.imageOutput +
    searches * webSearch +
    request;
  // None of it is negative, so that no part is rounded if the sum is not: up to 9,007 dollars.
  if (sum <= Number.MAX_SAFE_INTEGER) return BigInt(sum);
  return exactly([
    ...[text, rate.input, cached - cachedAudio, rate.cachedInput, cachedAudio, rate.cachedAudioInput],
    ...[created - hour, rate.cacheWrite, hour, rate.cacheWriteHour, audio, rate.audioInput],
    ...[written, rate.output, reasoning, rate.reasoning, spoken, rate.audioOutput, drawn, rate.imageOutput],
    ...[searches, webSearch, request, 1],
  ]);
}

/** Providers are not trusted to tell whole numbers, or numbers that can be. */
const whole = (tokens: number | undefined): number =>
  tokens === undefined || !(tokens > 0) ? 0 : Math.min(Math.round(tokens), Number.MAX_SAFE_INTEGER);

/** The sum of the products of each two. */
function exactly(factors: readonly number[]): bigint {
  let sum = 0n;
  for (let index = 0; index < factors.length; index += 2) {
    sum += BigInt(factors[index] ?? 0) * BigInt(factors[index + 1] ?? 0);
  }
  return sum;
}
