import { modelFor, type Route } from "../../routing/models/routed-model.ts";
import type { Reply } from "../attempt/attempt.ts";
import { memberOf } from "../body/received-body.ts";
import type { AdmittedRequest, Answer, RequestRoute, Stage } from "../stage.ts";
import { createDialectLoader } from "../translate/load-dialects.ts";
import type { KnownAnswers } from "../../routing/known-answers.ts";
import type { TranslationParts } from "../translate/translate.ts";
import { answerFurther, answerRouted } from "./answer-routed.ts";
import { askFirst } from "./ask-first.ts";
import { hasOthers } from "./further-route.ts";
import { mayBeContinued, noteAnswer } from "./note-answer.ts";
import { estimateTokens } from "./request-traits.ts";
import type { RouteStageParts } from "./route-parts.ts";
import { createFirstAttemptReports } from "./routing-headers.ts";

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
  const reportOf = createFirstAttemptReports();
  const ask = (admitted: AdmittedRequest, route: RequestRoute, next: Answer): Promise<Reply> => {
    if (hasTools || route.giver || mayBeResumed(route, admitted)) return answerRouted(parts, admitted, route, next);
    const attempt = parts.router.enterFirst(route.route, route, estimateTokens(admitted.body));
    if (!attempt) return answerFurther(parts, admitted, route, next, undefined);
    return askFirst(parts, admitted, route, attempt, next, reportOf(attempt));
  };

  return (admitted, next) => {
    if (!admitted.route) return next(admitted);
    const route = admitted.stored ? translatedOnly(admitted.route, admitted) : admitted.route;
    const answering = ask(admitted, route, next);
    const isNoted = mayBeContinued(admitted) && hasOthers(route);
    const streams = isNoted && memberOf(admitted.body, "stream") === true;
    return isNoted ? noteAnswer(given, admitted.attempts, streams, answering) : answering;
  };
}

/** Its stream may have to be gone on with elsewhere, for which it is kept until its end. */
const mayBeResumed = ({ route }: RequestRoute, { body }: AdmittedRequest): boolean =>
  route.model.options.resumes && memberOf(body, "stream") === true;

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
  const { likely, alias, stickyKey, giver } = route;
  const wayOf: RequestRoute["wayOf"] = (one, model, wire) => route.wayOf(one, model, wire);
  return { likely, alias, stickyKey, giver, wayOf, route: only(route.route), narrow };
}
