import type { TimerSource } from "../core/deadlines.ts";
import { Failure, toFailure } from "../core/errors.ts";
import type { Provider } from "../providers/provider.ts";
import type { ListedModel } from "../providers/model-list-readers.ts";

/** A model with the provider that serves it. */
export interface ProviderModel extends ListedModel {
  readonly provider: Provider;
}

/** The model lists of all providers, cached. */
export interface ModelLists {
  /** The models of one provider. Throws `models_failed` or `models_timeout` where it has none to show. */
  ofProvider(provider: Provider): Promise<readonly ProviderModel[]>;
  /** The models of all providers, in table order; those that fail are left out. */
  all(): Promise<readonly ProviderModel[]>;
  /** The one provider whose list holds this bare model id; waits for at most one refresh where no list holds it yet. */
  providerOf(modelId: string): Promise<Provider | undefined>;
}

export interface ModelListsOptions {
  readonly providers: readonly Provider[];
  readonly fetchModels: (provider: Provider, signal: AbortSignal) => Promise<readonly ListedModel[]>;
  /** How long a list counts as fresh; a stale one is still served while one refresh runs. */
  readonly ttlMs: number;
  readonly timeoutMs: number;
  readonly timers: TimerSource;
  /** Told about every provider that could not be listed. */
  readonly onFailure: (provider: Provider, failure: Failure) => void;
}

/** An unknown name asks all providers again, but not more often than this. */
const UNKNOWN_NAME_INTERVAL_MS = 5_000;

interface CachedModelList {
  models: readonly ProviderModel[] | undefined;
  byId: ReadonlySet<string>;
  fetchedAt: number;
  pending: Promise<readonly ProviderModel[]> | undefined;
}

export function createModelLists(options: ModelListsOptions): ModelLists {
  const { providers, fetchModels, ttlMs, timeoutMs, onFailure } = options;
  const { now, setTimer, clearTimer } = options.timers;
  const shelves = new Map<Provider, CachedModelList>(
    providers.map((provider) => [
      provider,
      { models: undefined, byId: new Set<string>(), fetchedAt: Number.NEGATIVE_INFINITY, pending: undefined },
    ]),
  );
  const askable = providers.filter((provider) => provider.callable);
  let lastUnknownAt = Number.NEGATIVE_INFINITY;

  const shelfOf = (provider: Provider): CachedModelList => {
    const shelf = shelves.get(provider);
    if (!shelf) throw new Failure("provider_not_found");
    return shelf;
  };

  const refresh = async (provider: Provider, shelf: CachedModelList): Promise<readonly ProviderModel[]> => {
    const controller = new AbortController();
    const timer = setTimer(() => controller.abort(), timeoutMs);
    try {
      const listed = await fetchModels(provider, controller.signal);
      shelf.models = listed.map((model) => ({ ...model, provider }));
      shelf.byId = new Set(listed.map((model) => model.id));
      shelf.fetchedAt = now();
      return shelf.models;
    } catch (error) {
      // A provider that stopped answering must not be offered on the strength of an old list.
      shelf.models = undefined;
      const cause = toFailure(error);
      const code = controller.signal.aborted ? "models_timeout" : "models_failed";
      onFailure(provider, cause);
      throw new Failure(code, { provider: provider.id, cause });
    } finally {
      clearTimer(timer);
      shelf.pending = undefined;
    }
  };

  /** Concurrent callers share one fetch. */
  const fetchOnce = (provider: Provider, shelf: CachedModelList): Promise<readonly ProviderModel[]> =>
    (shelf.pending ??= refresh(provider, shelf));

  const ofProvider = async (provider: Provider): Promise<readonly ProviderModel[]> => {
    const shelf = shelfOf(provider);
    if (!shelf.models) return fetchOnce(provider, shelf);
    if (now() - shelf.fetchedAt >= ttlMs) fetchOnce(provider, shelf).catch(() => {});
    return shelf.models;
  };

  const all = async (): Promise<readonly ProviderModel[]> => {
    const lists = await Promise.allSettled(askable.map(ofProvider));
    return lists.flatMap((list) => (list.status === "fulfilled" ? list.value : []));
  };

  const holdersOf = (modelId: string): Provider[] => askable.filter((provider) => shelfOf(provider).byId.has(modelId));

  return {
    ofProvider,
    all,
    async providerOf(modelId) {
      // The lists keep fresh by being used; a listing that fails leaves the known ids in place.
      let holders = holdersOf(modelId);
      if (holders.length === 0 && now() - lastUnknownAt >= UNKNOWN_NAME_INTERVAL_MS) {
        lastUnknownAt = now();
        await Promise.allSettled(askable.map((provider) => fetchOnce(provider, shelfOf(provider))));
        holders = holdersOf(modelId);
      } else if (holders.length === 0) {
        await Promise.allSettled(askable.map((provider) => shelfOf(provider).pending));
        holders = holdersOf(modelId);
      }
      const [holder] = holders;
      if (!holder || holders.length > 1) return undefined;
      if (now() - shelfOf(holder).fetchedAt >= ttlMs) fetchOnce(holder, shelfOf(holder)).catch(() => {});
      return holder;
    },
  };
}
