import type { Answering, Router } from "../../routing/engine/route.ts";
import { modelFor, type Route } from "../../routing/models/routed-model.ts";
import { type Giver, giverIn } from "../../routing/known-answers.ts";
import type { ModelOptions } from "../../routing/models/model-options.ts";
import type { RequestRoute } from "../stage.ts";

type Lists = Pick<ModelOptions, "fallbacks" | "contextFallbacks" | "contentFallbacks">;

/** A model that a request may come to, and whom else it may ask instead. */
interface Reached {
  readonly route: Route;
  readonly others: Lists;
}

const NONE: Lists = { fallbacks: [], contextFallbacks: [], contentFallbacks: [] };

/** Whether answers are looked at before the client gets them, because somebody else may still be asked. */
export const isJudged = (options: ModelOptions): boolean => {
  const { retries, fallbacks, contextFallbacks, contentFallbacks, hedge, timeouts } = options;
  const further = fallbacks.length + contextFallbacks.length + contentFallbacks.length;
  return retries.attempts > 1 || further > 0 || hedge !== undefined || timeouts.firstTokenMs !== undefined;
};

/** Whether somebody else than one deployment may be asked for a request. */
export const hasOthers = ({ route: { model } }: RequestRoute): boolean =>
  model.deployments.length > 1 || [...limitsOf(model.options), ...model.options.fallbacks].length > 0;

const limitsOf = ({ contextFallbacks, contentFallbacks }: Lists): readonly string[] => [
  ...contextFallbacks,
  ...contentFallbacks,
];

/**
 * Where a further answer of a request may be asked for: the model whose deployment answers it, and all to which that one,
 * or the model that was asked for, falls back; as often as the latter says. What has turned to another model because the
 * first could not take it does not come back.
 */
export function furtherRoute(router: Pick<Router, "find">, asked: RequestRoute, answering: Answering): Route {
  const { options } = asked.route.model;
  const { deployment, model } = answering;
  const isIts = ({ model: { deployments }, star }: Route): boolean =>
    deployments.some((one) => one === deployment && modelFor(one, star) === model);
  const { route, others } = reach(router, asked, isIts) ?? { route: asked.route, others: NONE };
  const { hedge: _, ...own } = route.model.options;
  const lists = {
    fallbacks: [...own.fallbacks, ...others.fallbacks],
    contextFallbacks: [...own.contextFallbacks, ...others.contextFallbacks],
    contentFallbacks: [...own.contentFallbacks, ...others.contentFallbacks],
  };
  return { model: { ...route.model, options: { ...own, ...lists, retries: options.retries } }, star: route.star };
}

/** The deployment that answers, with nobody else to be asked. */
export function onlyRoute({ route: { model, star } }: RequestRoute, { deployment }: Answering): Route {
  const { hedge: _, ...options } = model.options;
  return { model: { options: { ...options, ...NONE }, deployments: [deployment] }, star };
}

/** Who has given a response that a request goes on from; undefined if that may not be asked. */
export function findGiver(
  router: Pick<Router, "find">,
  asked: Pick<RequestRoute, "route" | "narrow">,
  giver: Giver,
): Answering | undefined {
  const found = reach(router, asked, ({ model, star }) => giverIn(model, star, giver) !== undefined);
  const deployment = found && giverIn(found.route.model, found.route.star, giver);
  return deployment && { deployment, model: giver.model };
}

/** Finds the first model for which that is so. */
function reach(
  router: Pick<Router, "find">,
  asked: Pick<RequestRoute, "route" | "narrow">,
  isIt: (route: Route) => boolean,
): Reached | undefined {
  const seen = new Set<string>();
  const reached: Reached[] = [{ route: asked.route, others: NONE }];
  for (const each of reached) {
    const { options } = each.route.model;
    const name = nameOf(each.route);
    if (seen.has(name)) continue;
    seen.add(name);
    if (isIt(each.route)) return each;
    const others: Lists = {
      fallbacks: [name, ...options.fallbacks, ...each.others.fallbacks],
      contextFallbacks: [...options.contextFallbacks, ...each.others.contextFallbacks],
      contentFallbacks: [...options.contentFallbacks, ...each.others.contentFallbacks],
    };
    const found = (names: readonly string[]): readonly Route[] =>
      names.flatMap((one) => {
        const route = router.find(one);
        return (route && asked.narrow(route)) ?? [];
      });
    for (const route of found(options.fallbacks)) reached.push({ route, others });
    for (const list of [options.contextFallbacks, options.contentFallbacks])
      for (const route of found(list)) reached.push({ route, others: { ...others, fallbacks: list } });
  }
  return undefined;
}

const nameOf = ({ model, star }: Route): string => model.options.name.replace("*", () => star);
