import { Failure } from "../../failure/failure.ts";
import type { CatalogueModel } from "../../providers/catalogue.ts";
import { describeModel, parseExtras, publicModelId } from "../../providers/describe-model.ts";
import { jsonResponse } from "../json-response.ts";
import type { RouteHandler } from "../serve-route.ts";
import type { ModelRouteParts } from "./list-models.ts";

const MOUNT = "/v1/models/";

/** `GET /v1/models/{id}`: one model by `provider/model` or, where only one provider lists it, by its bare name. */
export function showModel({ providers, catalogue, policy }: ModelRouteParts): RouteHandler {
  /** Asks only the provider that the id names, so that another one's silence keeps nobody waiting. */
  const findNamed = async (id: string): Promise<CatalogueModel | undefined> => {
    const provider = providers.get(id.split("/", 1)[0] ?? "");
    if (!provider?.callable) return undefined;
    const models = await catalogue.ofProvider(provider).catch(() => []);
    return models.find((model) => publicModelId(model) === id);
  };
  const findBare = async (id: string): Promise<CatalogueModel | undefined> => {
    const holders = (await catalogue.all()).filter((model) => model.id === id);
    return holders.length === 1 ? holders[0] : undefined;
  };

  return async (exchange, request) => {
    const url = new URL(request.url);
    const extras = parseExtras(url.searchParams.get("include"));
    const id = decodeId(url.pathname.slice(MOUNT.length));
    const found = (await findNamed(id)) ?? (await findBare(id));
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
