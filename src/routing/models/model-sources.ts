import type { Provider } from "../../providers/provider.ts";
import type { ModelOptions, ProviderRouting } from "./model-options.ts";

/** What models are built from: all of one configuration. */
export interface ModelSources {
  /** With the first of their keys, and the secrets of all of them. */
  readonly providers: readonly Provider[];
  /** The same for those with several keys, by id: one for each key, in the operator's order, the first one included. */
  readonly keyedProviders: ReadonlyMap<string, readonly Provider[]>;
  /** Of the providers that say limits or timeouts. */
  readonly providerRoutings: readonly ProviderRouting[];
  /** What the operator names, in the operator's order. */
  readonly models: readonly ModelOptions[];
  /** What `provider/model` means at providers with several keys, or limits: their names are `<id>/*`. */
  readonly plainModels: readonly ModelOptions[];
}
