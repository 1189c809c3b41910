import { Failure } from "../../core/errors.ts";
import type { ModelLists, ProviderModel } from "../../routing/model-lists.ts";
import { describeModel, parseExtras, publicModelId } from "../../routing/describe-model.ts";
import type { Provider } from "../../providers/provider.ts";
import type { ModelPolicy } from "../../routing/model-policy.ts";
import { findProvider } from "../../routing/resolve-target.ts";
import { jsonResponse } from "../json-response.ts";
import { ROUTES } from "../routes.ts";
import type { RouteHandler } from "../serve-route.ts";

export interface ModelRouteParts {
  readonly providers: ReadonlyMap<string, Provider>;
  readonly catalogue: ModelLists;
  readonly policy: ModelPolicy;
}

/** `GET /v1/models`: the models of all providers, or with `?provider=` of one. */
export function listModels({ providers, catalogue: modelLists, policy }: ModelRouteParts): RouteHandler {
  return async (context, request) => {
    const query = new URL(request.url).searchParams;
    const extras = parseExtras(query.get("include"));
    const asked = query.get("provider");
    const provider = asked === null ? undefined : findProvider(providers, asked);
    if (provider) {
      context.provider = provider.id;
      if (!provider.callable) throw new Failure("provider_key_missing", { provider: provider.id });
    }
    const models = provider ? await modelLists.ofProvider(provider) : await modelLists.all();
    const data = models
      .filter((model) => !policy.active || policy.refusal(model.provider, model.id) === undefined)
      .map((model) => describeModel(model, extras));
    return jsonResponse(context, { ...(provider && { provider: provider.id }), object: "list", data });
  };
}

/** What a model's id stands behind. */
const MOUNT = ROUTES.model.paths[0].replace("*", "");

/** `GET /v1/models/{id}`: one model by `provider/model` or, where only one provider lists it, by its bare name. */
export function showModel({ providers, catalogue: modelLists, policy }: ModelRouteParts): RouteHandler {
  /** Asks only the provider that the id names, so that another one's silence keeps nobody waiting. */
  const findNamed = async (id: string): Promise<ProviderModel | undefined> => {
    const provider = providers.get(id.split("/", 1)[0] ?? "");
    if (!provider?.callable) return undefined;
    const models = await modelLists.ofProvider(provider).catch(() => []);
    return models.find((model) => publicModelId(model) === id);
  };
  const findBare = async (id: string): Promise<ProviderModel | undefined> => {
    const holders = (await modelLists.all()).filter((model) => model.id === id);
    return holders.length === 1 ? holders[0] : undefined;
  };

  return async (context, request) => {
    const url = new URL(request.url);
    const extras = parseExtras(url.searchParams.get("include"));
    const id = decodeId(url.pathname.slice(MOUNT.length));
    const found = (await findNamed(id)) ?? (await findBare(id));
    if (!found || policy.refusal(found.provider, found.id)) throw new Failure("model_not_found", { param: "model" });
    return jsonResponse(context, describeModel(found, extras));
  };
}

function decodeId(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new Failure("invalid_request", { message: "The model's id is not validly percent-encoded", param: "model" });
  }
}
