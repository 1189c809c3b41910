import type { Failure } from "../../../core/errors.ts";
import type { AttemptRecord, Router } from "../../../routing/engine/route.ts";
import { modelFor, type Route } from "../../../routing/models/routed-model.ts";
import type { Deployment } from "../../../routing/models/deployment.ts";
import { UpstreamFailure } from "../../../upstream/errors.ts";
import type { RequestRoute } from "../../stage.ts";
import type { Continuation } from "./continuation.ts";

/** Statuses of errors that say nothing against the request: another provider may do better. */
const isTransient = (status: number): boolean => status >= 500 || status === 408 || status === 429;

/** Whether a stream broke off because of its provider, and not because of what it was about, its client or its time. */
export const isOfProvider = (failure: Failure): boolean =>
  failure instanceof UpstreamFailure && (failure.code !== "provider_error" || isTransient(failure.status));

export interface BegunRequest {
  readonly route: RequestRoute;
  readonly records: readonly AttemptRecord[];
}

/**
 * Where the rest of an answer may be asked for: the deployments of the model, or of the first of its fallbacks that has
 * some, that are known to go on with answers and were not asked yet; those of the servers that broke off only if there is no
 * other one.
 * @returns undefined if there is none, or no attempt is left
 */
export function routeOn(
  router: Pick<Router, "find">,
  { route, records }: BegunRequest,
  continuation: Continuation,
): Route | undefined {
  const { options } = route.route.model;
  const attempts = options.retries.attempts - records.length;
  if (attempts < 1) return undefined;
  const fallbacks = options.fallbacks.flatMap((name) => {
    const found = router.find(name);
    return (found && route.narrow(found)) ?? [];
  });
  const routes = [route.route, ...fallbacks].map((each) => ({
    ...each,
    deployments: ableOf(each, { route, records }, continuation),
  }));
  const failed = new Set(records.map(({ deployment }) => deployment.provider.endpointKey));
  const isElsewhere = ({ provider }: Deployment): boolean => !failed.has(provider.endpointKey);
  const chosen =
    routes.find(({ deployments }) => deployments.some(isElsewhere)) ??
    routes.find(({ deployments }) => deployments.length > 0);
  if (!chosen) return undefined;
  const { model, star, deployments } = chosen;
  const elsewhere = deployments.filter(isElsewhere);
  const { hedge: _, ...others } = model.options;
  const none = { fallbacks: [], contextFallbacks: [], contentFallbacks: [] };
  const retries = { ...options.retries, attempts };
  return {
    model: { options: { ...others, ...none, retries }, deployments: elsewhere.length > 0 ? elsewhere : deployments },
    star,
  };
}

function ableOf(
  { model, star }: Route,
  { route, records }: BegunRequest,
  continuation: Continuation,
): readonly Deployment[] {
  const isAble = (deployment: Deployment): boolean => {
    const asked = modelFor(deployment, star);
    if (records.some((record) => record.deployment.key === deployment.key && record.model === asked)) return false;
    return continuation.wayOf(route, deployment, asked) !== undefined;
  };
  return model.deployments.filter(isAble);
}
