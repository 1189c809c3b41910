import type { Provider } from "../providers/provider.ts";
import type { NamedModels, OpenDeployments } from "./deployments.ts";
import type { ModelLists } from "./model-lists/model-lists.ts";
import type { RoutingView } from "./routing-view.ts";

/** What is observed of a configuration's routing: how it does, and which names are no client's own. */
export interface ObservedRouting {
  /** Undefined if there are no models of the gateway's own. */
  readonly view: RoutingView | undefined;
  /** Whether a provider of this id is configured. */
  provider(id: string): boolean;
  /** Whether a provider has a model of this name, as far as is known now. */
  model(providerId: string, model: string): boolean;
  /** Whether it is a name of the gateway's own, whole and not one that a `*` stands for. */
  alias(name: string): boolean;
}

/** @param named undefined, as are the deployments, if there are no names of the gateway's own */
export function observeRouting(
  providers: readonly Provider[],
  lists: Pick<ModelLists, "lists">,
  named: NamedModels | undefined,
  deployments: Pick<OpenDeployments, "view"> | undefined,
): ObservedRouting {
  const byId = new Map(providers.map((provider) => [provider.id, provider]));
  const own = named?.table.all ?? [];
  const aliases = new Set(own.map(({ options }) => options.name).filter((name) => !name.includes("*")));
  const deployed = new Set(
    own.flatMap(({ deployments }) => deployments.map(({ provider, model }) => `${provider.id}/${model}`)),
  );
  return {
    view: deployments?.view,
    provider: (id) => byId.has(id),
    model(providerId, model) {
      const provider = byId.get(providerId);
      if (!provider || model === "*") return false;
      return deployed.has(`${providerId}/${model}`) || lists.lists.get(provider.endpointKey)?.ids?.has(model) === true;
    },
    alias: (name) => aliases.has(name),
  };
}
