import { Failure } from "../../failure/failure.ts";
import type { Catalogue } from "../../providers/catalogue.ts";
import { describeModel, parseExtras } from "../../providers/describe-model.ts";
import type { Provider } from "../../providers/provider.ts";
import type { ModelPolicy } from "../../routing/model-policy.ts";
import { findProvider } from "../../routing/resolve-target.ts";
import { jsonResponse } from "../json-response.ts";
import type { RouteHandler } from "../serve-route.ts";

export interface ModelRouteParts {
  readonly providers: ReadonlyMap<string, Provider>;
  readonly catalogue: Catalogue;
  readonly policy: ModelPolicy;
}

/** `GET /v1/models`: the models of all providers, or with `?provider=` of one. */
export function listModels({ providers, catalogue, policy }: ModelRouteParts): RouteHandler {
  return async (exchange, request) => {
    const query = new URL(request.url).searchParams;
    const extras = parseExtras(query.get("include"));
    const asked = query.get("provider");
    const provider = asked === null ? undefined : findProvider(providers, asked);
    if (provider) {
      exchange.provider = provider.id;
      if (!provider.callable) throw new Failure("provider_key_missing", { provider: provider.id });
    }
    const models = provider ? await catalogue.ofProvider(provider) : await catalogue.all();
    const data = models
      .filter((model) => !policy.active || policy.refusal(model.provider, model.id) === undefined)
      .map((model) => describeModel(model, extras));
    return jsonResponse(exchange, { ...(provider && { provider: provider.id }), object: "list", data });
  };
}
