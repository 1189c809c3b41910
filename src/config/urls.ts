import { parseQuery } from "./providers/parse-provider-headers.ts";

/** Where a provider's calls go. */
export interface BaseUrl {
  /** Absolute http(s) URL without trailing slash, credentials, query or fragment. */
  readonly baseUrl: string;
  /** Path of the unix socket to connect to instead of the host in `baseUrl`. */
  readonly unixSocket: string | undefined;
  /** Parameters that every request to it has, without the `?`; blank if there are none. They may hold a key. */
  readonly query: string;
}

/** What `parseBaseUrl` accepts, to follow the word "expected". */
export const ACCEPTED_BASE_URLS =
  "an http or https URL without credentials and fragment, or unix:/path/to.sock[:/base/path]";

const UNIX = /^unix:\/*(\/[^:]+)(?::(\/.*))?$/i;
const UNIX_BASE_PATH = "/v1";

/**
 * Reads the base URL of a provider: http, https, or `unix:/path/to.sock`, optionally with `:/base/path` (`/v1`), and
 * with a query that every request gets, such as `?api-version=2024-10-21`.
 * @returns the reason if it is refused; the reason holds nothing of the value, which may carry a credential
 */
export function parseBaseUrl(
  written: string,
): { readonly ok: true; readonly value: BaseUrl } | { readonly ok: false; readonly reason: string } {
  if (written.includes("#")) return { ok: false, reason: "it has a fragment" };
  const queryStart = written.indexOf("?");
  const text = queryStart < 0 ? written : written.slice(0, queryStart);
  const query = queryStart < 0 ? "" : parseQuery(written.slice(queryStart));
  // The URL parser would drop these silently, and with them change where the key is sent.
  if (/[\p{Cc}\s\\]/u.test(written)) return { ok: false, reason: "it has spaces, backslashes or control characters" };
  if (query === undefined) return { ok: false, reason: "its query has no parameters" };
  const [unix, unixSocket, unixBasePath = UNIX_BASE_PATH] = UNIX.exec(text) ?? [];
  const location = unix === undefined ? text : `http://localhost${unixBasePath}`;
  if (!/^https?:\/\/[^/]/i.test(location) || !URL.canParse(location)) {
    return { ok: false, reason: "it is not an absolute http, https or unix URL" };
  }
  const url = new URL(location);
  // An empty user (`http://@host`) leaves no trace in the parsed URL, so the text is looked at.
  if (url.username !== "" || url.password !== "" || /^https?:\/\/[^/]*@/i.test(location)) {
    return { ok: false, reason: "it has credentials, which belong in the provider's API key" };
  }
  return { ok: true, value: { baseUrl: (url.origin + url.pathname).replace(/\/+$/, ""), unixSocket, query } };
}

/** True if a refused base URL may hold something secret: credentials, a key in its query, or a key instead of a URL. */
export function mayHoldSecret(text: string): boolean {
  return /[@?#]/.test(text) || !/^[a-z]+:\//i.test(text);
}

/**
 * A URL as it may be shown: host and path, and `***` for user, password, fragment and the values of the query.
 * @returns undefined if the text is no http or https URL
 */
export function maskUrl(text: string): string | undefined {
  if (!/^https?:\/\/[^/]/i.test(text) || /[\p{Cc}\s\\]/u.test(text) || !URL.canParse(text)) return undefined;
  const { protocol, host, pathname, username, password, search, hash } = new URL(text);
  const userinfo = `${username}${password}` === "" ? "" : "***@";
  const query = search
    .slice(1)
    .split("&")
    .map((part) => part.replace(/^(?:([^=]*=))?.*$/s, "$1***"));
  return `${protocol}//${userinfo}${host}${pathname}${search === "" ? "" : `?${query.join("&")}`}${hash === "" ? "" : "#***"}`;
}

/**
 * A refused URL as it may be shown in an error: nothing of it if it cannot be said which part is a password.
 * @param entry what is shown if nothing in it can be a secret
 */
export function shownRefusedUrl(text: string, entry: string = text): string {
  if (!mayHoldSecret(text)) return entry;
  // `https://user:1/pass@host` names the host `user`.
  return /^[^:]*:\/\/[^/?#]*[/?#].*@/s.test(text) ? "***" : (maskUrl(text) ?? "***");
}

/** What `parseProxyUrl` accepts, to follow the word "expected". */
export const ACCEPTED_PROXY_URLS =
  "an http or https URL of host and port, optionally with user:password@ before the host";

const PROXY_URL = /^(https?:\/\/)(?:([^/]*)@)?[^/@]+\/?$/i;

/**
 * Checks the URL of an egress proxy: http or https, with nothing after the host and port.
 * @returns the text as it was, or undefined if it is refused
 */
export function parseProxyUrl(text: string): string | undefined {
  // Parsers drop or rewrite these, and with them change where everything is sent.
  if (/[\p{Cc}\s\\?#]/u.test(text)) return undefined;
  const [matched, , credentials = ""] = PROXY_URL.exec(text) ?? [];
  if (matched === undefined || !URL.canParse(text)) return undefined;
  return isPercentEncoded(credentials) ? text : undefined;
}

/** The same URL as it may be shown. */
export function maskProxyUrl(url: string): string {
  return url.replace(PROXY_URL, (whole, scheme: string, credentials: string | undefined) =>
    credentials === undefined ? whole : `${scheme}***@${whole.slice(`${scheme}${credentials}@`.length)}`,
  );
}

function isPercentEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
