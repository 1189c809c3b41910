import { Failure } from "../core/errors.ts";
import { type AllowedHostsOptions, createAllowedHosts, hostNameOf } from "./allowed-hosts.ts";
import type { Cors } from "./cors.ts";
import type { RouteRow } from "./routes.ts";

/**
 * Refuses requests that a web page of another origin may have sent.
 * @param host the request's well-formed `Host`
 * @throws Failure `host_not_allowed` or `origin_not_allowed`
 */
export type RequireOwnOrigin = (request: Request, host: string, row: RouteRow) => void;

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
function isLink(method: string, headers: Headers): boolean {
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
