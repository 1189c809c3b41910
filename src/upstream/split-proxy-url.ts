import { Failure } from "../failure/failure.ts";

/** What a proxied request is for. */
export interface ProxyTarget {
  /** As the client spelt it; it may name no provider. */
  readonly providerId: string;
  /** Below the provider's base URL, still percent-encoded, without the leading slash. */
  readonly path: string;
  /** The query with its `?`, or nothing. */
  readonly search: string;
}

const MOUNTED = /^\/(?:v1\/)?proxy\/([^/]*)\/?(.*)$/s;

/**
 * Takes the URL of a request for `/proxy/{provider}/{path}`, with or without `/v1` before it, apart. Only its path counts:
 * a host may be named `proxy` too. Nothing is decoded.
 * @throws Failure `route_not_found` where the path is another, which the router should have made impossible.
 */
export function splitProxyUrl(url: string): ProxyTarget {
  const queryStart = url.indexOf("?");
  const beforeQuery = queryStart < 0 ? url : url.slice(0, queryStart);
  const authorityStart = beforeQuery.indexOf("://") + "://".length;
  const [, providerId, path] = MOUNTED.exec(beforeQuery.slice(beforeQuery.indexOf("/", authorityStart))) ?? [];
  if (providerId === undefined || path === undefined) throw new Failure("route_not_found");
  return { providerId, path, search: queryStart < 0 ? "" : url.slice(queryStart) };
}
