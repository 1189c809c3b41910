import { Failure } from "../../core/errors.ts";
import type { RouteHandler } from "../serve-route.ts";

/** `POST /v1/metrics` if nobody may push metrics. */
export const refusePush: RouteHandler = () => {
  throw new Failure("metrics_push_disabled");
};
