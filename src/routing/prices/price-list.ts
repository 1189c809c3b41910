import type { BuiltInProviderId } from "../../providers/table.ts";
import type { Provider } from "../../providers/provider.ts";
import { canonicalModelName } from "../model-name.ts";
import type { PriceOptions } from "../models/model-options.ts";

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
 */
export async function loadPriceList(): Promise<PriceList> {
  const { calcPrice } = await import("@pydantic/genai-prices");
  return {
    find(provider, model, at) {
      const found = calcPrice({}, canonicalModelName(provider, model), { ...placeInList(provider), timestamp: at });
      const { input_mtok: input, output_mtok: output } = found?.model_price ?? {};
      if (input === undefined && output === undefined) return undefined;
      return { input: firstTier(input), output: firstTier(output) };
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

/** Some models cost more above so many tokens of a request. */
export function firstTier(price: number | { readonly base: number } | undefined): number {
  return typeof price === "object" ? price.base : (price ?? 0);
}
