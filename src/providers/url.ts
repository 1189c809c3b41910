import { Failure } from "../core/errors.ts";
import { findHarm, requireHarmlessPath } from "./check-path.ts";
import type { ApiAccess } from "./api-access.ts";
import type { ProviderApiName } from "./api-paths.ts";
import { joinPath, pathOf } from "./join-path.ts";
import { MODEL_PLACE } from "./path-template.ts";
import type { Provider, ProviderBase } from "./provider.ts";
import { joinQuery } from "./query.ts";

/** What a proxied request is for. */
export interface ProxyTarget {
  /** As the client spelled it; it may name no provider. */
  readonly providerId: string;
  /** Of the provider, still percent-encoded, without the leading slash. */
  readonly path: string;
  /** The query with its `?`, or nothing. */
  readonly search: string;
}

const MOUNTED = /^\/(?:v1\/)?proxy\/([^/]*)\/?(.*)$/s;

/**
 * Takes the URL of a request for `/proxy/{provider}/{path}`, with or without `/v1` before it, apart. Only its path counts:
 * a host may be named `proxy` too. Nothing is decoded.
 * @throws Failure `route_not_found` if the path is another, which the router should have made impossible.
 */
export function splitProxyUrl(url: string): ProxyTarget {
  const queryStart = url.indexOf("?");
  const beforeQuery = queryStart < 0 ? url : url.slice(0, queryStart);
  const authorityStart = beforeQuery.indexOf("://") + "://".length;
  const [, providerId, path] = MOUNTED.exec(beforeQuery.slice(beforeQuery.indexOf("/", authorityStart))) ?? [];
  if (providerId === undefined || path === undefined) throw new Failure("route_not_found");
  return { providerId, path, search: queryStart < 0 ? "" : url.slice(queryStart) };
}

/**
 * The address of one of a provider's APIs.
 * @param target who is asked, and for which model in the provider's own words
 * @param isStream whether the answer is to be a stream
 * @param search the query of the request with its `?`, or nothing
 * @param subpath what is asked for below the API, with a leading slash, or nothing
 * @param choosesFraming whether the query says how a stream is framed: then an address of streams has nothing to say of it
 * @returns undefined if the provider does not have that API
 * @throws Failure `invalid_request` if the address names the model and the model is one that would change the path
 */
export function apiUrl(
  { provider, model }: { readonly provider: Provider; readonly model: string },
  name: ProviderApiName,
  isStream: boolean,
  search: string,
  subpath: string = "",
  choosesFraming: boolean = false,
): string | undefined {
  const api = provider.apis[name];
  if (!api) return undefined;
  const streamUrl = choosesFraming ? api.relayedStreamUrl : api.streamUrl;
  const template = isStream ? (streamUrl ?? api.url) : api.url;
  const place = fillModel(template, model);
  const url = subpath === "" ? place : below(place, subpath);
  return search === "" ? url : joinQuery(url, search, provider.query);
}

/** The collection in which a path has its model, with its slash: `models/`. */
const COLLECTION = /([^/]+\/)\{model\}/;

/**
 * Puts the model into an address that names it, as one segment.
 * @throws Failure `invalid_request` if a server could take its name for a path, encoded or not
 */
function fillModel(template: string, model: string): string {
  if (!template.includes(MODEL_PLACE)) return template;
  // Google names a model with its collection, `models/gemini-2.5-pro`, which the path has already.
  const collection = COLLECTION.exec(template)?.[1] ?? "";
  const name = model.startsWith(collection) ? model.slice(collection.length) : model;
  return template.replace(MODEL_PLACE, () => modelSegment(name));
}

function modelSegment(model: string): string {
  const segment = model.isWellFormed() ? encodeURIComponent(model) : "";
  const harm = segment === "" ? "it is no text" : findHarm(segment, true);
  if (harm === undefined) return segment;
  throw new Failure("invalid_request", { message: `model cannot be a part of a path: ${harm}`, param: "model" });
}

/** Puts a path between the path of a URL and its query. */
function below(url: string, subpath: string): string {
  const queryStart = url.indexOf("?");
  return queryStart < 0 ? url + subpath : url.slice(0, queryStart) + subpath + url.slice(queryStart);
}

/**
 * The URL of a provider for a raw path that a client gave, always below the provider's root.
 * @param path the path as it was in the request, still percent-encoded, without the leading slash.
 * @param search the query with its `?`, or nothing; it is passed on as it is, with the provider's own.
 * @throws Failure `path_not_allowed` if the path could lead anywhere else.
 */
export function targetUrl(provider: Provider, path: string, search: string): string {
  requireHarmlessPath(path, provider.encodedSlashes);
  const url = joinPath(provider, path);
  // What the check above should have made impossible, asked of the parser that the request will go through.
  const parsed = new URL(url);
  const root = new URL(provider.rootUrl);
  if (parsed.origin !== root.origin || !`${parsed.pathname}/`.startsWith(`${root.pathname.replace(/\/$/, "")}/`)) {
    throw new Failure("path_not_allowed", { provider: provider.id });
  }
  return joinQuery(url, search, provider.query, true);
}

/** What a request to that address of a provider needs: that of the API that its path belongs to. */
export function accessTo({ bases, apis }: Provider, url: string): ApiAccess {
  const path = pathOf(url);
  return bases.find((base) => isBelow(base, path)) ?? apis.models;
}

const isBelow = ({ path: base, pattern }: ProviderBase, path: string): boolean =>
  pattern ? pattern.test(path) : path.startsWith(base) && /^(?:[/?]|$)/.test(path.slice(base.length));
