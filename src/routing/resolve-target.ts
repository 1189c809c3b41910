import { Failure } from "../core/errors.ts";
import type { ApiName } from "../formats/format.ts";
import type { BareName, FindBareName } from "./bare-names.ts";
import type { Provider } from "../providers/provider.ts";
import type { Target } from "./target.ts";
import {
  listsIncomplete,
  noProviderHas,
  providerNotCallable,
  providerNotFound,
  severalProvidersHave,
} from "./target-failures.ts";

export interface TargetSources {
  /** All providers by their lower-case id. */
  readonly providers: ReadonlyMap<string, Provider>;
  /** Which providers have a model of this bare id. */
  readonly findBareName: FindBareName;
  /** The models that a name which nobody lists may have meant, as `provider/id`. */
  readonly findSimilar: (name: string) => readonly string[];
}

/**
 * Chooses the provider: the query's `provider`, else the prefix of the model's name if that provider can be called, else
 * the one provider that lists it.
 * @param asked the value of `?provider=`, or undefined.
 * @param api the API that the request is for; of a bare name it decides which providers come into question.
 * @throws Failure `provider_not_found`, `provider_key_missing`, `provider_undetermined` or `model_lists_incomplete`.
 */
export function resolveTarget(
  sources: TargetSources,
  asked: string | undefined,
  model: string,
  api: ApiName,
): Target | Promise<Target> {
  const { providers, findBareName } = sources;
  const slash = model.indexOf("/");
  const prefix = slash > 0 ? model.slice(0, slash).toLowerCase() : undefined;
  if (asked !== undefined) {
    const provider = findProvider(providers, asked, model);
    return requireCallable(providers, provider, prefix === provider.id ? model.slice(slash + 1) : model);
  }
  const prefixed = prefix === undefined ? undefined : providers.get(prefix);
  if (prefixed?.callable) return requireCallable(providers, prefixed, model.slice(slash + 1));
  const found = findBareName(model, api);
  if (prefixed) return resolvePrefixed(sources, prefixed, found, model);
  return found instanceof Promise
    ? found.then((name) => requireHolder(sources, name, model))
    : requireHolder(sources, found, model);
}

/**
 * A name that begins with the id of a provider that lacks a setting: some list models of others with the maker in front,
 * as OpenRouter has `perplexity/sonar`. If none is known to, the setting is what is missing.
 */
function resolvePrefixed(
  sources: TargetSources,
  prefixed: Provider,
  found: BareName | Promise<BareName>,
  model: string,
): Target | Promise<Target> {
  if (found instanceof Promise) return found.then((name) => resolvePrefixed(sources, prefixed, name, model));
  const isListed = found.kind === "ambiguous" || (found.kind === "held" && !found.isUnlisted);
  if (isListed) return requireHolder(sources, found, model);
  return requireCallable(sources.providers, prefixed, model.slice(model.indexOf("/") + 1));
}

function requireHolder({ providers, findSimilar }: TargetSources, found: BareName, model: string): Target {
  switch (found.kind) {
    case "held":
      return requireCallable(providers, found.provider, model);
    case "ambiguous":
      throw severalProvidersHave(found.providers, model);
    case "unknown":
      throw noProviderHas(providers, model, findSimilar(model));
    case "undecided":
      throw listsIncomplete(providers, found.missing, model, found.retryAfterSeconds);
  }
}

/**
 * The provider of that id, in any letter case. Throws `provider_not_found`.
 * @param model that is asked for, as far as it is known
 */
export function findProvider(providers: ReadonlyMap<string, Provider>, id: string, model?: string): Provider {
  const provider = providers.get(id.trim().toLowerCase());
  if (!provider) throw providerNotFound(providers, id, model);
  return provider;
}

function requireCallable(providers: TargetSources["providers"], provider: Provider, model: string): Target {
  if (!provider.callable) throw providerNotCallable(provider, model, providers);
  if (model === "")
    throw new Failure("invalid_request", {
      message: "model must name a model behind the provider's prefix",
      param: "model",
      asked: { provider: provider.id },
    });
  return { provider, model };
}

/** The two uses of a request's query. */
export interface RelayedQuery {
  /** The value of the first `provider` parameter. */
  readonly provider: string | undefined;
  /** The rest unchanged, with its `?`, or nothing. */
  readonly rest: string;
}

const NO_QUERY: RelayedQuery = { provider: undefined, rest: "" };

/** Parameters that hold a credential, which is one of the gateway's and none of the provider's; in lower case. */
const CREDENTIALS: ReadonlySet<string> = new Set(["key", "access_token", "oauth_token"]);

/**
 * Splits the gateway's own `provider` parameter from the query of `url`; every other parameter keeps its bytes.
 * @param mayHaveKey whether the query may have a credential, as in Google's API: it is left out
 */
export function splitQuery(url: string, mayHaveKey: boolean = false): RelayedQuery {
  const start = url.indexOf("?");
  if (start < 0) return NO_QUERY;
  let provider: string | undefined;
  const rest: string[] = [];
  for (const pair of url.slice(start + 1).split("&")) {
    const [[name, value] = ["", ""]] = new URLSearchParams(pair);
    if (name === "provider") provider ??= value;
    else if (!mayHaveKey || !CREDENTIALS.has(name.toLowerCase())) rest.push(pair);
  }
  const query = rest.filter((pair) => pair !== "").join("&");
  return { provider, rest: query === "" ? "" : `?${query}` };
}
