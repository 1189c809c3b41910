import type { FirstAttempt, Routed } from "../../routing/engine/route.ts";
import type { Reply } from "../attempt/attempt.ts";
import type { AdmittedRequest, Answer, RequestRoute } from "../stage.ts";
import type { Asking } from "./ask-deployment.ts";
import { Exchange } from "./exchange.ts";
import { furtherRoute } from "./further-route.ts";
import type { RouteStageParts } from "./route-parts.ts";

/** Has a request answered by whom its router chooses. @throws Failure if nobody answers */
export function answerRouted(
  parts: RouteStageParts,
  admitted: AdmittedRequest,
  route: RequestRoute,
  next: Answer,
): Promise<Reply> {
  const exchange = new Exchange(parts, admitted, route, next);
  const asked = route.giver ? furtherRoute(parts.router, route, route.giver) : route.route;
  return finish(exchange, parts.router.run(asked, exchange));
}

/** The same after a first attempt that was made without it, or could not be made. */
export function answerFurther(
  parts: RouteStageParts,
  admitted: AdmittedRequest,
  route: RequestRoute,
  next: Answer,
  failed: FirstAttempt | undefined,
): Promise<Reply> {
  const exchange = new Exchange(parts, admitted, route, next, failed);
  return finish(exchange, parts.router.goOn(route.route, exchange, failed));
}

const finish = (exchange: Exchange, answer: Promise<Routed<Asking>>): Promise<Reply> =>
  answer.then(
    (routed) => exchange.take(routed),
    (error: unknown) => exchange.refuse(error),
  );
