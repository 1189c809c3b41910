import type { JsonLimits } from "../core/json/limits.ts";
import type { Provider } from "../providers/provider.ts";
import type { OpenUpstreamCall } from "../upstream/call.ts";
import { createDetailFinder, type DetailFinder } from "./details/find-details.ts";
import { listModels } from "./model-lists/fetch-models.ts";
import { createModelLists, type ModelLists, type ModelListsOptions } from "./model-lists/model-lists.ts";
import { createModelPolicy, type ModelPolicy } from "./policy/model-policy.ts";
import { createRoutePolicy, type RoutePolicy } from "./policy/route-policy.ts";

export interface RoutingOptions extends Pick<ModelListsOptions, "ttlMs" | "timeoutMs"> {
  /** Models that may be used, and models that may not; both empty for all. */
  readonly allowed: readonly string[];
  readonly disallowed: readonly string[];
  /** Of what providers list. */
  readonly jsonLimits: JsonLimits;
}

export interface RoutingParts extends Pick<
  ModelListsOptions,
  "providers" | "timers" | "clock" | "onRead" | "onFailure" | "onRecovered" | "onGivenUp" | "previous"
> {
  readonly openCall: OpenUpstreamCall;
}

/** Which providers and models there are, and which of them may be used. */
export interface Routing {
  /** By their ids, in table order. */
  readonly providers: ReadonlyMap<string, Provider>;
  readonly modelLists: ModelLists;
  readonly details: DetailFinder;
  readonly policy: ModelPolicy;
  /** The same policy, for names of the gateway's own. */
  readonly routePolicy: RoutePolicy;
}

/** Asks no provider yet. */
export function openRouting(options: RoutingOptions, { openCall, ...parts }: RoutingParts): Routing {
  const { allowed, disallowed, jsonLimits, ttlMs, timeoutMs } = options;
  const policy = createModelPolicy(parts.providers, allowed, disallowed);
  const modelLists = createModelLists({
    ...parts,
    ttlMs,
    timeoutMs,
    isAllowed: (provider, modelId) => policy.refusal(provider, modelId) === undefined,
    fetchModels: (provider, signal) => listModels(provider, openCall, signal, jsonLimits),
  });
  return {
    providers: new Map(parts.providers.map((provider) => [provider.id, provider])),
    modelLists,
    details: createDetailFinder({ lists: modelLists.lists, openCall, timers: parts.timers, clock: parts.clock }),
    policy,
    routePolicy: createRoutePolicy(policy),
  };
}
