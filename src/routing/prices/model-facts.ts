import { decimalText } from "../../providers/decimal-text.ts";
import { type ModelExtras, readTokens } from "../../providers/model-extras.ts";
import { tokenPrices } from "../../providers/model-prices.ts";
import type { Provider } from "../../providers/provider.ts";
import { canonicalModelName } from "../model-name.ts";
import { firstTier, placeInList } from "./price-list.ts";

/** The day of the data that is built in: that of the release of genai-prices in bun.lock. */
export const BUILT_IN = { version: "0.1.8", releasedAt: "2026-09-23T10:11:04Z" } as const;

/** What the built-in list knows of models, for people and programs that choose among them. */
export interface ModelFacts {
  /** Whether it has the provider. */
  has(provider: Provider): boolean;
  /**
   * What it says at that moment; takes up to 150 µs.
   * @param model in the provider's naming
   */
  find(provider: Provider, model: string, at: Date): ModelExtras | undefined;
}

/** Loads the list that {@link ./price-list.ts} loads as well; the two share its memory. */
export async function loadModelFacts(): Promise<ModelFacts> {
  const { calcPrice, findProvider } = await import("@pydantic/genai-prices");
  return {
    has: (provider) => findProvider(placeInList(provider)) !== undefined,
    find(provider, model, at) {
      const found = calcPrice({}, canonicalModelName(provider, model), { ...placeInList(provider), timestamp: at });
      if (!found) return undefined;
      const { input_mtok, output_mtok, cache_read_mtok, cache_write_mtok } = found.model_price;
      const window = readTokens(found.model.context_window);
      const pricing = tokenPrices({
        input_per_token: perToken(input_mtok),
        output_per_token: perToken(output_mtok),
        cache_read_per_token: perToken(cache_read_mtok),
        cache_write_per_token: perToken(cache_write_mtok),
      });
      return { ...(window !== undefined && { context_window: window }), ...(pricing && { pricing }) };
    },
  };
}

/** The list has prices for a million tokens. */
function perToken(price: Parameters<typeof firstTier>[0]): string | undefined {
  const first = firstTier(price);
  return first === undefined ? undefined : decimalText(first, -6);
}
