import type { Format } from "../../formats/format.ts";
import type { Route, RoutedModel, Router } from "../../routing/engine/route.ts";
import type { Deployment } from "../../routing/models/deployment.ts";
import type { RequestRoute } from "../stage.ts";

/** What decides where a request for a plain name goes. */
interface Asked {
  readonly route: Route;
  readonly format: Format;
  readonly streams: boolean;
  readonly query: string;
}

interface Opened {
  readonly route: RequestRoute;
}

/** Where all requests of a format go for one name, by the deployment that each of them is likely to ask. */
interface KnownRoute<Known extends Opened> {
  /** With the deployments that can be asked in that format. */
  readonly route: Route;
  readonly byLikely: Map<Deployment, Known>;
  /** What a request will use decides whether it may pass. */
  readonly isGated: boolean;
}

/** Whether nothing in a request decides which of a model's deployments may be asked, and how. */
function isPlain({ options }: RoutedModel): boolean {
  if (options.sticky) return false;
  // What a request will use is for gates, which what it falls back to may have as well.
  return options.fallbacks.length + options.contextFallbacks.length + options.contentFallbacks.length === 0;
}

/**
 * Makes what opens the routes of requests, those of plain names only once: for each of the few formats, whether a stream is
 * asked for or not, and each deployment that is likely to be asked.
 * @param open opens one; is told of the likely deployment if that is known
 * @param estimated the same as one that is known, for what this request will use
 */
export function createKnownRoutes<Ask extends Asked, Known extends Opened>(
  router: Pick<Router, "likely">,
  open: (ask: Ask, likely: Deployment | undefined) => Known,
  estimated: (known: Known, ask: Ask) => Known,
): (ask: Ask) => Known {
  const whole = new WeakMap<RoutedModel, Map<Format, KnownRoute<Known>>>();
  const streamed = new WeakMap<RoutedModel, Map<Format, KnownRoute<Known>>>();

  const openFirst = (ask: Ask, routes: typeof whole): Known => {
    const opened = open(ask, undefined);
    const { model } = ask.route;
    if (!isPlain(model)) return opened;
    const { route, likely } = opened.route;
    const byFormat = routes.get(model) ?? new Map<Format, KnownRoute<Known>>();
    const isGated = model.deployments.some(({ gates }) => gates.length > 0);
    routes.set(model, byFormat.set(ask.format, { route, byLikely: new Map([[likely, opened]]), isGated }));
    return opened;
  };

  return (ask) => {
    const { route, format, streams, query } = ask;
    if (route.star !== "" || query !== "") return open(ask, undefined);
    const routes = streams ? streamed : whole;
    const known = routes.get(route.model)?.get(format);
    if (!known) return openFirst(ask, routes);
    const likely = likelyOf(router, known.route, undefined);
    let opened = known.byLikely.get(likely);
    if (!opened) known.byLikely.set(likely, (opened = open(ask, likely)));
    return known.isGated ? estimated(opened, ask) : opened;
  };
}

/** The deployment that is likely to be asked, of those that may be. */
export function likelyOf(router: Pick<Router, "likely">, route: Route, stickyKey: string | undefined): Deployment {
  const { deployments } = route.model;
  const only = deployments.length === 1 ? deployments[0] : undefined;
  if (only) return only;
  const likely = router.likely(route, stickyKey);
  return deployments.includes(likely) ? likely : (deployments[0] ?? likely);
}
