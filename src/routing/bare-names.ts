import type { ApiName } from "../formats/format.ts";
import type { Provider } from "../providers/provider.ts";
import { MAX_MODEL_NAME_LENGTH } from "./model-name.ts";

/** What is known of the providers that have a model of one bare id. */
export type BareName =
  | { readonly kind: "held"; readonly provider: Provider }
  | { readonly kind: "ambiguous"; readonly providers: readonly Provider[] }
  /** Every list is known, or no longer waited for, and none holds the id. */
  | { readonly kind: "unknown" }
  /** The list of a provider that may hold it has not been read yet. */
  | { readonly kind: "undecided"; readonly missing: readonly Provider[]; readonly retryAfterSeconds: number };

/** One provider's list, as far as bare names have to do with it. */
export interface NameList {
  readonly provider: Provider;
  /** The ids that were read last, whatever has failed since; absent until a list was read. */
  readonly ids: { has(modelId: string): boolean } | undefined;
  /** It has failed for so long that it is not waited for any more. */
  readonly isGivenUp: boolean;
  /** Monotonic time of the last failure, in milliseconds. */
  readonly lastFailureAt: number;
  readonly isStale: boolean;
  readonly isPending: boolean;
  /** Reads it again; callers share one read. Never rejects. */
  refresh(): Promise<void>;
}

/** An unknown name makes all providers be read again, but not more often than this. */
const UNKNOWN_NAME_INTERVAL_MS = 5_000;

/** A bare name asks for a list that was never read, but not more often than this. */
const MISSING_LIST_INTERVAL_MS = 2_000;

/** Finds the provider of a bare model id for a request of that API. */
export type FindBareName = (modelId: string, api: ApiName) => BareName | Promise<BareName>;

/**
 * Creates what finds the provider of a bare model id: never by a guess. A name goes to a provider only once the lists
 * of all providers that compete are known, so that none that answers late could have held it too. Those that have the
 * client's API compete; if there is none, all do, so that the error says which of them has the model and not the API.
 * @param allLists those of the providers that the operator configured.
 */
export function createBareNames(allLists: readonly NameList[], now: () => number): FindBareName {
  let lastUnknownAt = Number.NEGATIVE_INFINITY;
  const competing = new Map<ApiName, readonly NameList[]>();

  const listsFor = (api: ApiName): readonly NameList[] => {
    let lists = competing.get(api);
    if (!lists) {
      const able = allLists.filter(({ provider }) => provider.apis[api] !== undefined);
      competing.set(api, (lists = able.length > 0 ? able : allLists));
    }
    return lists;
  };

  const judge = (lists: readonly NameList[], modelId: string): BareName => {
    const holders: Provider[] = [];
    const missing: Provider[] = [];
    for (const { provider, ids, isGivenUp } of lists) {
      if (!ids) isGivenUp || missing.push(provider);
      else if (ids.has(modelId)) holders.push(provider);
    }
    const [first] = holders;
    if (holders.length > 1) return { kind: "ambiguous", providers: holders };
    if (missing.length > 0) {
      return { kind: "undecided", missing, retryAfterSeconds: Math.ceil(MISSING_LIST_INTERVAL_MS / 1000) };
    }
    return first ? { kind: "held", provider: first } : { kind: "unknown" };
  };

  /** Those to wait for before an unresolved name can be resolved; each is being read. */
  const readAnew = (lists: readonly NameList[], modelId: string): readonly NameList[] => {
    const isHeld = lists.some(({ ids }) => ids?.has(modelId));
    if (!isHeld && now() - lastUnknownAt >= UNKNOWN_NAME_INTERVAL_MS) {
      lastUnknownAt = now();
      return lists;
    }
    return lists.filter(
      ({ ids, isGivenUp, isPending, lastFailureAt }) =>
        (isPending && !(isHeld && ids)) || (!ids && !isGivenUp && now() - lastFailureAt >= MISSING_LIST_INTERVAL_MS),
    );
  };

  return (modelId, api) => {
    // Nobody has it, so that no list needs to be asked for.
    if (modelId.length > MAX_MODEL_NAME_LENGTH) return { kind: "unknown" };
    const lists = listsFor(api);
    const verdict = judge(lists, modelId);
    if (verdict.kind === "held" || verdict.kind === "ambiguous") {
      // The lists keep fresh by being used.
      for (const list of lists) if (list.isStale && list.ids?.has(modelId)) void list.refresh();
      return verdict;
    }
    const waitedFor = readAnew(lists, modelId);
    if (waitedFor.length === 0) return verdict;
    return Promise.all(waitedFor.map((list) => list.refresh())).then(() => judge(lists, modelId));
  };
}
