import type { RoutedModel } from "./models/routed-model.ts";
import type { KnownDeployment } from "./health/deployment-states.ts";
import type { Deployment } from "./models/deployment.ts";
import type { LimitOptions } from "./models/model-options.ts";
import type { DeploymentView, LimitView, ModelView, QueueView, RoutingView } from "./routing-view.ts";

/** What is known of a gate. */
export interface KnownGate {
  readonly key: string;
  /** What it bounds, for people. */
  readonly label: string;
  readonly limits: LimitOptions;
  readonly inFlight: number;
  /** Of this minute; undefined if the gate is not bounded by the minute. */
  readonly requests?: number | undefined;
  readonly tokens?: number | undefined;
}

/** What is known of the requests that wait for a model. */
export interface KnownQueue {
  readonly model: string;
  readonly options: { readonly length: number };
  readonly waiting: number;
  readonly longestWaitMs: number;
}

export interface RoutingViewParts {
  /** All of them, those with a `*` in their names included. */
  readonly models: readonly RoutedModel[];
  /**
   * @param slowStartMs how long a deployment is in `slow_start` after a recovery
   * @returns undefined for one that was never asked
   */
  readonly describe: (deploymentKey: string, slowStartMs: number) => KnownDeployment | undefined;
  readonly limits: () => { readonly gates: readonly KnownGate[]; readonly queues: readonly KnownQueue[] };
}

/** Of a deployment that was never asked. */
const NEVER_ASKED: KnownDeployment = { state: "closed", inFlight: 0, failures: 0, requests: 0, attempts: 0 };

/** Puts together what is known of models, of their deployments, and of limits, as it is when it is looked at. */
export function createRoutingView({ models, describe, limits }: RoutingViewParts): RoutingView {
  const viewDeployment = (
    deployment: Deployment,
    slowStartMs: number,
    gates: ReadonlyMap<string, KnownGate>,
  ): DeploymentView => {
    const { key, label, provider, model, weight, priority } = deployment;
    const known = describe(key, slowStartMs) ?? NEVER_ASKED;
    const { state, coolingUntil, why, inFlight, failures, ttftMs, requests, attempts } = known;
    return {
      label,
      provider: provider.id,
      model,
      weight,
      priority,
      state,
      coolingUntil,
      inFlight,
      requests,
      attempts,
      why: coolingUntil === undefined ? undefined : why,
      consecutiveFailures: failures,
      timeToFirstTokenMs: ttftMs,
      limits: deployment.gates.flatMap((gate) => viewLimits(gates.get(gate))),
    };
  };

  return {
    models() {
      const known = limits();
      const gates = new Map(known.gates.map((gate) => [gate.key, gate]));
      const queues = new Map(known.queues.map((queue) => [queue.model, queue]));
      return models.map(({ options: { name, strategy, fallbacks, cooldown }, deployments }): ModelView => ({
        name,
        strategy,
        fallbacks,
        deployments: deployments.map((deployment) => viewDeployment(deployment, cooldown.slowStartMs, gates)),
        queue: viewQueue(queues.get(name)),
      }));
    },
  };
}

function viewLimits(gate: KnownGate | undefined): readonly LimitView[] {
  if (!gate) return [];
  const { label, limits, inFlight, requests = 0, tokens = 0 } = gate;
  const all = [
    { limit: "max_in_flight", of: label, max: limits.maxInFlight, used: inFlight },
    { limit: "requests_per_minute", of: label, max: limits.requestsPerMinute, used: requests },
    { limit: "tokens_per_minute", of: label, max: limits.tokensPerMinute, used: tokens },
  ] as const;
  return all.flatMap(({ max, ...rest }) => (max === undefined ? [] : { ...rest, max }));
}

const viewQueue = (queue: KnownQueue | undefined): QueueView | undefined =>
  queue && { length: queue.options.length, waiting: queue.waiting, longestWaitMs: queue.longestWaitMs };
