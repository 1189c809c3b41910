import type { Provider } from "../providers/provider.ts";
import type { NamedModels } from "./deployments.ts";
import type { ModelLists } from "./model-lists.ts";

/** Which names the configuration or a provider has made known, whatever clients ask for. */
export interface KnownModels {
  /** Whether a provider of this id is configured. */
  provider(id: string): boolean;
  /** Whether a provider has a model of this name, as far as is known now. */
  model(providerId: string, model: string): boolean;
  /** Whether it is a name of the gateway's own, whole and not one that a `*` stands for. */
  alias(name: string): boolean;
}

/** @param named undefined if there are no names of the gateway's own */
export function createKnownModels(
  providers: readonly Provider[],
  lists: Pick<ModelLists, "lists">,
  named: NamedModels | undefined,
): KnownModels {
  const byId = new Map(providers.map((provider) => [provider.id, provider]));
  const own = named?.table.all ?? [];
  const aliases = new Set(own.map(({ options }) => options.name).filter((name) => !name.includes("*")));
  const deployed = new Set(
    own.flatMap(({ deployments }) => deployments.map(({ provider, model }) => `${provider.id}/${model}`)),
  );
  return {
    provider: (id) => byId.has(id),
    model(providerId, model) {
      const provider = byId.get(providerId);
      if (!provider || model === "*") return false;
      return deployed.has(`${providerId}/${model}`) || lists.lists.get(provider.endpointKey)?.ids?.has(model) === true;
    },
    alias: (name) => aliases.has(name),
  };
}
