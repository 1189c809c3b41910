import type { Provider } from "../../providers/provider.ts";
import { createBareNames, type FindBareName } from "../bare-names.ts";
import { findSimilarModels } from "../similar-models.ts";
import { providerNotCallable } from "../target-failures.ts";
import { CachedModelList, type CachedModelListOptions } from "./cached-model-list.ts";
import type { ModelList } from "./model-list.ts";

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
  /** They are in use from now on: asks, in the background, the providers that are new or changed. */
  start(): void;
  /** By the keys of their providers' endpoints. */
  readonly lists: ReadonlyMap<string, CachedModelList>;
  /** The models of configured providers that a name which none of them lists may have meant, as `provider/id`. */
  findSimilar(name: string): readonly string[];
}

export interface ModelListsOptions extends CachedModelListOptions {
  /** Called with the list of each new or changed provider that answers at once. */
  readonly onRead: (list: ModelList) => void;
  readonly providers: readonly Provider[];
  /** Those before the settings were read again: the list of a provider that is the same object as before goes on. */
  readonly previous?: ModelLists | undefined;
  /** Whether a model may be used, and so be suggested. */
  readonly isAllowed: (provider: Provider, modelId: string) => boolean;
}

/** Reads no list yet. */
export function createModelLists(options: ModelListsOptions): ModelLists {
  const { providers, previous, onRead, isAllowed, ...reading } = options;
  const callable = providers.filter((provider) => provider.callable);
  const { lists, continued } = continueLists(callable, reading, previous);
  const byProvider = new Map(lists.map((list) => [list.provider, list]));
  // Local servers that nobody configured may come and go: a name must not change its meaning with them.
  const configured = lists.filter(({ provider }) => provider.configured);
  /** Others are asked for their models only if a request names them. */
  const asked = lists.filter(({ provider }) => provider.configured || provider.probed === true);

  return {
    async ofProvider(provider) {
      const list = byProvider.get(provider);
      if (!list) throw providerNotCallable(provider);
      return list.show();
    },
    async all() {
      const shown = await Promise.all(asked.map((list) => list.showSoon()));
      return shown.filter((list) => list !== undefined);
    },
    findBareName: createBareNames(configured, reading.timers.now),
    findSimilar: (name) => findSimilarModels(configured, name, isAllowed),
    start() {
      for (const list of asked) {
        if (continued.has(list)) list.use(reading);
        else list.show().then(onRead, () => {});
      }
    },
    lists: new Map(lists.map((list) => [list.provider.endpointKey, list])),
  };
}

/** Apart, so that nothing that lives on holds the lists of before. */
function continueLists(
  providers: readonly Provider[],
  reading: CachedModelListOptions,
  previous: ModelLists | undefined,
): { readonly lists: readonly CachedModelList[]; readonly continued: ReadonlySet<CachedModelList> } {
  const continued = new Set<CachedModelList>();
  const lists = providers.map((provider) => {
    const before = previous?.lists.get(provider.endpointKey);
    if (before?.provider !== provider) return new CachedModelList(provider, reading, before);
    continued.add(before);
    return before;
  });
  return { lists, continued };
}
