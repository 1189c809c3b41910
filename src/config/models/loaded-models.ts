import type { Places } from "../file/file-parts.ts";
import type { CompleteModel } from "./complete-model.ts";
import type { PriceSettings } from "./price-settings.ts";
import type { ModelSettings, ProviderRoutingSettings } from "./model-settings.ts";

/** What files say of models and providers that no variable says, with all that is not said filled in. */
export interface LoadedModels {
  /** In the operator's order. */
  readonly models: readonly ModelSettings[];
  /** What `provider/model` means at providers with several keys, or limits; their names are `<id>/*`. */
  readonly plainModels: readonly ModelSettings[];
  readonly providerRoutings: readonly ProviderRoutingSettings[];
  /** What models cost, as the operator says it. */
  readonly prices: readonly PriceSettings[];
  /** The same as it would be written. Only printed. */
  readonly writtenParts: readonly WrittenPart[];
}

/** A part of a file with what it does not say. */
export interface WrittenPart {
  readonly path: readonly string[];
  readonly value: CompleteModel | object;
  readonly fileName: string;
  readonly places: Places;
}

export const NO_MODELS: LoadedModels = Object.freeze({
  models: Object.freeze([]),
  plainModels: Object.freeze([]),
  providerRoutings: Object.freeze([]),
  prices: Object.freeze([]),
  writtenParts: Object.freeze([]),
});
