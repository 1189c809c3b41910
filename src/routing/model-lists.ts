import { Failure } from "../core/errors.ts";
import type { Provider } from "../providers/provider.ts";
import { createBareNames, type FindBareName } from "./bare-names.ts";
import { CachedModelList, type CachedModelListOptions, type ModelList } from "./cached-model-list.ts";

/** The model lists of all providers, cached. */
export interface ModelLists {
  /** The models of one provider. Throws `models_failed` or `models_timeout` if it has none to show. */
  ofProvider(provider: Provider): Promise<ModelList>;
  /** The lists of all providers, in table order; those that fail are left out. */
  all(): Promise<readonly ModelList[]>;
  /**
   * Which of the configured providers have a model of this bare id. Waits for at most one refresh, and only if the
   * lists at hand do not say.
   */
  readonly findBareName: FindBareName;
}

export interface ModelListsOptions extends CachedModelListOptions {
  readonly providers: readonly Provider[];
}

/** Reads no list yet. */
export function createModelLists(options: ModelListsOptions): ModelLists {
  const lists = options.providers
    .filter((provider) => provider.callable)
    .map((provider) => new CachedModelList(provider, options));
  const byProvider = new Map(lists.map((list) => [list.provider, list]));

  return {
    async ofProvider(provider) {
      const list = byProvider.get(provider);
      if (!list) throw new Failure("provider_key_missing", { provider: provider.id });
      return list.show();
    },
    async all() {
      const shown = await Promise.allSettled(lists.map((list) => list.show()));
      return shown.flatMap((list) => (list.status === "fulfilled" ? [list.value] : []));
    },
    // Local servers that nobody configured may come and go: a name must not change its meaning with them.
    findBareName: createBareNames(
      lists.filter(({ provider }) => provider.configured),
      options.timers.now,
    ),
  };
}
