import { Failure } from "../../failure/failure.ts";
import type { ModelList } from "../../providers/catalogue.ts";
import { describeModel, parseExtras } from "../../providers/describe-model.ts";
import type { Provider } from "../../providers/provider.ts";
import type { ListedModel } from "../../providers/read-models.ts";
import { jsonResponse } from "../json-response.ts";
import type { RouteHandler } from "../serve-route.ts";
import type { ModelRouteParts } from "./list-models.ts";

const MOUNT = "/v1/models/";

interface FoundModel {
  readonly provider: Provider;
  readonly model: ListedModel;
}

/** `GET /v1/models/{id}`: one model by `provider/model` or, where only one provider lists it, by its bare name. */
export function showModel({ providers, catalogue, policy }: ModelRouteParts): RouteHandler {
  /** Asks only the provider that the id names, so that another one's silence keeps nobody waiting. */
  const findNamed = async (id: string): Promise<FoundModel | undefined> => {
    const slash = id.indexOf("/");
    const provider = slash > 0 ? providers.get(id.slice(0, slash)) : undefined;
    if (!provider?.callable) return undefined;
    const list = await catalogue.ofProvider(provider).catch(() => undefined);
    return list && findIn(list, id.slice(slash + 1));
  };
  const findBare = async (id: string): Promise<FoundModel | undefined> => {
    const holders = (await catalogue.all()).flatMap((list) => findIn(list, id) ?? []);
    return holders.length === 1 ? holders[0] : undefined;
  };

  return async (exchange, request) => {
    const url = new URL(request.url);
    const extras = parseExtras(url.searchParams.get("include"));
    const id = decodeId(url.pathname.slice(MOUNT.length));
    const found = (await findNamed(id)) ?? (await findBare(id));
    if (!found || policy.refusal(found.provider, found.model.id)) {
      throw new Failure("model_not_found", { param: "model" });
    }
    return jsonResponse(exchange, describeModel(found.provider, found.model, extras));
  };
}

function findIn({ provider, models }: ModelList, id: string): FoundModel | undefined {
  const model = models.get(id);
  return model && { provider, model };
}

function decodeId(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new Failure("invalid_request", { message: "The model's id is not validly percent-encoded", param: "model" });
  }
}
