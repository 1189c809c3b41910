import type { ClientRequest, ClientHeaders } from "../core/client-request.ts";
import { Failure } from "../core/errors.ts";
import { type AllowedHostsOptions, createAllowedHosts, hostNameOf } from "./allowed-hosts.ts";
import type { Cors } from "./cors.ts";
import type { RouteRow } from "./routes.ts";

/** A name, an IPv4 address or a bracketed IPv6 address, with or without a port. https://www.rfc-editor.org/rfc/rfc9110#section-7.2 */
const HOST = /^(?:[a-z0-9._~-]+|\[[0-9a-f:.]+\])(?::\d{0,5})?$/i;

/** The longest URL that is served, in characters, origin included; RFC 9110 section 4.1 asks for at least 8,000. */
const MAX_URL_LENGTH = 16 * 1024;

/**
 * Refuses, with a reason, what the two sides of a connection could read in two ways. Repeated fields have come joined with a comma,
 * which none of these may hold.
 * @returns the `Host`; null only if it may be missing
 * @throws Failure `invalid_request`, which also closes the connection: what comes next on it cannot be trusted; or
 * `url_too_long`.
 */
export type RequireWellFormed = (request: ClientRequest) => string | null;

/** @param mayLackHost whether an HTTP/1.0 request without a `Host` is good, as load balancers send it to ask for health. */
export function createRequireWellFormed(mayLackHost = false): RequireWellFormed {
  /** The last good one: most requests name the same, and whether a URL can be parsed depends on nothing else in it. */
  let lastHost: string | undefined;

  return ({ url, headers }) => {
    if (url.length > MAX_URL_LENGTH) throw new Failure("url_too_long");
    // https://www.rfc-editor.org/rfc/rfc9112#section-6.3
    const length = headers.get("content-length");
    if (length !== null && !/^\d+$/.test(length)) refuse("Content-Length");
    const coding = headers.get("transfer-encoding");
    if (coding !== null && !/^chunked$/i.test(coding)) refuse("Transfer-Encoding");
    // https://www.rfc-editor.org/rfc/rfc9112#section-3.2
    const host = headers.get("host");
    if (host === lastHost) return host;
    if (host !== null && !HOST.test(host)) refuse("Host");
    // Without a host `request.url` has no origin, and paths would be read from the wrong place.
    if (!URL.canParse(url) && !(host === null && mayLackHost)) refuse("Host");
    if (host !== null) lastHost = host;
    return host;
  };
}

function refuse(name: string): never {
  throw new Failure("invalid_request", {
    message: `The ${name} header is not valid`,
    headers: { connection: "close" },
  });
}

/**
 * Refuses requests that a web page of another origin may have sent.
 * @param host the request's well-formed `Host`
 * @throws Failure `host_not_allowed` or `origin_not_allowed`
 */
export type RequireOwnOrigin = (request: ClientRequest, host: string, row: RouteRow) => void;

export interface OwnOriginOptions extends AllowedHostsOptions {
  /** Whether the gateway itself serves TLS. Without it a proxy in front of it may. */
  readonly tls: boolean;
  readonly cors: Cors | undefined;
}

/** A longer value of a header is not repeated in an error. */
const MAX_QUOTED_CHARACTERS = 253;

/** What a browser says of requests of the page's own origin, and of those that no page caused, such as a typed address. */
const OWN_SITES: ReadonlySet<string> = new Set(["same-origin", "none"]);

/**
 * Keeps web pages out of a gateway that asks for no credential. Browsers let any page send it requests: a form or a
 * `text/plain` POST without asking first, and after DNS rebinding any request, whose answer the page can read as well.
 * The browser itself says where a request comes from, in `Origin`, in `Sec-Fetch-Site` and, after rebinding, in `Host`;
 * pages cannot change these. Programs send neither of the first two.
 * https://fetch.spec.whatwg.org/#origin-header, https://www.w3.org/TR/fetch-metadata/
 */
export function createRequireOwnOrigin({ tls, cors, ...hosts }: OwnOriginOptions): RequireOwnOrigin {
  const isAllowedHost = createAllowedHosts(hosts);
  /** Most requests name the same: then the check is one comparison. */
  let lastHost: string | undefined;

  return ({ headers, method }, host, row) => {
    if (host !== lastHost) {
      if (!isAllowedHost(host)) refuseHost(host, hosts.allowed);
      lastHost = host;
    }
    const origin = headers.get("origin");
    const site = headers.get("sec-fetch-site");
    if (origin === null && site === null) return;
    if (cors?.allows(origin)) return;
    if (site !== null && !OWN_SITES.has(site) && !(row.linkable && isLink(method, headers))) refuseSite(site);
    if (origin !== null && !isOwn(origin, host, tls)) refuseOrigin(origin);
  };
}

/** Whether somebody followed a link: the page with the link sees nothing of what replaces it. */
function isLink(method: string, headers: ClientHeaders): boolean {
  return (
    method === "GET" &&
    headers.get("origin") === null &&
    headers.get("sec-fetch-mode") === "navigate" &&
    headers.get("sec-fetch-dest") === "document"
  );
}

/**
 * Whether an origin is the one under which the gateway was asked. If the gateway serves no TLS itself, `https` may be
 * its own, too: a proxy in front of it may serve it.
 */
function isOwn(origin: string, host: string, tls: boolean): boolean {
  const [scheme, authority] = origin.split("://", 2);
  if (authority === undefined || (scheme !== "https" && (tls || scheme !== "http"))) return false;
  // Both leave out the scheme's usual port, but some proxies write it.
  return URL.canParse(origin) && new URL(origin).origin === new URL(`${scheme}://${host}`).origin;
}

function refuseHost(host: string, allowed: readonly string[]): never {
  const name = hostNameOf(host);
  const setting =
    name.length > MAX_QUOTED_CHARACTERS
      ? "add it to SERVER_ALLOWED_HOSTS"
      : allowed.length > 0
        ? `add ${name} to SERVER_ALLOWED_HOSTS`
        : `set SERVER_ALLOWED_HOSTS=${name}`;
  throw new Failure("host_not_allowed", {
    message: `The Host header names none of this machine's addresses, and authentication is off. If clients are to use this name, ${setting}`,
  });
}

function refuseOrigin(origin: string): never {
  const setting =
    origin.length > MAX_QUOTED_CHARACTERS || !origin.includes("://")
      ? "list its origin in SERVER_CORS_ORIGINS"
      : `list ${origin} in SERVER_CORS_ORIGINS`;
  throw new Failure("origin_not_allowed", {
    message: `The Origin header names a web page of another origin, and authentication is off. If that page is to use this gateway, ${setting}`,
  });
}

function refuseSite(site: string): never {
  const given = /^[a-z-]{1,20}$/.test(site) ? ` (${site})` : "";
  throw new Failure("origin_not_allowed", {
    message: `The Sec-Fetch-Site header${given} says that a web page of another origin asks, and authentication is off. If that page is to use this gateway, list its origin in SERVER_CORS_ORIGINS`,
  });
}

/** A type whose subtype is `json` or ends in `+json`, with or without parameters. https://www.rfc-editor.org/rfc/rfc6839#section-3.1 */
const JSON_TYPE = /^\s*[a-z0-9!#$&^_.-]+\/(?:[a-z0-9!#$&^_.+-]+\+)?json\s*(?:;|$)/i;

/** Those that programs set by themselves, without their users knowing. */
const USUAL_MISTAKES: ReadonlyMap<string, string> = new Map(
  Object.entries<string>({
    "application/x-www-form-urlencoded": "application/x-www-form-urlencoded, as curl -d does by itself",
    "multipart/form-data": "multipart/form-data",
    "text/plain": "text/plain, as fetch does with a string by itself",
  }),
);

/**
 * Refuses a body that is announced as something other than JSON. The three types of forms are those that a web page may
 * send anywhere without asking first, and no client of a JSON API means them; without a type the body is taken as JSON.
 * https://fetch.spec.whatwg.org/#cors-safelisted-request-header
 * @throws Failure `unsupported_media_type`
 */
export function requireJson({ headers }: ClientRequest): void {
  const type = headers.get("content-type");
  if (type === null || type === "application/json" || type === "" || JSON_TYPE.test(type)) return;
  const [essence = ""] = type.split(";", 1);
  const mistake = USUAL_MISTAKES.get(essence.trim().toLowerCase());
  if (mistake === undefined) throw new Failure("unsupported_media_type");
  throw new Failure("unsupported_media_type", {
    message: `The body must be JSON, but the request announces ${mistake}. Send the header Content-Type: application/json`,
  });
}
