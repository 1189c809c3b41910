import type { DeploymentStates, ModelState } from "../health/deployment-states.ts";
import type { CooldownOptions, ModelOptions } from "../models/model-options.ts";
import { createStrategy, type StrategyParts } from "../strategies/create-strategy.ts";
import { type Candidate, lowestBy, type Strategy, type Turn } from "../strategies/strategy.ts";
import type { RoutedModel } from "./route.ts";

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
  /** Of a request that asks for it, over all fallbacks. */
  readonly maxAttempts: number;
}

/** A model that a request asks for, or falls back to. */
export interface Target {
  readonly model: PreparedModel;
  readonly star: string;
}

export function prepareModel(
  { options, deployments }: RoutedModel,
  states: DeploymentStates,
  parts: StrategyParts,
): PreparedModel {
  const state = states.ofModel(options.name);
  const turns = new Map<string, Turn>();
  const turnOf = (key: string): Turn => {
    // Twice the same deployment, perhaps with other parameters: each has its own turn.
    const name = turns.has(key) ? `${key} ${turns.size}` : key;
    const turn = state.turns.get(name) ?? { current: 0 };
    turns.set(name, turn);
    return turn;
  };
  const candidates = deployments.map((deployment): ModelCandidate => ({
    deployment,
    state: states.of(deployment),
    turn: turnOf(deployment.key),
    slowStartMs: options.cooldown.slowStartMs,
    cooldown: options.cooldown,
  }));
  state.turns = turns;
  return {
    options,
    candidates,
    strategy: createStrategy(options, parts),
    state,
    maxAttempts: maxAttemptsOf(options),
  };
}

/** Whoever names a fallback wants it to be asked, whatever number of attempts is the default for one deployment. */
export function maxAttemptsOf({ retries, fallbacks, contextFallbacks, contentFallbacks }: ModelOptions): number {
  const hasFallback = fallbacks.length + contextFallbacks.length + contentFallbacks.length > 0;
  return Math.max(1, hasFallback ? 2 : 1, retries.attempts);
}

/** Those that may be asked at the moment; the list itself, if that is all of them. */
export function availableOf({ candidates }: PreparedModel, now: number): readonly ModelCandidate[] {
  for (const { state } of candidates) {
    if (!state.isAvailable(now)) return candidates.filter((each) => each.state.isAvailable(now));
  }
  return candidates;
}

/** When all of them cool, the one that does so least long. */
export function leastCooling(candidates: readonly ModelCandidate[]): ModelCandidate {
  return lowestBy(candidates, ({ state }) => state.coolingUntil);
}
