import { Failure } from "../../core/errors.ts";
import { editObject } from "../../core/json/edit.ts";
import { asBuffer } from "../../core/json/bytes.ts";
import type { RequestContext } from "../../core/request-context.ts";
import type { Format } from "../../formats/format.ts";
import { findJsonModels } from "../../routing/find-json-models.ts";
import { findQueryModels } from "../../routing/find-url-models.ts";
import { modelFor, type Route, type RoutedModel, type Router } from "../../routing/engine/route.ts";
import type { Deployment } from "../../routing/models/deployment.ts";
import { createModelNames, type ModelNames } from "../../routing/model-names.ts";
import type { ModelPolicy } from "../../routing/model-policy.ts";
import type { RoutePolicy } from "../../routing/route-policy.ts";
import { chooseWay } from "../choose-way.ts";
import { type ReceivedBody, requireSingleMember } from "../prepare-body.ts";
import type { RequestRoute, Way } from "../stage.ts";
import { estimateTokens, stickyKeyOf } from "./request-traits.ts";

export interface RequestRouteParts {
  readonly router: Router;
  readonly policy: ModelPolicy;
  readonly routePolicy: RoutePolicy;
  readonly estimatesTokens: boolean;
}

/** What is decided of requests that several deployments could answer. */
export interface RoutedAdmission {
  readonly router: Router;
  /** Opens the route of a request. */
  readonly open: OpenRequestRoute;
}

export function openRoutedAdmission(parts: RequestRouteParts): RoutedAdmission {
  return { router: parts.router, open: createRequestRoute(parts) };
}

/** A request whose name several deployments could answer. */
export interface RoutedAsk {
  readonly route: Route;
  /** See {@link RequestRoute.alias}. */
  readonly alias: string | undefined;
  readonly context: RequestContext;
  readonly request: Request;
  readonly format: Format;
  readonly body: ReceivedBody;
  readonly streams: boolean;
  /** Of the request, without its `provider`. */
  readonly query: string;
}

/** Where a request may go, and where it is likely to. */
export interface OpenedRoute {
  readonly route: RequestRoute;
  readonly way: Way;
}

/** Opens the routes of requests; at once, unless the body must be searched for other models. Throws a {@link Failure}. */
export type OpenRequestRoute = (ask: RoutedAsk) => OpenedRoute | Promise<OpenedRoute>;

/**
 * Creates what decides which deployments a request may ask: those that the model policy allows by the name and by
 * themselves, whose provider may be asked for all other models that the request names, and can serve its API.
 */
function createRequestRoute(parts: RequestRouteParts): OpenRequestRoute {
  const { router, policy, routePolicy, estimatesTokens } = parts;
  const narrowed = createNarrowedModels();

  /** Not `async`: what is made in such a function holds all of its arguments, and with them the body. */
  const open = (ask: RoutedAsk, names: ModelNames | undefined): OpenedRoute => {
    const { context, format, body, streams, query, alias } = ask;
    const wayOf = (deployment: Deployment, model: string): Way => {
      const params = format.counts ? undefined : deployment.params;
      return chooseWay({ provider: deployment.provider, model, params }, format, streams, query, estimatesTokens);
    };
    const narrow = (route: Route, name: string): Route | Failure => {
      const allowed = names ? routePolicy.judge(route, name) : route;
      if (allowed instanceof Failure) return allowed;
      const able = narrowed(allowed, format, wayOf);
      return able instanceof Failure || !names ? able : withoutRefused(able, names, policy);
    };
    const route = narrow(ask.route, alias ?? ask.route.model.options.name);
    if (route instanceof Failure) {
      nameFirst(context, ask.route);
      throw route;
    }
    const stickyKey = stickyKeyOf(route.model.options.sticky, ask);
    const likely = likelyOf(router, route, stickyKey);
    const way = wayOf(likely, modelFor(likely, route.star));
    context.selected(way.target.provider.id, way.target.model);
    const opened: RequestRoute = {
      ...{ route, likely, alias, stickyKey, wayOf },
      estimatedTokens: estimateTokens(body),
      narrow(other) {
        const found = narrow(
          other,
          other.model.options.name.replace("*", () => other.star),
        );
        return found instanceof Failure ? undefined : found;
      },
    };
    return { route: opened, way };
  };

  return (ask) => {
    // A provider's own name was judged when its provider was chosen.
    const isJudged = policy.active && ask.alias !== undefined;
    return isJudged ? otherModels(ask).then((names) => open(ask, names)) : open(ask, undefined);
  };
}

/** The deployment that is likely to be asked, of those that may be. */
function likelyOf(router: Router, route: Route, stickyKey: string | undefined): Deployment {
  const likely = router.likely(route, stickyKey);
  const [first = likely] = route.model.deployments;
  return route.model.deployments.includes(likely) ? likely : first;
}

/** For the log, of a request that nobody is asked for. */
function nameFirst(context: RequestContext, { model, star }: Route): void {
  const [first] = model.deployments;
  if (first) context.selected(first.provider.id, modelFor(first, star));
}

/** The other models that a request names: its own is the name that was judged. */
async function otherModels({ body, query, request }: RoutedAsk): Promise<ModelNames> {
  const names = createModelNames();
  const member = requireSingleMember(body, "model");
  const rest = member ? editObject(body.bytes, [{ kind: "remove", member }]) : body.bytes;
  await findJsonModels(asBuffer(rest), names, { skipsData: true, stop: request });
  findQueryModels(query, names);
  return names;
}

/** Without the deployments whose providers must not be asked for the other models that the request names. */
function withoutRefused({ model, star }: Route, names: ModelNames, policy: ModelPolicy): Route | Failure {
  const judged = new Map(
    model.deployments.map(({ provider }) => [provider.id, names.refused(policy, provider)] as const),
  );
  const deployments = model.deployments.filter(({ provider }) => judged.get(provider.id) === undefined);
  if (deployments.length === model.deployments.length) return { model, star };
  const [refused] = [...judged.values()].filter((each) => each !== undefined);
  return deployments.length === 0 && refused ? refused.failure : { model: { ...model, deployments }, star };
}

type WayOf = RequestRoute["wayOf"];

/**
 * Leaves out the deployments whose providers do not serve a format. Models without a `*` are looked at once for each
 * format, and are the same object each time.
 */
function createNarrowedModels(): (route: Route, format: Format, wayOf: WayOf) => Route | Failure {
  const known = new WeakMap<RoutedModel, Map<Format, RoutedModel | Failure>>();

  const narrow = (route: Route, wayOf: WayOf): RoutedModel | Failure => {
    const { model, star } = route;
    let failure: Failure | undefined;
    const deployments = model.deployments.filter((deployment) => {
      try {
        wayOf(deployment, modelFor(deployment, star));
        return true;
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        failure ??= error;
        return false;
      }
    });
    if (deployments.length === model.deployments.length) return model;
    return deployments.length === 0 && failure ? failure : { ...model, deployments };
  };

  return (route, format, wayOf) => {
    const { model, star } = route;
    if (model.options.name.includes("*") || star !== "") return withModel(route, narrow(route, wayOf));
    let byFormat = known.get(model);
    if (!byFormat) known.set(model, (byFormat = new Map()));
    let found = byFormat.get(format);
    if (!found) byFormat.set(format, (found = narrow(route, wayOf)));
    return withModel(route, found);
  };
}

function withModel(route: Route, model: RoutedModel | Failure): Route | Failure {
  if (model instanceof Failure || model === route.model) return model instanceof Failure ? model : route;
  return { model, star: route.star };
}
