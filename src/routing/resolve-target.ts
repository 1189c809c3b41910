import { Failure, FAILURES } from "../core/errors.ts";
import type { ApiName } from "../formats/format.ts";
import type { BareName, FindBareName } from "./bare-names.ts";
import type { Provider } from "../providers/provider.ts";

/** Who is to answer, and for which model in the provider's own words. */
export interface Target {
  readonly provider: Provider;
  readonly model: string;
}

export interface TargetSources {
  /** All providers by their lower-case id. */
  readonly providers: ReadonlyMap<string, Provider>;
  /** Which providers have a model of this bare id. */
  readonly findBareName: FindBareName;
}

/**
 * Chooses the provider: the query's `provider`, else the prefix of the model's name, else the one provider that lists
 * it.
 * @param asked the value of `?provider=`, or undefined.
 * @param api the API that the request is for; of a bare name it decides which providers come into question.
 * @throws Failure `provider_not_found`, `provider_key_missing`, `provider_undetermined` or `model_lists_incomplete`.
 */
export function resolveTarget(
  { providers, findBareName }: TargetSources,
  asked: string | undefined,
  model: string,
  api: ApiName,
): Target | Promise<Target> {
  const slash = model.indexOf("/");
  const prefix = slash > 0 ? model.slice(0, slash).toLowerCase() : undefined;
  if (asked !== undefined) {
    const provider = findProvider(providers, asked);
    return requireCallable(provider, prefix === provider.id ? model.slice(slash + 1) : model);
  }
  const prefixed = prefix === undefined ? undefined : providers.get(prefix);
  if (prefixed) return requireCallable(prefixed, model.slice(slash + 1));
  const found = findBareName(model, api);
  return found instanceof Promise ? found.then((name) => requireHolder(name, model)) : requireHolder(found, model);
}

/** Names of providers are no secret: clients write them before models, and `GET /v1/models` shows them. */
function requireHolder(found: BareName, model: string): Target {
  switch (found.kind) {
    case "held":
      return requireCallable(found.provider, model);
    case "ambiguous":
      throw new Failure("provider_undetermined", {
        message: `${FAILURES.provider_undetermined.message} Several providers have it: ${namesOf(found.providers)}.`,
        param: "model",
      });
    case "unknown":
      throw new Failure("provider_undetermined", { param: "model" });
    case "undecided":
      throw new Failure("model_lists_incomplete", {
        message: `${FAILURES.model_lists_incomplete.message} Missing: ${namesOf(found.missing)}. Name the provider, as in ${found.missing[0]?.id}/model, or try again.`,
        param: "model",
        headers: { "retry-after": String(found.retryAfterSeconds) },
      });
  }
}

const namesOf = (providers: readonly Provider[]): string => providers.map(({ id }) => id).join(", ");

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
