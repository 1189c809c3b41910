import type { Provider } from "../providers/provider.ts";
import { createBareNames, type FindBareName } from "./bare-names.ts";
import { findSimilarModels } from "./similar-models.ts";
import { providerNotCallable } from "./target-failures.ts";
import { CachedModelList, type CachedModelListOptions, type ModelList } from "./cached-model-list.ts";

/** The model lists of all providers, cached. */
export interface ModelLists {
  /** The models of one provider. Throws `models_failed` or `models_timeout` if it has none to show. */
  ofProvider(provider: Provider): Promise<ModelList>;
  /** The lists of all providers, in table order; those that fail, or are slow, are left out. */
  all(): Promise<readonly ModelList[]>;
  /**
   * Which of the configured providers have a model of this bare id. Waits for at most one refresh, and only if the
   * lists at hand do not say.
   */
  readonly findBareName: FindBareName;
  /** The models of configured providers that a name which none of them lists may have meant, as `provider/id`. */
  findSimilar(name: string): readonly string[];
}

export interface ModelListsOptions extends CachedModelListOptions {
  readonly providers: readonly Provider[];
  /** Whether a model may be used, and so be suggested. */
  readonly isAllowed: (provider: Provider, modelId: string) => boolean;
}

/** Reads no list yet. */
export function createModelLists(options: ModelListsOptions): ModelLists {
  const lists = options.providers
    .filter((provider) => provider.callable)
    .map((provider) => new CachedModelList(provider, options));
  const byProvider = new Map(lists.map((list) => [list.provider, list]));
  // Local servers that nobody configured may come and go: a name must not change its meaning with them.
  const configured = lists.filter(({ provider }) => provider.configured);

  return {
    async ofProvider(provider) {
      const list = byProvider.get(provider);
      if (!list) throw providerNotCallable(provider);
      return list.show();
    },
    async all() {
      const shown = await Promise.all(lists.map((list) => list.showSoon()));
      return shown.filter((list) => list !== undefined);
    },
    findBareName: createBareNames(configured, options.timers.now),
    findSimilar: (name) => findSimilarModels(configured, name, options.isAllowed),
  };
}
