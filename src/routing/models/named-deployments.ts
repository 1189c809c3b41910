import type { Provider } from "../../providers/provider.ts";
import { hashOfKeys } from "./hash-of-keys.ts";
import type { DeploymentOptions, ModelOptions, ProviderRouting } from "./model-options.ts";
import type { ModelSources } from "./model-sources.ts";

/** A deployment as the operator says it, with what its names stand for. */
export interface NamedDeployment {
  readonly model: ModelOptions;
  readonly options: DeploymentOptions;
  /** All keys of its provider, in the operator's order. */
  readonly allKeys: readonly Provider[];
  /** One for each of the keys that it is asked with. */
  readonly providers: readonly Provider[];
  /** Of those, all together and each. */
  readonly keysHash: string;
  readonly keyHashes: ReadonlyMap<Provider, string>;
  readonly routing: ProviderRouting | undefined;
}

/** A label in which the second key of a provider, and those after it, differ from the first one. */
export function numbered(label: string, { allKeys }: NamedDeployment, provider: Provider): string {
  const number = allKeys.indexOf(provider) + 1;
  return number > 1 ? `${label}#${number}` : label;
}

/** The deployments of some models; one of a provider that is not there is left out. */
export function namedDeployments(models: readonly ModelOptions[], sources: ModelSources): readonly NamedDeployment[] {
  const routings = new Map(sources.providerRoutings.map((routing) => [routing.id, routing]));
  const single = new Map(sources.providers.map((provider) => [provider.id, [provider]]));
  // Many deployments have the same keys, and to hash them takes longer than the rest.
  const keyHashes = new Map<Provider, string>();
  const listHashes = new Map<readonly Provider[], string>();
  const hashesOf = (providers: readonly Provider[]): string => {
    const known = listHashes.get(providers);
    if (known !== undefined) return known;
    for (const provider of providers) keyHashes.set(provider, keyHashes.get(provider) ?? hashOfKeys([provider]));
    const hash = hashOfKeys(providers);
    listHashes.set(providers, hash);
    return hash;
  };
  return models.flatMap((model) =>
    model.deployments.flatMap((options): readonly NamedDeployment[] => {
      const { provider: id, key } = options;
      const allKeys = sources.keyedProviders.get(id) ?? single.get(id) ?? [];
      const providers = key === undefined ? allKeys : allKeys.slice(key, key + 1);
      const keysHash = hashesOf(providers);
      return providers.length === 0
        ? []
        : [{ model, options, allKeys, providers, keysHash, keyHashes, routing: routings.get(id) }];
    }),
  );
}
