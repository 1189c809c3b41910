import { Failure } from "../core/errors.ts";
import type { Provider } from "./provider.ts";

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

const VERSION_SEGMENT = /^v\d+[a-z0-9]*$/i;
const ABSOLUTE_URL = /^[a-z][a-z0-9+.-]*:\/\//i;

/**
 * The URL of a provider for a raw path that a client gave, always below the provider's base URL.
 * A version segment with which the base URL ends is not doubled.
 * @param path the path as it was in the request, still percent-encoded, without the leading slash.
 * @param search the query with its `?`, or nothing; it is passed on as it is.
 * @throws Failure `path_not_allowed` if the path could lead anywhere else.
 */
export function targetUrl(provider: Provider, path: string, search: string): string {
  requireHarmless(path);
  const base = provider.baseUrl;
  const lastSegment = base.slice(base.lastIndexOf("/") + 1);
  const [firstSegment = ""] = path.split("/", 1);
  const doubled = VERSION_SEGMENT.test(lastSegment) && firstSegment.toLowerCase() === lastSegment.toLowerCase();
  const url = `${base}/${doubled ? path.slice(firstSegment.length + 1) : path}${search}`;
  // What the check above should have made impossible, asked of the parser that the request will go through.
  const parsed = new URL(url);
  const expected = new URL(base);
  if (
    parsed.origin !== expected.origin ||
    !`${parsed.pathname}/`.startsWith(`${expected.pathname.replace(/\/$/, "")}/`)
  ) {
    throw new Failure("path_not_allowed", { provider: provider.id });
  }
  return url;
}

function requireHarmless(path: string): void {
  const refuse = (reason: string): never => {
    throw new Failure("path_not_allowed", { message: `Path is not allowed: ${reason}` });
  };
  if (path.startsWith("/")) refuse("it must not begin with an authority");
  if (ABSOLUTE_URL.test(path)) refuse("it must not be an absolute URL");
  // Either would end the path early for the parser that the request goes through.
  if (/[?#]/.test(path)) refuse("it must not contain a query or a fragment of its own");
  if (!isPercentEncoded(path)) refuse("it is not validly percent-encoded");
  for (const segment of path.split("/")) {
    const decoded = decodeFully(segment);
    if (decoded === undefined) refuse("it is percent-encoded too many times");
    // Parsers drop the space around a URL, and with it what kept two dots from being a dot segment.
    else if (/^\.{1,2}(;.*)?$/.test(decoded.trim())) refuse("it must not contain dot segments");
    else if (/[/\\]/.test(decoded)) refuse("it must not contain encoded slashes");
    else if (/[\u0000-\u001f\u007f]/.test(decoded)) refuse("it must not contain control characters");
  }
}

function isPercentEncoded(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}

/** More rounds than any chain of servers undoes; without a limit a long path could keep the process busy. */
const MAX_DECODINGS = 8;

/**
 * Undoes percent-encoding until nothing changes, because some servers decode twice, and leave alone what they cannot
 * decode. Bytes become characters one by one: all that is looked for is ASCII.
 * @returns undefined if it goes on for too long.
 */
function decodeFully(segment: string): string | undefined {
  let decoded = segment;
  for (let round = 0; round <= MAX_DECODINGS; round++) {
    const next = decoded.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
    if (next === decoded) return decoded;
    decoded = next;
  }
  return undefined;
}
