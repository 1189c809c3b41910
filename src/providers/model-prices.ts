import { isJsonObject, type JsonObject } from "../core/json/parse.ts";
import { decimalText } from "./decimal-text.ts";

/** What a model costs, for one token each, as decimals; what is not told is absent. */
export interface TokenPrices {
  /** By its three letters. */
  readonly currency: string;
  readonly input_per_token?: string;
  readonly output_per_token?: string;
  readonly cache_read_per_token?: string;
  readonly cache_write_per_token?: string;
}

const PRICE_NAMES = ["input_per_token", "output_per_token", "cache_read_per_token", "cache_write_per_token"] as const;
type PriceName = (typeof PRICE_NAMES)[number];

/** What each price is called; the first that is there counts. */
type Names = Readonly<Record<PriceName, readonly string[]>>;

const IN_PRICES: Names = {
  input_per_token: ["input_per_token", "prompt", "input", "input_tokens"],
  output_per_token: ["output_per_token", "completion", "output", "output_tokens"],
  cache_read_per_token: ["cache_read_per_token", "input_cache_read", "cached_input", "cache_read_tokens", "cached"],
  cache_write_per_token: ["cache_write_per_token", "input_cache_write", "cache_write_tokens", "cache_creation"],
};

/** Beside other members of an entry, where shorter names would be those of other things. */
const IN_ENTRIES: Names = {
  input_per_token: ["input_cost_per_token"],
  output_per_token: ["output_cost_per_token"],
  cache_read_per_token: ["cache_read_input_token_cost"],
  cache_write_per_token: ["cache_creation_input_token_cost"],
};

/** Where prices are in an entry. */
const HOLDERS: readonly (readonly [path: readonly string[], names: Names])[] = [
  // OpenRouter, Together, Vercel
  [["pricing"], IN_PRICES],
  [["price"], IN_PRICES],
  // DeepInfra
  [["metadata", "pricing"], IN_PRICES],
  // LiteLLM
  [["model_info"], IN_ENTRIES],
  [[], IN_ENTRIES],
];

/**
 * No model costs a thousand dollars for a million tokens: a number from here on is for a million of them, as Together and
 * DeepInfra have it. Texts are for one token, as OpenRouter has them.
 */
const MOST_PER_TOKEN = 0.001;

const CURRENCY = /^[A-Z]{3}$/;

/** Reads what a provider's entry says of prices; undefined if it has neither that of input nor that of output. */
export function readPrices(entry: JsonObject): TokenPrices | undefined {
  for (const [path, names] of HOLDERS) {
    let holder: unknown = entry;
    for (const member of path) holder = isJsonObject(holder) ? holder[member] : undefined;
    const prices = isJsonObject(holder) && saysOne(holder, names) ? readPricesOf(holder, names) : undefined;
    if (prices) return prices;
  }
  return undefined;
}

/** Whether it has a price of input or output, good or bad. */
function saysOne(holder: JsonObject, { input_per_token: inputs, output_per_token: outputs }: Names): boolean {
  for (const name of inputs) if (holder[name] !== undefined) return true;
  for (const name of outputs) if (holder[name] !== undefined) return true;
  return false;
}

function readPricesOf(holder: JsonObject, names: Names): TokenPrices | undefined {
  const said = PRICE_NAMES.map((price) => names[price].map((name) => holder[name]).find(isPrice));
  const areForMillion = said.some((value) => typeof value === "number" && value >= MOST_PER_TOKEN);
  const places = (value: unknown): number => (areForMillion && typeof value === "number" ? -6 : 0);
  const { currency } = holder;
  return tokenPrices(
    Object.fromEntries(PRICE_NAMES.map((price, index) => [price, decimalText(said[index], places(said[index]))])),
    typeof currency === "string" && CURRENCY.test(currency) ? currency : undefined,
  );
}

/** A price below zero says that it depends on what answers, as OpenRouter's of its own router does. */
function isPrice(value: unknown): boolean {
  return decimalText(value) !== undefined;
}

/** @returns undefined without a price of input or output */
export function tokenPrices(
  prices: { readonly [Price in PriceName]?: string | undefined },
  currency = "USD",
): TokenPrices | undefined {
  if (prices.input_per_token === undefined && prices.output_per_token === undefined) return undefined;
  // Providers that have no cache say that it costs nothing.
  const told = PRICE_NAMES.filter((price) => {
    const value = prices[price];
    return value !== undefined && (value !== "0" || !price.startsWith("cache_"));
  });
  return { currency, ...Object.fromEntries(told.map((price) => [price, prices[price]])) };
}
