import { Failure } from "../../core/errors.ts";
import type { Provider } from "../../providers/provider.ts";
import { canonicalModelName, foldName, MAX_MODEL_NAME_LENGTH } from "../model-name.ts";
import { type HoldsName, holdsAnyOf, isPattern } from "./policy-entries.ts";

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
  /**
   * What the lists say of a name of the gateway's own, see `createRoutePolicy`: `whole`, all of its deployments may
   * be asked; `each`, those may that {@link refusal} allows; or why none may.
   * @param name as the request has it, which a deny-list must not hold
   * @param configured as the operator has it, with its `*`, which an allow-list must hold: a client must not choose among
   * the names of a wildcard the one that opens it
   */
  judgeName(name: string, configured?: string): "whole" | "each" | Failure;
}

/** Whether a list holds a model of a provider, by the provider's id. */
type HeldByProvider = ReadonlyMap<string, (provider: Provider, model: string) => boolean>;

/**
 * The policy that two lists make. An entry whose first segment is the id of one of the providers means that provider
 * and what follows; every other entry is a bare name, which holds for every provider. As a whole each entry is also a
 * name of the gateway's own. `*` in an entry is any characters, and an entry with a `*` before its first slash is both: a
 * bare name, and what follows the slash at every provider whose id fits.
 * @param allowed entries of `ALLOWED_MODELS`; if there are any, they alone decide. An entry admits exactly what it
 * means: `openai/good` no model `openai/good` of another provider. One with a `*` is compared with names without what
 * the provider assumes.
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
  const entries = isAllowList ? allowing : denying;
  const held = heldByProvider(providers, entries, isAllowList);
  const holds = (provider: Provider, model: string): boolean => held.get(provider.id)?.(provider, model) === true;
  const holdsWhole = holdsAnyOf(entries);
  const isNameDenied = createNameDenied(providers, holds, holdsWhole);
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
    judgeName(name, configured = name) {
      if (isAllowList) {
        if (tooLong(name)) return new Failure("model_not_allowed");
        return holdsWhole(foldName(configured)) ? "whole" : "each";
      }
      if (denying.length === 0) return "whole";
      return tooLong(name) || isNameDenied(name) ? new Failure("model_disallowed") : "each";
    },
  };
}

const readEntries = (entries: readonly string[]): string[] => entries.map(foldName).filter((entry) => entry !== "");

/** A name that begins with the id of a provider is denied as that provider's model would be, too. */
function createNameDenied(
  providers: readonly Provider[],
  holds: (provider: Provider, model: string) => boolean,
  holdsWhole: HoldsName,
): (name: string) => boolean {
  const byId = new Map(providers.map((provider) => [provider.id, provider]));
  return (name) => {
    const folded = foldName(name);
    if (holdsWhole(folded)) return true;
    const slash = folded.indexOf("/");
    const provider = slash > 0 ? byId.get(folded.slice(0, slash)) : undefined;
    return provider !== undefined && holds(provider, folded.slice(slash + 1));
  };
}

function heldByProvider(providers: readonly Provider[], entries: readonly string[], isAllowList: boolean) {
  const ids = new Set(providers.map(({ id }) => id));
  return new Map(
    providers.map((provider) => {
      const meant = entries.flatMap((entry) => meantAt(provider.id, entry, ids, !isAllowList));
      return [provider.id, remembered((isAllowList ? createAdmits : createDenies)(provider, meant))] as const;
    }),
  ) satisfies HeldByProvider;
}

/**
 * What an entry is in a provider's own naming.
 * @param alsoWhole whether an entry that names a provider means that whole name at every other provider too.
 */
function meantAt(id: string, entry: string, ids: ReadonlySet<string>, alsoWhole: boolean): readonly string[] {
  const slash = entry.indexOf("/");
  const named = slash > 0 ? entry.slice(0, slash) : "";
  if (isPattern(named)) return holdsAnyOf([named])(id) ? [entry, entry.slice(slash + 1)] : [entry];
  if (!ids.has(named)) return [entry];
  if (named === id) return [entry.slice(slash + 1)];
  return alsoWhole ? [entry] : [];
}

type Holds = (provider: Provider, model: string) => boolean;

/** Names are remembered up to this length, and so many for each provider; then it begins anew. */
const MAX_REMEMBERED_LENGTH = 128;
const MAX_REMEMBERED = 256;

/** Most requests are for the same few names, and to fold one and compare it takes three times as long as to look it up. */
function remembered(holds: Holds): Holds {
  // By the provider that is asked, as each of its keys is one of its own.
  const known = new WeakMap<Provider, Map<string, boolean>>();
  return (asked, model) => {
    if (model.length > MAX_REMEMBERED_LENGTH) return holds(asked, model);
    let answers = known.get(asked);
    if (!answers) known.set(asked, (answers = new Map()));
    let answer = answers.get(model);
    if (answer === undefined) {
      answer = holds(asked, model);
      if (answers.size >= MAX_REMEMBERED) answers.clear();
      answers.set(model, answer);
    }
    return answer;
  };
}

/** A pattern is compared with the canonical name alone: nothing that a client may write before or behind it opens one. */
function createAdmits(provider: Provider, meant: readonly string[]): Holds {
  const holds = holdsAnyOf(meant.map((name) => (isPattern(name) ? name : canonicalModelName(provider, name))));
  return (asked, model) => holds(canonicalModelName(asked, model));
}

/** A pattern is read with and without what the provider assumes, and so is the name: `*:latest` refuses Ollama's `llama`. */
function createDenies(provider: Provider, meant: readonly string[]): Holds {
  const canonical = meant.map((name) => canonicalModelName(provider, name));
  const patterns = meant.filter(isPattern);
  const holds = holdsAnyOf([...canonical, ...patterns]);
  return (asked, model) => {
    const name = canonicalModelName(asked, model);
    if (holds(name) || (patterns.length > 0 && holds(foldName(model)))) return true;
    const { placeOfModel: place } = asked;
    return place !== undefined && holds(name.replace(place, ""));
  };
}
