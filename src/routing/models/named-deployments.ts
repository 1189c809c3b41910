import type { Provider } from "../../providers/provider.ts";
import type { DeploymentOptions, ModelOptions, ProviderRouting } from "./model-options.ts";
import type { ModelSources } from "./model-sources.ts";

/** A deployment as the operator says it, with what its names stand for. */
export interface NamedDeployment {
  readonly model: ModelOptions;
  readonly options: DeploymentOptions;
  /** One for each of the keys that it is asked with. */
  readonly providers: readonly Provider[];
  readonly routing: ProviderRouting | undefined;
}

/** The deployments of a model; one of a provider that is not there is left out. */
export function namedDeployments(model: ModelOptions, sources: ModelSources): readonly NamedDeployment[] {
  return model.deployments.flatMap((options): readonly NamedDeployment[] => {
    const all = keysOf(options.provider, sources);
    const providers = options.key === undefined ? all : all.slice(options.key, options.key + 1);
    const routing = sources.providerRoutings.find(({ id }) => id === options.provider);
    return providers.length === 0 ? [] : [{ model, options, providers, routing }];
  });
}

/** A provider with each of its keys; none if it is not there. */
export const keysOf = (id: string, { providers, keyedProviders }: ModelSources): readonly Provider[] =>
  keyedProviders.get(id) ?? providers.filter((provider) => provider.id === id);
