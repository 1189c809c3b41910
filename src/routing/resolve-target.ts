import { Failure } from "../core/errors.ts";
import type { Provider } from "../providers/provider.ts";

/** Who is to answer, and for which model in the provider's own words. */
export interface Target {
  readonly provider: Provider;
  readonly model: string;
}

export interface TargetSources {
  /** All providers by their lower-case id. */
  readonly providers: ReadonlyMap<string, Provider>;
  /** The one provider whose list holds a bare model id. */
  readonly providerOf: (model: string) => Promise<Provider | undefined>;
}

/**
 * Chooses the provider: the query's `provider`, else the prefix of the model's name, else the one provider that lists it.
 * @param asked the value of `?provider=`, or undefined.
 * @throws Failure `provider_not_found`, `provider_key_missing` or `provider_undetermined`.
 */
export function resolveTarget(
  { providers, providerOf }: TargetSources,
  asked: string | undefined,
  model: string,
): Target | Promise<Target> {
  const slash = model.indexOf("/");
  const prefix = slash > 0 ? model.slice(0, slash).toLowerCase() : undefined;
  if (asked !== undefined) {
    const provider = findProvider(providers, asked);
    return requireCallable(provider, prefix === provider.id ? model.slice(slash + 1) : model);
  }
  const prefixed = prefix === undefined ? undefined : providers.get(prefix);
  if (prefixed) return requireCallable(prefixed, model.slice(slash + 1));
  return providerOf(model).then((provider) => {
    if (!provider) throw new Failure("provider_undetermined", { param: "model" });
    return requireCallable(provider, model);
  });
}

/** The provider of that id, in any letter case. Throws `provider_not_found`. */
export function findProvider(providers: ReadonlyMap<string, Provider>, id: string): Provider {
  const provider = providers.get(id.trim().toLowerCase());
  if (!provider) throw new Failure("provider_not_found", { param: "provider" });
  return provider;
}

function requireCallable(provider: Provider, model: string): Target {
  if (!provider.callable) throw new Failure("provider_key_missing", { provider: provider.id });
  if (model === "")
    throw new Failure("invalid_request", {
      message: "model must name a model behind the provider's prefix",
      param: "model",
    });
  return { provider, model };
}
