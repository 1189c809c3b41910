import { createDeadlines, type TimerSource } from "../../core/deadlines.ts";
import { Failure } from "../../core/errors.ts";
import type { DeploymentStates } from "../health/deployment-states.ts";
import type { Gates } from "../limits/gates.ts";
import type { PriceOf } from "../strategies/cheapest.ts";
import { Attempt } from "./attempt.ts";
import { enter } from "./enter.ts";
import { finalFailure } from "./final-failure.ts";
import { availableOf, type ChainLink, leastCooling, type PreparedModel, prepareModel } from "./prepare-model.ts";
import type { Routed, RoutedRequest, Router } from "./route.ts";
import type { Route, RoutedModel } from "../models/routed-model.ts";
import { Run, type RunParts } from "./run.ts";

export interface RouterParts {
  /** The models that have names without a `*`, in the operator's order. */
  readonly models: readonly RoutedModel[];
  /** What a name means: see `Router.find`. */
  readonly findModel: (name: string) => Route | undefined;
  /** See `Router.forProvider`. The same provider and model have the same routed model. */
  readonly forProvider: (providerId: string, model: string) => Route | undefined;
  /** How deployments do; outlives the router. */
  readonly states: DeploymentStates;
  readonly gates: Gates;
  readonly timers: TimerSource;
  /** From 0 to 1, 1 excluded. */
  readonly random: () => number;
  /** For models that are `cheapest`. */
  readonly priceOf?: PriceOf;
}

/** Knows no price. */
const UNPRICED: PriceOf = () => undefined;

/**
 * A router for one configuration. A request whose first attempt answers costs one object for the attempt and one for the
 * result, and no timer; whatever else a request may need is made only then.
 */
export function createRouter(parts: RouterParts): Router {
  const { models, findModel, states, gates, timers, random, priceOf = UNPRICED } = parts;
  const { now } = timers;
  const prepared = new WeakMap<RoutedModel, PreparedModel>();

  const prepare = (model: RoutedModel): PreparedModel => {
    const known = prepared.get(model);
    if (known) return known;
    const made = prepareModel(model, states, { random, priceOf });
    prepared.set(model, made);
    return made;
  };

  const linkOf = ({ model, star }: Route): ChainLink => ({ model: prepare(model), star });

  const runParts: RunParts = {
    now,
    deadlines: createDeadlines(timers),
    gates,
    random,
    linkOf(name, request) {
      const found = findModel(name);
      const route = found && request.narrow ? request.narrow(found) : found;
      return route && linkOf(route);
    },
  };
  for (const model of models) prepare(model);

  return {
    find: findModel,
    forProvider: parts.forProvider,
    models,
    likely(route, stickyKey) {
      const { star } = route;
      const model = prepare(route.model);
      const time = now();
      const available = availableOf(model, time);
      if (available.length === 0) return leastCooling(model.candidates).deployment;
      return model.strategy(available, { stickyKey, star, now: time, peeks: true }).deployment;
    },
    enterFirst({ model: asked, star }, request, estimatedTokens) {
      const model = prepare(asked);
      const { options, candidates, state } = model;
      const time = now();
      if (options.retries.attempts > 1) state.budget.request(time);
      if (options.hedge && candidates.length > 1) return undefined;
      const entry = { kind: "first", now: time, estimatedTokens } as const;
      const attempt = enter<never>(runParts, { model, star }, request, availableOf(model, time), entry);
      attempt?.beginElsewhere();
      return attempt;
    },
    goOn(route, request, failed) {
      if (failed && !(failed instanceof Attempt)) throw new TypeError("an attempt of another router");
      return new Run(runParts, linkOf(route), request, failed).answer();
    },
    run<Reply>(route: Route, request: RoutedRequest<Reply>) {
      const link = linkOf(route);
      const { options, candidates, state } = link.model;
      const time = now();
      if (request.isFurther) {
        if (!state.budget.hasRoom(time)) return Promise.reject(new Failure("deployments_cooling"));
        state.budget.take(time);
      } else if (options.retries.attempts > 1) state.budget.request(time);
      if (options.hedge && candidates.length > 1) return new Run(runParts, link, request).answer();
      const entry = { kind: "first", now: time, estimatedTokens: request.estimatedTokens } as const;
      const attempt = enter<Reply>(runParts, link, request, availableOf(link.model, time), entry);
      if (!attempt) return new Run(runParts, link, request).answer();
      const answer = attempt.begin(request);
      return options.retries.attempts > 1
        ? first(runParts, link, request, attempt, answer)
        : only(now, attempt, answer);
    },
  };
}

/** The first attempt, after which others may be made. */
function first<Reply>(
  parts: RunParts,
  link: ChainLink,
  request: RoutedRequest<Reply>,
  attempt: Attempt<Reply>,
  answer: Promise<Reply>,
): Promise<Routed<Reply>> {
  return answer.then(
    (reply) => take(attempt, reply),
    (error: unknown) => {
      const failure = attempt.failed(error);
      if (attempt.verdict?.next === "nobody") throw failure;
      return new Run(parts, link, request, attempt).answer();
    },
  );
}

/** The only attempt. Apart from {@link first}, because functions that know the request keep it, and it its body. */
function only<Reply>(now: () => number, attempt: Attempt<Reply>, answer: Promise<Reply>): Promise<Routed<Reply>> {
  return answer.then(
    (reply) => take(attempt, reply),
    (error: unknown) => {
      const failure = attempt.failed(error);
      throw finalFailure([attempt], now()) ?? failure;
    },
  );
}

function take<Reply>(attempt: Attempt<Reply>, reply: Reply): Routed<Reply> {
  attempt.answered();
  return attempt.toRouted(reply, [attempt]);
}
