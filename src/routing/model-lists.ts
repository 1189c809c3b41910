import type { TimerSource } from "../core/deadlines.ts";
import { Failure, toFailure } from "../core/errors.ts";
import { createBareNames, type FindBareName, type NameList } from "./bare-names.ts";
import type { Provider } from "../providers/provider.ts";
import type { ListedModel } from "../providers/model-list-readers.ts";

/** The models of one provider, as it listed them at one time. Never changes, so that what is made from it can be kept. */
export interface ModelList {
  readonly provider: Provider;
  /** By their ids, in the provider's order; what it listed twice stands here once. */
  readonly models: ReadonlyMap<string, ListedModel>;
}

/** The model lists of all providers, cached. */
export interface ModelLists {
  /** The models of one provider. Throws `models_failed` or `models_timeout` where it has none to show. */
  ofProvider(provider: Provider): Promise<ModelList>;
  /** The lists of all providers, in table order; those that fail are left out. */
  all(): Promise<readonly ModelList[]>;
  /**
   * Which of the configured providers have a model of this bare id. Waits for at most one refresh, and only where the
   * lists at hand do not say.
   */
  readonly findBareName: FindBareName;
}

export interface ModelListsOptions {
  readonly providers: readonly Provider[];
  readonly fetchModels: (provider: Provider, signal: AbortSignal) => Promise<readonly ListedModel[]>;
  /** How long a list counts as fresh; a stale one is still served while one refresh runs. */
  readonly ttlMs: number;
  readonly timeoutMs: number;
  readonly timers: TimerSource;
  /** Called with every provider that could not be listed. */
  readonly onFailure: (provider: Provider, failure: Failure) => void;
  /** Called with a provider whose list was never read, once bare names do not wait for it any more. */
  readonly onGivenUp: (provider: Provider) => void;
}

/**
 * How long bare names wait for a list that was never read: restarts of a provider are over in less, and one that has no
 * list at all must not keep them waiting for good.
 */
const GIVE_UP_AFTER_MS = 60_000;

/** One failure and then a quiet minute prove nothing. */
const GIVE_UP_AFTER_FAILURES = 3;

/** One provider's list and what happened when it was read. */
interface CachedList {
  readonly provider: Provider;
  /** What is shown; absent after a failure: a provider that stopped answering must not be offered by an old list. */
  shown: ModelList | undefined;
  /** The last one that was read, whatever has failed since. */
  known: ModelList | undefined;
  fetchedAt: number;
  pending: Promise<ModelList> | undefined;
  failures: number;
  firstFailureAt: number;
  lastFailureAt: number;
  isGivenUp: boolean;
}

export function createModelLists(options: ModelListsOptions): ModelLists {
  const { providers, fetchModels, ttlMs, timeoutMs, onFailure, onGivenUp } = options;
  const { now, setTimer, clearTimer } = options.timers;
  const callable = providers.filter((provider) => provider.callable).map(emptyList);
  const byProvider = new Map(callable.map((cached) => [cached.provider, cached]));

  const isStale = (cached: CachedList): boolean => now() - cached.fetchedAt >= ttlMs;

  const countFailure = (cached: CachedList): void => {
    const at = now();
    if (cached.failures++ === 0) cached.firstFailureAt = at;
    cached.lastFailureAt = at;
    if (cached.known || cached.isGivenUp) return;
    cached.isGivenUp = cached.failures >= GIVE_UP_AFTER_FAILURES && at - cached.firstFailureAt >= GIVE_UP_AFTER_MS;
    if (cached.isGivenUp) onGivenUp(cached.provider);
  };

  const fetchList = async (cached: CachedList): Promise<ModelList> => {
    const { provider } = cached;
    const controller = new AbortController();
    const timer = setTimer(() => controller.abort(), timeoutMs);
    try {
      const listed = await fetchModels(provider, controller.signal);
      const list: ModelList = { provider, models: firstOfEachId(listed) };
      cached.shown = cached.known = list;
      cached.fetchedAt = now();
      cached.failures = 0;
      cached.isGivenUp = false;
      return list;
    } catch (error) {
      cached.shown = undefined;
      const cause = toFailure(error);
      onFailure(provider, cause);
      countFailure(cached);
      throw new Failure(controller.signal.aborted ? "models_timeout" : "models_failed", {
        provider: provider.id,
        cause,
      });
    } finally {
      clearTimer(timer);
      cached.pending = undefined;
    }
  };

  /** Concurrent callers share one fetch. */
  const fetchOnce = (cached: CachedList): Promise<ModelList> => (cached.pending ??= fetchList(cached));

  const ofProvider = async (provider: Provider): Promise<ModelList> => {
    const cached = byProvider.get(provider);
    if (!cached) throw new Failure("provider_key_missing", { provider: provider.id });
    if (!cached.shown) return fetchOnce(cached);
    if (isStale(cached)) fetchOnce(cached).catch(() => {});
    return cached.shown;
  };

  const asNameList = (cached: CachedList): NameList => ({
    provider: cached.provider,
    get ids() {
      return cached.known?.models;
    },
    get isGivenUp() {
      return cached.isGivenUp;
    },
    get lastFailureAt() {
      return cached.lastFailureAt;
    },
    get isStale() {
      return isStale(cached);
    },
    get isPending() {
      return cached.pending !== undefined;
    },
    refresh: () =>
      fetchOnce(cached).then(
        () => {},
        () => {},
      ),
  });

  return {
    ofProvider,
    async all() {
      const lists = await Promise.allSettled(callable.map(({ provider }) => ofProvider(provider)));
      return lists.flatMap((list) => (list.status === "fulfilled" ? [list.value] : []));
    },
    // Local servers that nobody configured may come and go: a name must not change its meaning with them.
    findBareName: createBareNames(callable.filter(({ provider }) => provider.configured).map(asNameList), now),
  };
}

function emptyList(provider: Provider): CachedList {
  return {
    provider,
    shown: undefined,
    known: undefined,
    fetchedAt: Number.NEGATIVE_INFINITY,
    pending: undefined,
    failures: 0,
    firstFailureAt: 0,
    lastFailureAt: Number.NEGATIVE_INFINITY,
    isGivenUp: false,
  };
}

function firstOfEachId(models: readonly ListedModel[]): ReadonlyMap<string, ListedModel> {
  const byId = new Map<string, ListedModel>();
  for (const model of models) if (!byId.has(model.id)) byId.set(model.id, model);
  return byId;
}
