import { Failure } from "../../core/errors.ts";
import type { Format } from "../../formats/format.ts";
import { modelFor, type Route, type RoutedModel } from "../../routing/models/routed-model.ts";
import type { RequestRoute } from "../stage.ts";

type Ways = Pick<RequestRoute, "wayOf">;

/** Leaves out what cannot be asked in a format. @returns the failure of the first one if that is all */
export type NarrowModels = (route: Route, format: Format, ways: Ways) => Route | Failure;

/**
 * Leaves out the deployments whose providers do not serve a format. Models without a `*` are looked at once for each
 * format, and are the same object each time.
 */
export function createNarrowedModels(): NarrowModels {
  const known = new WeakMap<RoutedModel, Map<Format, RoutedModel | Failure>>();

  const narrow = (route: Route, ways: Ways): RoutedModel | Failure => {
    const { model, star } = route;
    let failure: Failure | undefined;
    const deployments = model.deployments.filter((deployment) => {
      try {
        ways.wayOf(deployment, modelFor(deployment, star));
        return true;
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        failure ??= error;
        return false;
      }
    });
    if (deployments.length === model.deployments.length) return model;
    return deployments.length === 0 && failure ? failure : { ...model, deployments };
  };

  return (route, format, ways) => {
    const { model, star } = route;
    if (model.options.name.includes("*") || star !== "") return withModel(route, narrow(route, ways));
    let byFormat = known.get(model);
    if (!byFormat) known.set(model, (byFormat = new Map()));
    let found = byFormat.get(format);
    if (!found) byFormat.set(format, (found = narrow(route, ways)));
    return withModel(route, found);
  };
}

function withModel(route: Route, model: RoutedModel | Failure): Route | Failure {
  if (model instanceof Failure || model === route.model) return model instanceof Failure ? model : route;
  return { model, star: route.star };
}
