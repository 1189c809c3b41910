import type { BuiltInProviderId } from "../../providers/table.ts";
import type { Provider } from "../../providers/provider.ts";
import { canonicalModelName } from "../model-name.ts";
import type { ModelPrice, PriceOptions as CalcOptions } from "@pydantic/genai-prices";
import type { KindPrices, PriceOptions } from "../models/model-options.ts";
import type { ListedProviders } from "./listed-providers.ts";

/** What models cost, by provider. */
export interface PriceList {
  /**
   * What the list says, at that moment: some providers are cheaper at night.
   * @param model in the provider's naming
   * @returns undefined for a model that the list does not have, or that is not paid for by the token
   */
  find(provider: Provider, model: string, at: Date): PriceOptions | undefined;
}

/** The providers of the list by ours. Named one by one: the list itself takes any id that contains `openai` for OpenAI's. */
const LISTED = {
  openai: "openai",
  anthropic: "anthropic",
  cohere: "cohere",
  groq: "groq",
  cloudflare: "cloudflare",
  cloudflare_gateway: "cloudflare",
  deepseek: "deepseek",
  mistral: "mistral",
  moonshot: "moonshotai",
  google: "google",
  vertex: "google",
  minimax: "minimax",
  zai: "zai",
  azure: "azure",
  bedrock: "aws",
  openrouter: "openrouter",
  xai: "x-ai",
  together: "together",
  fireworks: "fireworks",
  perplexity: "perplexity",
  cerebras: "cerebras",
  baseten: "baseten",
} as const satisfies Partial<Record<BuiltInProviderId, string>>;

const listed: ReadonlyMap<string, string> = new Map(Object.entries(LISTED));

/**
 * Loads the price list that is built in: the data of genai-prices, as of its version in bun.lock; nothing is fetched. It takes
 * 20 MB of memory and some 25 ms, so whoever needs no prices does not load it. https://github.com/pydantic/genai-prices
 * @param newer asked each time: data that was fetched, which is used in place of what is built in; undefined while there is none
 */
export async function loadPriceList(newer: () => ListedProviders | undefined = () => undefined): Promise<PriceList> {
  const { calcPrice } = await import("@pydantic/genai-prices");
  return {
    find(provider, model, at) {
      const where = placeInList(provider);
      const name = canonicalModelName(provider, model);
      const ask = (place: CalcOptions): PriceOptions | undefined => {
        const found = calcPrice({}, name, { ...place, timestamp: at });
        return found ? toPrice(found.model_price) : undefined;
      };
      const fetched = newer()?.find(where);
      if (!fetched) return ask(where);
      try {
        return ask({ provider: fetched });
      } catch {
        // It may have a form that this version of the list's code does not know.
        return ask(where);
      }
    },
  };
}

/** How a provider is looked up there: a second account at a provider's own address is a custom provider under another id. */
export function placeInList({
  id,
  baseUrl,
}: Provider): { readonly providerId: string } | { readonly providerApiUrl: string } {
  const providerId = listed.get(id);
  return providerId === undefined ? { providerApiUrl: baseUrl } : { providerId };
}

type Listed = Readonly<ModelPrice>;

/** Kinds of tokens, by what the list calls them. */
const KINDS: Readonly<Record<keyof KindPrices, string>> = {
  input: "input_mtok",
  output: "output_mtok",
  cachedInput: "cache_read_mtok",
  cacheWrite: "cache_write_mtok",
  cacheWriteHour: "cache_write_1h_mtok",
  audioInput: "input_audio_mtok",
  cachedAudioInput: "cache_audio_read_mtok",
  reasoning: "output_reasoning_mtok",
  audioOutput: "output_audio_mtok",
  imageOutput: "output_image_mtok",
};

const NAMES = Object.keys(KINDS) as (keyof KindPrices)[];

/** @returns undefined if it is not paid for by the token */
function toPrice(listed: Listed): PriceOptions | undefined {
  const { input_mtok: input, output_mtok: output } = listed;
  if (input === undefined && output === undefined) return undefined;
  const starts = new Set(NAMES.flatMap((name) => tiersOf(listed[KINDS[name]]).map(({ start }) => start)));
  const tiers = [...starts].sort((one, other) => one - other).map((above) => ({ above, ...pricesAt(listed, above) }));
  const searches = firstTier(listed["web_searches_kcount"]);
  const requests = firstTier(listed["requests_kcount"]);
  return {
    input: 0,
    output: 0,
    ...pricesAt(listed, 0),
    ...(searches !== undefined && { webSearches: searches }),
    ...(requests !== undefined && { request: requests / 1000 }),
    ...(tiers.length > 0 && { tiers }),
  };
}

/** What is said of requests with more tokens than so many. */
function pricesAt(listed: Listed, above: number): Partial<KindPrices> {
  const prices: { -readonly [Name in keyof KindPrices]?: number } = {};
  for (const name of NAMES) {
    const said = listed[KINDS[name]];
    if (said === undefined) continue;
    prices[name] = tiersOf(said).findLast(({ start }) => start <= above)?.price ?? firstTier(said) ?? 0;
  }
  return prices;
}

type Said = Listed[string];

const tiersOf = (said: Said): readonly { readonly start: number; readonly price: number }[] =>
  typeof said === "object" ? said.tiers : [];

/** Some models cost more above so many tokens of a request: this is what they cost below. */
export const firstTier = (said: Said): number | undefined => (typeof said === "object" ? said.base : said);
