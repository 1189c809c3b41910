import { Failure } from "../../core/errors.ts";
import { loadOnce } from "../../core/load-once.ts";
import type { ModelList } from "../../routing/model-lists/model-list.ts";
import {
  parseExtras,
  describeForAnthropic,
  describeModel,
  type PublicModel,
  publicModel,
} from "../../routing/describe-model.ts";
import type { DetailFinder } from "../../routing/details/find-details.ts";
import type { ModelPolicy } from "../../routing/policy/model-policy.ts";
import { findProvider } from "../../routing/resolve-target.ts";
import { providerNotCallable } from "../../routing/target-failures.ts";
import { restOfPath, ROUTES } from "../routes.ts";
import { isAnthropicClient } from "../choose-error-envelope.ts";
import { jsonResponse } from "../json-response.ts";
import type { RouteHandler } from "../serve-route.ts";
import { createFindModel, type FindModelParts } from "./find-model.ts";
import { anthropicResponse, createAnthropicPages, parsePaging } from "./anthropic-models.ts";
import type { ModelExtra } from "../../providers/model-extras.ts";

export interface ModelRouteParts extends FindModelParts {
  /** What is known of models beside their names. */
  readonly details: DetailFinder;
  /** Whether tokens are estimated for a provider that cannot count them. */
  readonly estimatesTokens: boolean;
}

/**
 * `GET /v1/models`: the gateway's own names and the models of all providers, or with `?provider=` those of one; to
 * Anthropic's clients in pages.
 */
export function listModels({ providers, catalogue: modelLists, policy, details, own }: ModelRouteParts): RouteHandler {
  const render = createModelRenderer(policy, details);
  const cutPage = createAnthropicPages(policy, details);

  return async (context, request) => {
    const query = new URL(request.url).searchParams;
    const extras = parseExtras(query.getAll("include"));
    const paging = isAnthropicClient(request.headers) ? parsePaging(query) : undefined;
    const asked = query.get("provider");
    const provider = asked === null ? undefined : findProvider(providers, asked);
    if (provider) {
      context.selected(provider.id);
      if (!provider.callable) throw providerNotCallable(provider);
    }
    const lists = provider ? [await modelLists.ofProvider(provider)] : await modelLists.all();
    const names = provider ? [] : (own?.all() ?? []);
    if (paging) return anthropicResponse(context, await cutPage(lists, paging, extras, names));
    const rendered = await Promise.all([
      renderModels(names, extras, details),
      ...lists.map((list) => render(list, extras)),
    ]);
    const beginning = provider ? `{"provider":${JSON.stringify(provider.id)},` : "{";
    const body = joinLists(`${beginning}"object":"list","data":[`, rendered, "]}");
    context.sent(body.length);
    return new Response(body, { headers: { "content-type": "application/json", "x-request-id": context.id } });
  };
}

const COMMA = Buffer.from(",");

/** Concatenates the cached renderings, separated by commas. */
function joinLists(beginning: string, lists: readonly Buffer[], end: string): Buffer<ArrayBuffer> {
  const parts: Buffer[] = [];
  for (const list of lists) {
    if (list.length === 0) continue;
    if (parts.length > 0) parts.push(COMMA);
    parts.push(list);
  }
  return Buffer.concat([Buffer.from(beginning), ...parts, Buffer.from(end)]);
}

/** `GET /v1/models/{id}`. */
export function showModel(parts: ModelRouteParts): RouteHandler {
  const findModel = createFindModel(parts);

  return async (context, request) => {
    const url = new URL(request.url);
    const extras = parseExtras(url.searchParams.getAll("include"));
    const found = await findModel(decodeId(restOfPath(ROUTES.model, url.pathname)));
    const [known] = await parts.details.find([found], extras);
    return isAnthropicClient(request.headers)
      ? anthropicResponse(context, describeForAnthropic(found, extras, known))
      : jsonResponse(context, describeModel(found, extras, known));
  };
}

/** @throws Failure `invalid_request` */
export function decodeId(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new Failure("invalid_request", { message: "The model's id is not validly percent-encoded", param: "model" });
  }
}

async function renderModels(
  models: readonly PublicModel[],
  extras: readonly ModelExtra[],
  details: DetailFinder,
): Promise<Buffer> {
  const known = await details.find(models, extras);
  return Buffer.from(
    models.map((model, index) => JSON.stringify(describeModel(model, extras, known[index]))).join(","),
  );
}

/** Rendering this many takes about a millisecond; then other requests get their turn. */
const MODELS_PER_TURN = 500;

/**
 * Makes what writes the models of one list that the policy allows as JSON, separated by commas. Each list is rendered once
 * for each set of extras and kept as long as the list is.
 */
export function createModelRenderer(
  policy: Pick<ModelPolicy, "refusal">,
  details: DetailFinder,
): (list: ModelList, extras: readonly ModelExtra[]) => Promise<Buffer> {
  const rendered = new WeakMap<ModelList, Map<string, () => Promise<Buffer>>>();

  const render = async ({ provider, models }: ModelList, extras: readonly ModelExtra[]): Promise<Buffer> => {
    const slices: Buffer[] = [];
    let slice: PublicModel[] = [];
    let seen = 0;
    const endSlice = async (): Promise<void> => {
      if (slice.length === 0) return;
      if (slices.length > 0) slices.push(COMMA);
      slices.push(await renderModels(slice, extras, details));
      slice = [];
    };
    for (const model of models.values()) {
      if (policy.refusal(provider, model.id) === undefined) slice.push(publicModel(provider, model));
      if (++seen % MODELS_PER_TURN > 0) continue;
      await endSlice();
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    await endSlice();
    return Buffer.concat(slices);
  };

  return (list, extras) => {
    let byExtras = rendered.get(list);
    if (!byExtras) rendered.set(list, (byExtras = new Map()));
    // Always in the same order: see parseExtras.
    const key = extras.join();
    let body = byExtras.get(key);
    if (!body) byExtras.set(key, (body = loadOnce(() => render(list, extras))));
    return body();
  };
}
