import { isJsonObject } from "../core/json/parse.ts";
import type { CheckRequest } from "./schema/check.ts";

/*
 * What the gateway itself must read of a request, whoever answers it. All else is the provider's to judge. The sentences
 * are those of the schemas' check, which `VALIDATION=strict` puts in place of this one.
 */

/** Requires nothing of the body, as the path says all. */
export const checkObject: CheckRequest = (request) =>
  isJsonObject(request) ? undefined : { path: "", message: "request body must be an object" };

/** Requires `model`, a string that is not empty. */
export const checkModel: CheckRequest = (request) => {
  if (!isJsonObject(request)) return { path: "", message: "request body must be an object" };
  const model = request["model"];
  if (typeof model === "string" && model !== "") return undefined;
  const wanted =
    model === "" ? "must not be empty" : Object.hasOwn(request, "model") ? "must be a string" : "is required";
  return { path: "model", message: `model ${wanted}` };
};

/** Requires `model`, and lets `stream` be a boolean, null or absent. */
export const checkModelAndStream: CheckRequest = (request) => {
  const problem = checkModel(request);
  if (problem) return problem;
  const stream = isJsonObject(request) ? request["stream"] : undefined;
  if (typeof stream === "boolean" || stream === undefined || stream === null) return undefined;
  return { path: "stream", message: "stream must be a boolean" };
};
