import { Failure } from "../../core/errors.ts";
import { parseExtras, type PublicModel } from "../../routing/describe-model.ts";
import type { DetailFinder } from "../../routing/details/find-details.ts";
import type { ModelDetails } from "../../routing/details/model-details.ts";
import { chooseCounter, chooseWire } from "../../routing/choose-way.ts";
import { COUNT_GENERATE_TOKENS } from "../../formats/gemini/format.ts";
import { findProvider } from "../../routing/resolve-target.ts";
import { providerNotCallable } from "../../routing/target-failures.ts";
import { isGoogleClient } from "../choose-error-envelope.ts";
import { jsonResponse } from "../json-response.ts";
import type { RouteHandler } from "../serve-route.ts";
import { restOfPath, ROUTES } from "../routes.ts";
import { createAllowedModels } from "./allowed-models.ts";
import { createFindModel } from "./find-model.ts";
import { decodeId, type ModelRouteParts } from "./models.ts";

/** A model as Google's API shows it. https://ai.google.dev/api/models#Model */
interface GoogleModel {
  readonly name: string;
  readonly version: string;
  readonly displayName: string;
  readonly inputTokenLimit?: number;
  readonly supportedGenerationMethods: readonly string[];
}

/** Answers Google's clients by the first handler, and all others by the second one: they ask at the same paths. */
export const byClient =
  (google: RouteHandler, others: RouteHandler): RouteHandler =>
  (context, request) =>
    (isGoogleClient(request.headers) ? google : others)(context, request);

/** Its collection, which is part of every name. */
const COLLECTION = "models/";

const DEFAULT_SIZE = 50;
const MAX_SIZE = 1000;

/** `GET /v1beta/models`: the models of all providers, or with `?provider=` of one, in pages as Google's clients read them. */
export function listGoogleModels(parts: ModelRouteParts): RouteHandler {
  const { providers, catalogue: modelLists, policy, details, estimatesTokens, own } = parts;
  const allowedOf = createAllowedModels(policy);

  return async (context, request) => {
    const query = new URL(request.url).searchParams;
    const size = parseSize(query.get("pageSize") ?? query.get("page_size"));
    const token = query.get("pageToken") || query.get("page_token") || undefined;
    const asked = query.get("provider");
    const provider = asked === null ? undefined : findProvider(providers, asked);
    if (provider) {
      context.selected(provider.id);
      if (!provider.callable) throw providerNotCallable(provider);
    }
    const models = provider
      ? await allowedOf([await modelLists.ofProvider(provider)])
      : [...(own?.all() ?? []), ...(await allowedOf(await modelLists.all()))];
    const start = token === undefined ? 0 : placeBehind(models, token);
    const page = models.slice(start, start + size);
    const known = await detailsOf(page, query, details);
    const last = page.at(-1);
    const hasMore = last !== undefined && start + page.length < models.length;
    return jsonResponse(context, {
      models: page.map((model, index) => describeForGoogle(model, known[index], estimatesTokens)),
      ...(hasMore && { nextPageToken: Buffer.from(nameOf(last)).toString("base64url") }),
    });
  };
}

/** `GET /v1beta/models/{model}`. */
export function showGoogleModel(parts: ModelRouteParts): RouteHandler {
  const findModel = createFindModel(parts);
  return async (context, request) => {
    const { pathname, searchParams } = new URL(request.url);
    const id = decodeId(restOfPath(ROUTES.googleModel, pathname) || restOfPath(ROUTES.model, pathname));
    const bare = id.startsWith(COLLECTION) ? id.slice(COLLECTION.length) : id;
    const model = await findModel(bare);
    const [known] = await detailsOf([model], searchParams, parts.details);
    return jsonResponse(context, describeForGoogle(model, known, parts.estimatesTokens));
  };
}

/** Google's form has room for the context window only, which is always there if it costs no question. */
async function detailsOf(
  models: readonly PublicModel[],
  query: URLSearchParams,
  details: DetailFinder,
): Promise<readonly ModelDetails[]> {
  const extras = parseExtras(query.getAll("include")).filter((extra) => extra === "context_window");
  return extras.length === 0 ? models.map(details.listed) : details.find(models, extras);
}

/** Larger pages than there are become the largest, as at Google. */
function parseSize(text: string | null): number {
  if (text === null || text === "" || text === "0") return DEFAULT_SIZE;
  if (!/^\d{1,9}$/.test(text)) {
    throw new Failure("invalid_request", { message: "pageSize must be a number from 0 up", param: "pageSize" });
  }
  return Math.min(Number(text), MAX_SIZE);
}

/** A token is the name of the last model of the page before. */
function placeBehind(models: readonly PublicModel[], token: string): number {
  const name = Buffer.from(token, "base64url").toString("utf8");
  const place = models.findIndex((model) => nameOf(model) === name);
  if (place < 0) throw new Failure("invalid_request", { message: "pageToken is not valid", param: "pageToken" });
  return place + 1;
}

const nameOf = ({ id }: PublicModel): string => COLLECTION + id;

/** A name of the gateway's own can do what any of its deployments can. */
function describeForGoogle(
  model: PublicModel,
  details: ModelDetails | undefined,
  estimatesTokens: boolean,
): GoogleModel {
  const { id, displayName = id, targets } = model;
  const limit = details?.context_window?.tokens;
  const generates = targets.some((target) => chooseWire(target.provider, "generate", target.model) !== undefined);
  const counts = targets.some((target) =>
    chooseCounter(target.provider, COUNT_GENERATE_TOKENS, estimatesTokens, target.model),
  );
  return {
    name: nameOf(model),
    version: model.version,
    displayName,
    ...(limit !== undefined && { inputTokenLimit: limit }),
    supportedGenerationMethods: [...(generates ? ["generateContent"] : []), ...(counts ? ["countTokens"] : [])],
  };
}
