import { modelFor, type Route } from "../../routing/engine/route.ts";
import type { AdmittedRequest, RequestRoute, Stage } from "../stage.ts";
import { createDialectLoader } from "../translate/load-dialects.ts";
import type { KnownAnswers } from "../../routing/known-answers.ts";
import type { TranslationParts } from "../translate/translate.ts";
import { askAlone, isAlone } from "./ask-alone.ts";
import { createKnownHeaders } from "./told.ts";
import { furtherRoute, hasOthers } from "./further-route.ts";
import { isGoneOnFrom, noteAnswer } from "./note-answer.ts";
import { Exchange } from "./exchange.ts";
import type { RouteStageParts } from "./route-parts.ts";

export interface RouteStageOptions extends Omit<RouteStageParts, "load">, Pick<TranslationParts, "dialects"> {
  readonly answers: KnownAnswers;
}

/**
 * Creates the stage that has requests answered by one of several deployments, and asks another one if one fails before
 * the client has had anything. What is behind it is asked anew for each of them, as if there were no other: so it is in
 * front of the tool loop, whose tools make an attempt final.
 */
export function createRouteStage(given: RouteStageOptions): Stage {
  const parts: RouteStageParts = { ...given, load: createDialectLoader(given.dialects) };
  const { hasTools } = given;
  const headersOf = createKnownHeaders();
  return (admitted, next) => {
    if (!admitted.route) return next(admitted);
    const route = admitted.stored ? translatedOnly(admitted.route, admitted) : admitted.route;
    if (!hasTools && isAlone(route.route.model)) {
      const alone = parts.router.enterAlone(route.route, route.estimatedTokens);
      if (alone) return askAlone(admitted, route, alone, next, headersOf(alone.deployment, alone.model));
    }
    const exchange = new Exchange(parts, admitted, route, next);
    const asked = route.giver ? furtherRoute(parts.router, route, route.giver) : route.route;
    const answering = parts.router.run(asked, exchange).then(
      (routed) => exchange.take(routed),
      (error: unknown) => exchange.refuse(error),
    );
    const isNoted = isGoneOnFrom(admitted) && hasOthers(route);
    return isNoted ? noteAnswer(given.answers, admitted.attempts, answering) : answering;
  };
}

/** The gateway keeps the answer, because the deployment that is likely does not: one that does would keep it under another id. */
function translatedOnly(route: RequestRoute, { format }: AdmittedRequest): RequestRoute {
  const only = ({ model, star }: Route): Route => {
    const deployments = model.deployments.filter((one) => route.wayOf(one, modelFor(one, star)).wire !== format.api);
    return deployments.length === model.deployments.length
      ? { model, star }
      : { model: { ...model, deployments }, star };
  };
  const narrow = (other: Route): Route | undefined => {
    const found = route.narrow(other);
    const left = found && only(found);
    return left?.model.deployments.length === 0 ? undefined : left;
  };
  const { likely, alias, stickyKey, giver, estimatedTokens } = route;
  const wayOf: RequestRoute["wayOf"] = (one, model) => route.wayOf(one, model);
  return { likely, alias, stickyKey, giver, estimatedTokens, wayOf, route: only(route.route), narrow };
}
