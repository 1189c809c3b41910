import type { Route, RoutedModel } from "./routed-model.ts";
import { buildModels } from "./build-models.ts";
import { createModelFinder } from "./find-model.ts";
import { type GateRule, gateRules } from "./gate-rules.ts";
import type { ModelSources } from "./model-sources.ts";

/** What the names of one configuration mean. */
export interface ModelTable {
  /** The models that have names without a `*`, in the operator's order. */
  readonly models: readonly RoutedModel[];
  /** Those with a `*` too, and what `provider/model` means: all that state is kept for. */
  readonly all: readonly RoutedModel[];
  /** What a name means; undefined if it is none of the gateway's own. */
  find(name: string): Route | undefined;
  /** What `provider/model` means if that provider has several keys, or limits; undefined if it is simply to be called. */
  forProvider(providerId: string, model: string): Route | undefined;
  /** By their keys. */
  readonly gates: ReadonlyMap<string, GateRule>;
}

export function createModelTable(sources: ModelSources): ModelTable {
  const models = buildModels(sources.models, sources);
  const plain = buildModels(sources.plainModels, sources);
  const byProvider = new Map(plain.map((model) => [model.options.deployments[0]?.provider, model]));
  return {
    models: models.filter(({ options }) => !options.name.includes("*")),
    all: [...models, ...plain],
    find: createModelFinder(models, sources.providers),
    forProvider(providerId, name) {
      const model = byProvider.get(providerId);
      return model && { model, star: name };
    },
    gates: gateRules(sources),
  };
}
