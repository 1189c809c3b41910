import { Failure } from "../../failure/failure.ts";
import { describeModel, parseExtras, publicModelId } from "../../providers/describe-model.ts";
import { jsonResponse } from "../json-response.ts";
import type { RouteHandler } from "../serve-route.ts";
import type { ModelRouteParts } from "./list-models.ts";

const MOUNT = "/v1/models/";

/** `GET /v1/models/{id}`: one model by `provider/model` or, where only one provider lists it, by its bare name. */
export function showModel({ catalogue, policy }: ModelRouteParts): RouteHandler {
  return async (exchange, request) => {
    const url = new URL(request.url);
    const extras = parseExtras(url.searchParams.get("include"));
    const id = decodeId(url.pathname.slice(MOUNT.length));
    const models = await catalogue.all();
    const named = models.find((model) => publicModelId(model) === id);
    const bare = models.filter((model) => model.id === id);
    const found = named ?? (bare.length === 1 ? bare[0] : undefined);
    if (!found || policy.refusal(found.provider, found.id)) throw new Failure("model_not_found", { param: "model" });
    return jsonResponse(exchange, describeModel(found, extras));
  };
}

function decodeId(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new Failure("invalid_request", { message: "The model's id is not validly percent-encoded", param: "model" });
  }
}
