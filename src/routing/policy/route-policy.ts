import { Failure } from "../../core/errors.ts";
import { modelFor, type Route, type RoutedModel } from "../models/routed-model.ts";
import type { ModelPolicy } from "./model-policy.ts";

/** The model policy, for names of the gateway's own. */
export interface RoutePolicy {
  /**
   * What of a route may be asked: the route itself, or one with fewer deployments, or the reason why nothing may.
   *
   * An allow-list that holds the name lets all of its deployments be asked; one that does not, those that it holds
   * themselves. A deny-list that holds the name refuses it; else its deployments that the list holds are not asked. Of a
   * wildcard an allow-list must hold the name with its `*`, as the operator has it; a deny-list, what the request has.
   * @param name as the request, or the list of fallbacks, has it
   */
  judge(route: Route, name: string): Route | Failure;
}

export function createRoutePolicy(policy: ModelPolicy): RoutePolicy {
  /** Models without a `*`, of which every request has the same deployments. */
  const known = new WeakMap<RoutedModel, Route | Failure>();

  const judge = (route: Route, name: string): Route | Failure => {
    const { model, star } = route;
    const ofName = policy.judgeName(name, model.options.name);
    if (ofName instanceof Failure) return ofName;
    if (ofName === "whole") return route;
    const refusals = model.deployments.map((one) => policy.refusal(one.provider, modelFor(one, star)));
    const deployments = model.deployments.filter((_, index) => refusals[index] === undefined);
    if (deployments.length === model.deployments.length) return route;
    const first = refusals.find((refusal) => refusal !== undefined);
    if (deployments.length === 0 && first) return first;
    return { model: { ...model, deployments }, star };
  };

  return {
    judge(route, name) {
      if (!policy.active) return route;
      if (route.star !== "" || route.model.options.name.includes("*")) return judge(route, name);
      let judged = known.get(route.model);
      if (!judged) known.set(route.model, (judged = judge(route, name)));
      return judged;
    },
  };
}
