import type { Format } from "../../formats/format.ts";
import type { Route, RoutedModel } from "../../routing/engine/route.ts";
import type { Deployment } from "../../routing/models/deployment.ts";

/** What decides where a request for a plain name goes. */
interface Asked {
  readonly route: Route;
  readonly format: Format;
  readonly streams: boolean;
  readonly query: string;
}

/** Where the requests for a plain name go, all of the same format: by the deployment that each of them is likely to ask. */
export interface KnownRoute<Opened> {
  /** With the deployments that can be asked in the format. */
  readonly route: Route;
  readonly byLikely: Map<Deployment, Opened>;
}

/** Whether nothing in a request decides who may be asked, and how. */
export function isPlain({ route: { model, star }, query }: Asked): boolean {
  const { options, deployments } = model;
  if (star !== "" || query !== "" || options.sticky) return false;
  // What a request will use is for gates, which what it falls back to may have as well.
  if (options.fallbacks.length + options.contextFallbacks.length + options.contentFallbacks.length > 0) return false;
  return deployments.every(({ gates }) => gates.length === 0);
}

/** Routes of plain names, by what decides: of the few formats, and whether a stream is asked for. */
export function createKnownRoutes<Opened>() {
  const whole = new WeakMap<RoutedModel, Map<Format, KnownRoute<Opened>>>();
  const streamed = new WeakMap<RoutedModel, Map<Format, KnownRoute<Opened>>>();
  return {
    get({ route: { model, star }, format, streams, query }: Asked): KnownRoute<Opened> | undefined {
      return star === "" && query === "" ? (streams ? streamed : whole).get(model)?.get(format) : undefined;
    },
    set({ route, format, streams }: Asked, known: KnownRoute<Opened>): void {
      const all = streams ? streamed : whole;
      const byFormat = all.get(route.model) ?? new Map<Format, KnownRoute<Opened>>();
      all.set(route.model, byFormat.set(format, known));
    },
  };
}
