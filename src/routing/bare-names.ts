import type { ApiName } from "../formats/format.ts";
import type { Provider } from "../providers/provider.ts";
import { chooseWire } from "./choose-way.ts";
import { MAX_MODEL_NAME_LENGTH } from "./model-name.ts";

/** What is known of the providers that have a model of one bare id. */
export type BareName =
  | {
      readonly kind: "held";
      readonly provider: Provider;
      /** Its list does not hold the id, or is not known: there is nobody else. */
      readonly isUnlisted?: true;
    }
  | { readonly kind: "ambiguous"; readonly providers: readonly Provider[] }
  /** Every list is known, or no longer waited for, and none holds the id. */
  | { readonly kind: "unknown" }
  /** The list of a provider that may hold it has not been read yet. */
  | { readonly kind: "undecided"; readonly missing: readonly Provider[]; readonly retryAfterSeconds: number };

/** One provider's list, as far as bare names have to do with it. */
export interface NameList {
  readonly provider: Provider;
  /** The ids that were read last, whatever has failed since; absent until a list was read. */
  readonly ids: { has(modelId: string): boolean; keys(): Iterable<string> } | undefined;
  /** Whether one of them is a longer form of this one, such as `claude-sonnet-4-5-20250929` of `claude-sonnet-4-5`. */
  hasFormOf(modelId: string): boolean;
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

/** The lists that come into question for one API. */
interface Competition {
  readonly lists: readonly NameList[];
  /** The one list whose provider has the API, if it is the only one. */
  readonly only: NameList | undefined;
}

/**
 * Creates what finds the provider of a bare model id: never by a guess between two. A name goes to a provider only once
 * the lists of all providers that compete are known, so that none that answers late could have held it too. Those that
 * have the client's API compete; if there is none, those to whose API it can be translated; and if there is none either,
 * all do, so that the error says which of them has the model and not the API. If exactly one has the API, nobody else could answer, and it need not list the name: see {@link mayTakeUnlisted}.
 * @param allLists those of the providers that the operator configured.
 */
export function createBareNames(allLists: readonly NameList[], now: () => number): FindBareName {
  let lastUnknownAt = Number.NEGATIVE_INFINITY;
  const competing = new Map<ApiName, Competition>();

  const competitionFor = (api: ApiName): Competition => {
    let competition = competing.get(api);
    if (!competition) {
      const able = allLists.filter(({ provider }) => provider.apis[api] !== undefined);
      const reachable = able.length > 0 ? able : allLists.filter(({ provider }) => chooseWire(provider, api));
      const lists = reachable.length > 0 ? reachable : allLists;
      competing.set(api, (competition = { lists, only: able.length === 1 ? able[0] : undefined }));
    }
    return competition;
  };

  /** Those to wait for before an unresolved name can be resolved; each is being read. */
  const readAnew = (lists: readonly NameList[], modelId: string): readonly NameList[] => {
    const isHeld = lists.some((list) => isIn(list, modelId));
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
    const { lists, only } = competitionFor(api);
    const verdict = judge(lists, modelId);
    if (verdict.kind === "held" || verdict.kind === "ambiguous") {
      // The lists keep fresh by being used.
      for (const list of lists) if (list.isStale && isIn(list, modelId)) void list.refresh();
      return verdict;
    }
    if (only && mayTakeUnlisted(only, modelId, api)) {
      if (only.isStale && now() - only.lastFailureAt >= MISSING_LIST_INTERVAL_MS) void only.refresh();
      return { kind: "held", provider: only.provider, isUnlisted: true };
    }
    const waitedFor = readAnew(lists, modelId);
    if (waitedFor.length === 0) return verdict;
    return Promise.all(waitedFor.map((list) => list.refresh())).then(() => {
      const later = judge(lists, modelId);
      const isOnly = only && later.kind !== "held" && mayTakeUnlisted(only, modelId, api);
      return isOnly ? { kind: "held", provider: only.provider, isUnlisted: true } : later;
    });
  };
}

const isIn = (list: NameList, modelId: string): boolean => list.ids?.has(modelId) === true || list.hasFormOf(modelId);

function judge(lists: readonly NameList[], modelId: string): BareName {
  const exact = lists.filter(({ ids }) => ids?.has(modelId));
  if (exact.length > 1) return ambiguous(exact);
  const missing = lists.filter(({ ids, isGivenUp }) => !ids && !isGivenUp);
  if (missing.length > 0) {
    return {
      kind: "undecided",
      missing: missing.map(({ provider }) => provider),
      retryAfterSeconds: Math.ceil(MISSING_LIST_INTERVAL_MS / 1000),
    };
  }
  // A list that has exactly this name means more than one that has a form of it.
  const holders = exact.length > 0 ? exact : lists.filter((list) => list.hasFormOf(modelId));
  if (holders.length > 1) return ambiguous(holders);
  const [only] = holders;
  return only ? { kind: "held", provider: only.provider } : { kind: "unknown" };
}

const ambiguous = (holders: readonly NameList[]): BareName => ({
  kind: "ambiguous",
  providers: holders.map(({ provider }) => provider),
});

/**
 * Whether a name goes to the only provider that has the client's API although its list does not hold it: lists leave out
 * aliases and what is new. Not in two cases: chat, which every provider has, so that being the only one configured says
 * little, and names with a slash, whose first part more likely is a misspelt provider. Both need the list, unless it
 * could not be read.
 */
function mayTakeUnlisted({ ids, isPending, lastFailureAt }: NameList, modelId: string, api: ApiName): boolean {
  const needsList = api === "chat" || modelId.includes("/");
  return !needsList || (!ids && !isPending && lastFailureAt > Number.NEGATIVE_INFINITY);
}
