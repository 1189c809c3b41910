import type { Provider } from "../../providers/provider.ts";
import { hashOfKeys } from "./hash-of-keys.ts";
import type { LimitOptions } from "./model-options.ts";
import type { ModelSources } from "./model-sources.ts";
import { type NamedDeployment, namedDeployments, numbered } from "./named-deployments.ts";

/*
 * A gate bounds either how much is in flight or how much there is a minute. From the narrowest to the widest:
 *
 * - `deployment-key:<model name>:<deployment key>`: what one deployment of a model is asked a minute with one key
 * - `deployment:<model name>:<endpoint key>:<hash of its keys>:<model>`: what is in flight at it, with all of its keys
 * - `key:<endpoint key>:<hash of the key>`: what a key of a provider is used for a minute, by whatever name
 * - `provider:<endpoint key>`: what is in flight at a provider
 *
 * Gates that bound nothing do not exist. Nothing of a key is secret.
 */

/** One gate, as the operator wants it. */
export interface GateRule {
  readonly key: string;
  /** What it bounds, in the operator's words, to follow `max_in_flight 4 of`: `left`, `fast at left/qwen3-8b`, `openai#2` for its second key. */
  readonly label: string;
  /** Either `maxInFlight`, or what is a minute's. */
  readonly limits: LimitOptions;
  readonly bounds: "in_flight" | "minute";
}

/** The gates of a deployment when it is asked with one of its keys, from the narrowest. */
export function deploymentGates(named: NamedDeployment, provider: Provider): readonly GateRule[] {
  const { model, options, keysHash, keyHashes, routing } = named;
  const { endpointKey, id } = provider;
  const own = options.limits ?? model.limits;
  const wide = routing?.limits ?? {};
  const hash = keyHashes.get(provider) ?? hashOfKeys([provider]);
  const at = `${model.name} at ${id}/${options.model}`;
  return [
    ...minute(
      `deployment-key:${model.name}:${endpointKey}:${hash}:${options.model}`,
      numbered(at, named, provider),
      own,
    ),
    ...inFlight(`deployment:${model.name}:${endpointKey}:${keysHash}:${options.model}`, at, own),
    ...minute(`key:${endpointKey}:${hash}`, numbered(id, named, provider), wide),
    ...inFlight(`provider:${endpointKey}`, id, wide),
  ];
}

function inFlight(key: string, label: string, { maxInFlight }: LimitOptions): readonly GateRule[] {
  return maxInFlight === undefined ? [] : [{ key, label, limits: { maxInFlight }, bounds: "in_flight" }];
}

function minute(key: string, label: string, { maxInFlight: _, ...limits }: LimitOptions): readonly GateRule[] {
  return Object.keys(limits).length === 0 ? [] : [{ key, label, limits, bounds: "minute" }];
}

/** All gates of a configuration, by their keys. */
export function gateRules(sources: ModelSources): ReadonlyMap<string, GateRule> {
  const named = namedDeployments([...sources.models, ...sources.plainModels], sources);
  const rules = named.flatMap((one) => one.providers.flatMap((provider) => deploymentGates(one, provider)));
  return new Map(rules.map((rule) => [rule.key, rule]));
}
