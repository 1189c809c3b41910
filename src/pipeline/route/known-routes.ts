import type { Format } from "../../formats/format.ts";
import type { Router } from "../../routing/engine/route.ts";
import type { Route, RoutedModel } from "../../routing/models/routed-model.ts";
import type { Deployment } from "../../routing/models/deployment.ts";
import type { RequestRoute } from "../stage.ts";

/** What decides where a request for a name goes whose deployments are not `sticky`. */
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
}

/**
 * Makes what opens the routes of requests, those that are not `sticky` only once: for each of the few formats, whether a stream is
 * asked for or not, and each deployment that is likely to be asked.
 * @param open opens one; is told of the likely deployment if that is known
 */
export function createKnownRoutes<Ask extends Asked, Known extends Opened>(
  router: Pick<Router, "likely">,
  open: (ask: Ask, likely: Deployment | undefined) => Known,
): (ask: Ask) => Known {
  const whole = new WeakMap<RoutedModel, Map<Format, KnownRoute<Known>>>();
  const streamed = new WeakMap<RoutedModel, Map<Format, KnownRoute<Known>>>();

  const openFirst = (ask: Ask, routes: typeof whole): Known => {
    const opened = open(ask, undefined);
    const { model } = ask.route;
    // What a request has decides which of its deployments is asked.
    if (model.options.sticky) return opened;
    const { route, likely } = opened.route;
    const byFormat = routes.get(model) ?? new Map<Format, KnownRoute<Known>>();
    routes.set(model, byFormat.set(ask.format, { route, byLikely: new Map([[likely, opened]]) }));
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
    return opened;
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
