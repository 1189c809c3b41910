import type { DeploymentStates, ModelState, Turn } from "../health/deployment-states.ts";
import type { CooldownOptions, ModelOptions } from "../models/model-options.ts";
import { createStrategy, type StrategyParts } from "../strategies/create-strategy.ts";
import { type Candidate, lowestBy, type Strategy } from "../strategies/strategy.ts";
import type { RoutedModel } from "../models/routed-model.ts";

/** A deployment of a model. */
export interface ModelCandidate extends Candidate {
  readonly cooldown: CooldownOptions;
}

/** A model with what is known of its deployments. */
export interface PreparedModel {
  readonly options: ModelOptions;
  readonly candidates: readonly ModelCandidate[];
  readonly strategy: Strategy;
  readonly state: ModelState;
}

/** A link of the chain of models that may answer a request: the one that it asks for, or one to which that falls back. */
export interface ChainLink {
  readonly model: PreparedModel;
  readonly star: string;
}

export function prepareModel(
  { options, deployments }: RoutedModel,
  states: DeploymentStates,
  parts: StrategyParts,
): PreparedModel {
  const state = states.ofModel(options.name);
  const used = new Map<string, number>();
  // Twice the same deployment, perhaps with other parameters: each has a turn of its own.
  const turnOf = (key: string): Turn => {
    const at = used.get(key) ?? 0;
    used.set(key, at + 1);
    const turns = state.turns.get(key) ?? [];
    state.turns.set(key, turns);
    return (turns[at] ??= { current: 0 });
  };
  const candidates = deployments.map((deployment): ModelCandidate => ({
    deployment,
    state: states.of(deployment),
    turn: turnOf(deployment.key),
    slowStartMs: options.cooldown.slowStartMs,
    cooldown: options.cooldown,
  }));
  return {
    options,
    candidates,
    strategy: createStrategy(options, parts),
    state,
  };
}

/** Those that may be asked at the moment; the list itself, if that is all of them. */
export function availableOf({ candidates }: PreparedModel, now: number): readonly ModelCandidate[] {
  for (const { state } of candidates) {
    if (!state.isAvailable(now)) return withoutCooling(candidates, now);
  }
  return candidates;
}

/** Apart, because a function with a closure costs an object each time that it is called. */
const withoutCooling = (candidates: readonly ModelCandidate[], now: number): readonly ModelCandidate[] =>
  candidates.filter(({ state }) => state.isAvailable(now));

/** When all of them cool, the one that does so least long. */
export function leastCooling(candidates: readonly ModelCandidate[]): ModelCandidate {
  return lowestBy(candidates, ({ state }) => state.coolingUntil);
}
