import type { ClientRequest } from "../../core/client-request.ts";
import { Failure } from "../../core/errors.ts";
import { filledTextOf } from "../../core/json/values.ts";
import type { RequestContext } from "../../core/request-context.ts";
import type { Format } from "../../formats/format.ts";
import type { ProviderApiName } from "../../providers/api-paths.ts";
import { chooseWay, type WayAsk, type Way } from "../../routing/choose-way.ts";
import type { Answering, Router } from "../../routing/engine/route.ts";
import { modelFor, type Route } from "../../routing/models/routed-model.ts";
import type { Deployment } from "../../routing/models/deployment.ts";
import type { Giver, KnownAnswers } from "../../routing/known-answers.ts";
import { createModelNames, type ModelNames } from "../../routing/model-names.ts";
import type { ModelPolicy } from "../../routing/policy/model-policy.ts";
import type { RoutePolicy } from "../../routing/policy/route-policy.ts";
import { otherModels } from "../named-models.ts";
import { memberOf } from "../body/received-body.ts";
import type { AdmittedRequest, RequestRoute } from "../stage.ts";
import { findGiver } from "./further-route.ts";
import { createKnownRoutes, likelyOf } from "./known-routes.ts";
import { createNarrowedModels, type NarrowModels } from "./narrow-models.ts";
import { stickyKeyOf } from "./request-traits.ts";

export interface RequestRouteParts {
  readonly router: Router;
  readonly policy: ModelPolicy;
  readonly routePolicy: RoutePolicy;
  readonly estimatesTokens: boolean;
  readonly answers: KnownAnswers;
}

/** What is decided of requests that several deployments could answer. */
export interface RoutedAdmission {
  readonly router: Router;
  readonly answers: KnownAnswers;
  /** Opens the route of a request. */
  readonly open: OpenRequestRoute;
}

export function openRoutedAdmission(parts: RequestRouteParts): RoutedAdmission {
  return { router: parts.router, answers: parts.answers, open: createRequestRoute(parts) };
}

/** A request whose name several deployments could answer. */
export interface RoutedAsk {
  readonly route: Route;
  /** See {@link RequestRoute.alias}. */
  readonly alias: string | undefined;
  readonly context: RequestContext;
  readonly request: ClientRequest;
  readonly format: Format;
  readonly body: AdmittedRequest["body"];
  readonly streams: boolean;
  /** Of the request, without its `provider`. */
  readonly query: string;
}

/** Where a request may go, and where it is likely to. */
export interface OpenedRoute {
  readonly route: RequestRoute;
  readonly way: Way;
}

/** Opens the routes of requests; at once, unless a long body must be searched for other models. Throws a {@link Failure}. */
export type OpenRequestRoute = (ask: RoutedAsk) => OpenedRoute | Promise<OpenedRoute>;

/** What all requests of a configuration are decided by. */
interface Rules extends RequestRouteParts {
  readonly narrowed: NarrowModels;
}

function createRequestRoute(parts: RequestRouteParts): OpenRequestRoute {
  const rules: Rules = { ...parts, narrowed: createNarrowedModels() };
  /** Of all requests that are judged and name no other model. */
  const noOthers = createModelNames();

  /** Not `async`: what is made in such a function holds all of its arguments, and with them the body. */
  const open = (ask: RoutedAsk, names: ModelNames | undefined, known?: Deployment): OpenedRoute => {
    const route = new OpenRoute(rules, ask, names, known);
    const { likely } = route;
    const way = route.wayOf(likely, modelFor(likely, route.route.star));
    ask.context.selected(way.target.provider.id, way.target.model);
    return { route, way };
  };

  // A provider's own name was judged when its provider was chosen.
  const isJudged = ({ alias }: RoutedAsk): boolean => parts.policy.active && alias !== undefined;

  const openKnown = createKnownRoutes(parts.router, (ask: RoutedAsk, likely) =>
    open(ask, isJudged(ask) ? noOthers : undefined, likely),
  );

  /** Only what a request names beside its own name can have the policy judge it otherwise than the others of that name. */
  const openFor = (ask: RoutedAsk, names: ModelNames | undefined): OpenedRoute => {
    if (names?.isEmpty === false || giverOf(parts.answers, ask)) return open(ask, names);
    const opened = openKnown(ask);
    ask.context.selected(opened.way.target.provider.id, opened.way.target.model);
    return opened;
  };

  return (ask) => {
    const names = isJudged(ask) ? otherModels(ask.request, ask.body, ask.query) : undefined;
    return names instanceof Promise ? openLater(ask, names, openFor) : openFor(ask, names);
  };
}

// Apart, because a closure costs whoever calls the function around it.
const openLater = (
  ask: RoutedAsk,
  searching: Promise<ModelNames>,
  open: (ask: RoutedAsk, names: ModelNames) => OpenedRoute,
): Promise<OpenedRoute> => searching.then((names) => open(ask, names));

/**
 * Decides which deployments a request may ask: those that the model policy allows by the name and by themselves, whose
 * provider may be asked for all other models that the request names, and can serve its API. Keeps nothing of the body.
 */
class OpenRoute implements RequestRoute {
  readonly route: Route;
  readonly likely: Deployment;
  readonly alias: string | undefined;
  readonly stickyKey: string | undefined;
  readonly giver: Answering | undefined;
  readonly #rules: Rules;
  /** Absent if the policy has nothing to say. */
  readonly #names: ModelNames | undefined;
  readonly #asks: WayAsk;

  /** @param likely if it is known */
  constructor(rules: Rules, ask: RoutedAsk, names: ModelNames | undefined, likely: Deployment | undefined) {
    this.#rules = rules;
    this.#names = names;
    this.#asks = { format: ask.format, isStream: ask.streams, search: ask.query };
    this.alias = ask.alias;
    const route = this.#narrow(ask.route, ask.alias ?? ask.route.model.options.name);
    if (route instanceof Failure) {
      nameFirst(ask.context, ask.route);
      throw route;
    }
    this.route = route;
    this.stickyKey = stickyKeyOf(route.model.options.sticky, ask);
    const giver = giverOf(rules.answers, ask);
    this.giver = giver && findGiver(rules.router, this, giver);
    const isGiver = this.giver && route.model.deployments.includes(this.giver.deployment);
    const known = this.giver && isGiver ? this.giver.deployment : likely;
    this.likely = known ?? likelyOf(rules.router, route, this.stickyKey);
  }

  wayOf({ provider, params }: Deployment, model: string, wire?: ProviderApiName): Way {
    const target = { provider, model, params: this.#asks.format.counts ? undefined : params };
    return chooseWay(target, this.#asks, this.#rules.estimatesTokens, wire);
  }

  narrow(other: Route): Route | undefined {
    const { name } = other.model.options;
    const found = this.#narrow(
      other,
      name.replace("*", () => other.star),
    );
    return found instanceof Failure ? undefined : found;
  }

  #narrow(route: Route, name: string): Route | Failure {
    const { routePolicy, policy, narrowed } = this.#rules;
    const names = this.#names;
    const allowed = names ? routePolicy.judge(route, name) : route;
    if (allowed instanceof Failure) return allowed;
    const able = narrowed(allowed, this.#asks.format, this);
    return able instanceof Failure || !names ? able : withoutRefused(able, names, policy);
  }
}

/** Who has given the response that a request goes on from, if that is known. */
function giverOf(answers: KnownAnswers, { format, body }: RoutedAsk): Giver | undefined {
  const id = format.api === "responses" ? filledTextOf(memberOf(body, "previous_response_id")) : undefined;
  return id === undefined ? undefined : answers.by(id);
}

/** For the log, of a request that nobody is asked for. */
function nameFirst(context: RequestContext, { model, star }: Route): void {
  const [first] = model.deployments;
  if (first) context.selected(first.provider.id, modelFor(first, star));
}

/** Without the deployments whose providers must not be asked for the other models that the request names. */
function withoutRefused(route: Route, names: ModelNames, policy: ModelPolicy): Route | Failure {
  if (names.isEmpty) return route;
  const { model, star } = route;
  const judged = new Map(
    model.deployments.map(({ provider }) => [provider.id, names.refused(policy, provider)] as const),
  );
  const deployments = model.deployments.filter(({ provider }) => judged.get(provider.id) === undefined);
  if (deployments.length === model.deployments.length) return route;
  const [refused] = [...judged.values()].filter((each) => each !== undefined);
  return deployments.length === 0 && refused ? refused.failure : { model: { ...model, deployments }, star };
}
