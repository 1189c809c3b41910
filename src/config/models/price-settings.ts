import type { NamedPrice } from "../file/file-parts.ts";
import type { FilePrice } from "../file/price-section.ts";

/*
 * What routing is told of prices, in its own terms: it declares these types, which match structurally. US dollars for a
 * million tokens, for a thousand searches, and for one request.
 */

type Tier = NonNullable<FilePrice["tiers"]>[number];
type Kinds = Omit<Tier, "above" | "input" | "output">;

/** What the operator says of a price. */
export function priceSettings({ input, output, web_searches: webSearches, request, tiers, ...kinds }: FilePrice) {
  return {
    input,
    output,
    ...kindSettings(kinds),
    ...(webSearches !== undefined && { webSearches }),
    ...(request !== undefined && { request }),
    ...(tiers && { tiers: Object.freeze(tiers.map(tierSettings)) }),
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
