import { Failure } from "../core/errors.ts";
import type { Provider } from "../providers/provider.ts";
import { canonicalModelName, foldName, MAX_MODEL_NAME_LENGTH } from "./model-name.ts";

/** Decides whether a model may be used at all. */
export interface ModelPolicy {
  /** False if every model is allowed: then nothing needs to be checked. */
  readonly active: boolean;
  /**
   * Why this model of this provider is refused, or undefined if it is allowed.
   * @param model the name as it is sent to the provider.
   * @param otherReadings what else the provider may take for the name; a list that denies holds for them too.
   */
  refusal(provider: Provider, model: string, otherReadings?: readonly string[]): Failure | undefined;
}

/** The canonical names of the models that a list holds, by the provider's id. */
type NamesByProvider = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * The policy that two lists make. An entry whose first segment is the id of one of the providers means that provider
 * and what follows; every other entry is a bare name, which holds for every provider.
 * @param allowed entries of `ALLOWED_MODELS`; if there are any, they alone decide. An entry admits exactly what it
 * means: `openai/good` no model `openai/good` of another provider.
 * @param disallowed entries of `DISALLOWED_MODELS`. One that names a provider also refuses what other providers call by
 * the whole entry: `openai/gpt-4o` is the same model behind an aggregator.
 */
export function createModelPolicy(
  providers: readonly Provider[],
  allowed: readonly string[],
  disallowed: readonly string[],
): ModelPolicy {
  const allowing = readEntries(allowed);
  const denying = readEntries(disallowed);
  const isAllowList = allowing.length > 0;
  const names = namesByProvider(providers, isAllowList ? allowing : denying, !isAllowList);
  const holds = (provider: Provider, model: string): boolean => {
    const listed = names.get(provider.id);
    const name = canonicalModelName(provider, model);
    if (listed?.has(name)) return true;
    const { placeOfModel: place } = provider;
    return place !== undefined && !isAllowList && listed?.has(name.replace(place, "")) === true;
  };
  const tooLong = (model: string): boolean => model.length > MAX_MODEL_NAME_LENGTH;
  return {
    active: isAllowList || denying.length > 0,
    refusal(provider, model, otherReadings = []) {
      if (isAllowList) {
        return !tooLong(model) && holds(provider, model) ? undefined : new Failure("model_not_allowed");
      }
      if (denying.length === 0) return undefined;
      const denied = [model, ...otherReadings].some((reading) => tooLong(reading) || holds(provider, reading));
      return denied ? new Failure("model_disallowed") : undefined;
    },
  };
}

const readEntries = (entries: readonly string[]): string[] => entries.map(foldName).filter((entry) => entry !== "");

/** @param alsoWhole whether an entry that names a provider means that whole name at every other provider too. */
function namesByProvider(
  providers: readonly Provider[],
  entries: readonly string[],
  alsoWhole: boolean,
): NamesByProvider {
  const ids = new Set(providers.map(({ id }) => id));
  return new Map(
    providers.map((provider) => {
      const meant = entries.flatMap((entry) => {
        const slash = entry.indexOf("/");
        const named = slash > 0 ? entry.slice(0, slash) : "";
        if (!ids.has(named)) return [entry];
        if (named === provider.id) return [entry.slice(slash + 1)];
        return alsoWhole ? [entry] : [];
      });
      return [provider.id, new Set(meant.map((name) => canonicalModelName(provider, name)))];
    }),
  );
}
