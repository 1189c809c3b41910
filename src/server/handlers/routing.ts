import { isoDate } from "../../core/iso-date.ts";
import type { DeploymentView, ModelView, RoutingView } from "../../routing/routing-view.ts";
import type { DeploymentState, RoutedModelState, RoutingResponse } from "../routing-schema.ts";
import { jsonResponse } from "../json-response.ts";
import type { RouteHandler } from "../serve-route.ts";
import type { WorkerPlace } from "./health.ts";

/**
 * `GET /v1/routing`: the gateway's own models and their deployments, as they are now.
 * @param view absent if there are none
 * @param worker undefined if this process serves alone; else what is shown is what this one knows
 */
export function showRouting(
  view: RoutingView | undefined,
  worker: Pick<WorkerPlace, "number"> | undefined,
): RouteHandler {
  return (context) => {
    const answer: RoutingResponse = {
      object: "list",
      data: (view?.models() ?? []).map(describeModel),
      ...(worker && { worker: worker.number }),
    };
    return jsonResponse(context, answer);
  };
}

// Member by member: what else an object holds is for nobody to see.

function describeModel({ name, strategy, fallbacks, deployments, queue }: ModelView): RoutedModelState {
  return {
    name,
    strategy,
    fallbacks: [...fallbacks],
    deployments: deployments.map(describeDeployment),
    queue: queue
      ? { length: queue.length, waiting: queue.waiting, longest_wait_ms: Math.round(queue.longestWaitMs) }
      : null,
  };
}

function describeDeployment(deployment: DeploymentView): DeploymentState {
  const { label, provider, model, weight, priority, state, why, inFlight, requests, attempts, limits } = deployment;
  const { coolingUntil, consecutiveFailures, timeToFirstTokenMs } = deployment;
  return {
    label,
    provider,
    model,
    weight,
    priority,
    state,
    cooling_until: coolingUntil === undefined ? null : isoDate(coolingUntil),
    why: why ?? null,
    in_flight: inFlight,
    consecutive_failures: consecutiveFailures,
    time_to_first_token_ms: timeToFirstTokenMs === undefined ? null : Math.round(timeToFirstTokenMs),
    requests,
    attempts,
    limits: limits.map(({ limit, of, max, used }) => ({ limit, of, max, used })),
  };
}
