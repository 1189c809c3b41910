import type { Deployment } from "./deployment.ts";
import type { ModelOptions } from "./model-options.ts";

/** A name of the gateway's own, with its deployments: one for each key. */
export interface RoutedModel {
  readonly options: ModelOptions;
  readonly deployments: readonly Deployment[];
}

/** What a request's name means. */
export interface Route {
  readonly model: RoutedModel;
  /** What the request's name has in the place of the `*`; blank if the model has none. */
  readonly star: string;
}

/** The model that a deployment is asked for, in its provider's naming. */
export const modelFor = ({ model }: Deployment, star: string): string => (model === "*" ? star : model);
