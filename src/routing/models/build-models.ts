import { joinTimeouts, type Timeouts } from "../../core/timeouts.ts";
import type { Provider } from "../../providers/provider.ts";
import type { RoutedModel } from "./routed-model.ts";
import type { Deployment } from "./deployment.ts";
import { deploymentGates } from "./gate-rules.ts";
import { hashOfKeys } from "./hash-of-keys.ts";
import type { ModelOptions } from "./model-options.ts";
import type { ModelSources } from "./model-sources.ts";
import { type NamedDeployment, namedDeployments, numbered } from "./named-deployments.ts";

/** Of some names of one configuration, what stands behind them: a deployment of several keys is one for each of them. */
export function buildModels(models: readonly ModelOptions[], sources: ModelSources): readonly RoutedModel[] {
  const named = Map.groupBy(namedDeployments(models, sources), ({ model }) => model);
  return models.map((options) => {
    const deployments = Object.freeze((named.get(options) ?? []).flatMap(expandKeys));
    return Object.freeze({ options, deployments });
  });
}

function expandKeys(named: NamedDeployment): readonly Deployment[] {
  const { options, providers } = named;
  const timeouts = timeoutsOf(named);
  return providers.map((provider) =>
    Object.freeze({
      key: deploymentKey(provider, options.model, named.keyHashes.get(provider)),
      label: numbered(`${provider.id}/${options.model}`, named, provider),
      provider,
      model: options.model,
      weight: options.weight / providers.length,
      priority: options.priority,
      params: options.params,
      timeouts,
      gates: Object.freeze(deploymentGates(named, provider).map(({ key }) => key)),
      price: options.price,
      prefill: options.prefill,
    }),
  );
}

const NO_TIMEOUTS: Timeouts = Object.freeze({});

/** Each of them named for who says it. */
function timeoutsOf({ model, options, routing }: NamedDeployment): Timeouts {
  const joined = joinTimeouts([
    { of: `provider ${options.provider}`, timeouts: routing?.timeouts },
    { of: `model ${model.name}`, timeouts: model.timeouts },
    { of: `deployment ${options.provider}/${options.model} of model ${model.name}`, timeouts: options.timeouts },
  ]);
  return joined ?? NO_TIMEOUTS;
}

/** What the state of a deployment is kept under; nothing of it is secret. */
const deploymentKey = (provider: Provider, model: string, hash = hashOfKeys([provider])): string =>
  `${provider.endpointKey}:${hash}:${model}`;
