import { Failure } from "../core/errors.ts";
import { requireHarmlessPath } from "./check-path.ts";
import type { ApiAccess } from "./api-access.ts";
import { joinPath, pathOf } from "./join-path.ts";
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
