import type { Format } from "../../formats/format.ts";
import type { Route, RoutedModel } from "../../routing/engine/route.ts";

/** What decides where a request for a plain name goes. */
interface Asked {
  readonly route: Route;
  readonly format: Format;
  readonly streams: boolean;
  readonly query: string;
}

/** Whether every request for the name goes the same way: it has one deployment, and nothing in the request decides. */
export function isPlain({ route: { model, star }, query }: Asked): boolean {
  const { options, deployments } = model;
  if (star !== "" || query !== "" || deployments.length > 1 || options.sticky) return false;
  // What a request will use is for gates, which what it falls back to may have as well.
  if (options.fallbacks.length + options.contextFallbacks.length + options.contentFallbacks.length > 0) return false;
  return deployments[0]?.gates.length === 0;
}

/** Routes of plain names, by what decides: of the few formats, and whether a stream is asked for. */
export function createKnownRoutes<Opened>() {
  const whole = new WeakMap<RoutedModel, Map<Format, Opened>>();
  const streamed = new WeakMap<RoutedModel, Map<Format, Opened>>();
  return {
    get: ({ route, format, streams }: Asked) => (streams ? streamed : whole).get(route.model)?.get(format),
    set({ route, format, streams }: Asked, opened: Opened): void {
      const all = streams ? streamed : whole;
      const byFormat = all.get(route.model) ?? new Map<Format, Opened>();
      all.set(route.model, byFormat.set(format, opened));
    },
  };
}
