import { Failure } from "../../failure/failure.ts";
import type { Catalogue } from "../../providers/catalogue.ts";
import { parseExtras } from "../../providers/describe-model.ts";
import type { Provider } from "../../providers/provider.ts";
import type { ModelPolicy } from "../../routing/model-policy.ts";
import { findProvider } from "../../routing/resolve-target.ts";
import type { RouteHandler } from "../serve-route.ts";
import { createModelRenderer } from "./render-models.ts";

export interface ModelRouteParts {
  readonly providers: ReadonlyMap<string, Provider>;
  readonly catalogue: Catalogue;
  readonly policy: ModelPolicy;
}

/** `GET /v1/models`: the models of all providers, or with `?provider=` of one. */
export function listModels({ providers, catalogue, policy }: ModelRouteParts): RouteHandler {
  const render = createModelRenderer(policy);

  return async (exchange, request) => {
    const query = new URL(request.url).searchParams;
    const extras = parseExtras(query.get("include"));
    const asked = query.get("provider");
    const provider = asked === null ? undefined : findProvider(providers, asked);
    if (provider) {
      exchange.provider = provider.id;
      if (!provider.callable) throw new Failure("provider_key_missing", { provider: provider.id });
    }
    const lists = provider ? [await catalogue.ofProvider(provider)] : await catalogue.all();
    const rendered = await Promise.all(lists.map((list) => render(list, extras)));
    const beginning = provider ? `{"provider":${JSON.stringify(provider.id)},` : "{";
    const body = joinLists(`${beginning}"object":"list","data":[`, rendered, "]}");
    exchange.bytesOut = body.length;
    return new Response(body, { headers: { "content-type": "application/json", "x-request-id": exchange.id } });
  };
}

/** Copies what is kept rendered behind each other, with commas between. */
function joinLists(beginning: string, lists: readonly Buffer[], end: string): Buffer<ArrayBuffer> {
  const comma = Buffer.from(",");
  const parts: Buffer[] = [];
  for (const list of lists) {
    if (list.length === 0) continue;
    if (parts.length > 0) parts.push(comma);
    parts.push(list);
  }
  return Buffer.concat([Buffer.from(beginning), ...parts, Buffer.from(end)]);
}
