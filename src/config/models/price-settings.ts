import { shownPath } from "../file/file-node.ts";
import type { NamedPrice } from "../file/file-parts.ts";
import type { FilePrice } from "../file/price-section.ts";
import { faultLine } from "../file/config-file.ts";
import type { KnownProviders } from "./check-providers.ts";
import type { Suggest } from "./suggest.ts";

/*
 * What routing is told of prices, in its own terms: it declares these types, which match structurally. US dollars for a
 * million tokens, for a thousand searches, and for one request.
 */

type Tier = NonNullable<FilePrice["tiers"]>[number];
type Kinds = Omit<Tier, "above" | "input" | "output">;

/** What the operator says of a price. */
export function priceSettings({ input, output, web_searches: webSearches, request, tiers, ...kinds }: FilePrice) {
  return {
    ...{ input, output, ...kindSettings(kinds) },
    ...(webSearches !== undefined && { webSearches }),
    ...(request !== undefined && { request }),
    ...(tiers && { tiers: tiers.map(tierSettings) }),
  };
}

const tierSettings = ({ above, input, output, ...kinds }: Tier) => ({
  above,
  ...(input !== undefined && { input }),
  ...(output !== undefined && { output }),
  ...kindSettings(kinds),
});

const kindSettings = (kinds: Kinds) => ({
  ...(kinds.cached_input !== undefined && { cachedInput: kinds.cached_input }),
  ...(kinds.cache_write !== undefined && { cacheWrite: kinds.cache_write }),
  ...(kinds.cache_write_1h !== undefined && { cacheWriteHour: kinds.cache_write_1h }),
  ...(kinds.audio_input !== undefined && { audioInput: kinds.audio_input }),
  ...(kinds.cached_audio_input !== undefined && { cachedAudioInput: kinds.cached_audio_input }),
  ...(kinds.reasoning !== undefined && { reasoning: kinds.reasoning }),
  ...(kinds.audio_output !== undefined && { audioOutput: kinds.audio_output }),
  ...(kinds.image_output !== undefined && { imageOutput: kinds.image_output }),
});

/** The price of a model, or of all whose name it stands for. */
export type PriceSettings = ReturnType<typeof namedPrice>;

/** @param price of a provider's model */
export function namedPrice({ provider, model, value }: Omit<NamedPrice, "places">) {
  return Object.freeze({ name: `${provider}.${model}`, provider, model, price: Object.freeze(priceSettings(value)) });
}

/** What is wrong with prices. @param known undefined if something is wrong with the providers */
export function checkPrices(
  prices: readonly NamedPrice[],
  known: KnownProviders | undefined,
  fileName: string,
  suggest: Suggest,
): readonly string[] {
  return prices.flatMap(({ provider, model, value, places }) => {
    const path = ["prices", provider, model];
    const complain = (text: string, further: readonly (string | number)[] = []): readonly string[] => {
      const name = shownPath([...path, ...further]);
      return [
        faultLine(fileName, places[name] ?? places[shownPath(path)] ?? { line: 1, column: 1 }, `${name} ${text}`),
      ];
    };
    if (known && !known.providers.has(provider)) {
      const expected = "expected the id of a provider that is built in, or is in providers";
      return complain(`is for no provider${suggest(provider, known.providers.keys())}: ${expected}`);
    }
    if (model.split("*").length > 2) return complain("has more than one *: expected a name with one * at most");
    const index = findTierFault(value);
    return index === undefined ? [] : complain(TIER_FAULT, ["tiers", index, "above"]);
  });
}

export const TIER_FAULT = "is not above the tier before: expected a larger number";

/** The tier of a price that does not begin above the one before it; undefined if all do. */
export function findTierFault({ tiers = [] }: Pick<FilePrice, "tiers">): number | undefined {
  const index = tiers.findIndex(({ above }, at) => above <= (tiers[at - 1]?.above ?? 0));
  return index < 0 ? undefined : index;
}
