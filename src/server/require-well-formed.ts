import { Failure } from "../core/errors.ts";

/** A name, an IPv4 address or a bracketed IPv6 address, with or without a port. https://www.rfc-editor.org/rfc/rfc9110#section-7.2 */
const HOST = /^(?:[a-z0-9._~-]+|\[[0-9a-f:.]+\])(?::\d{0,5})?$/i;

/** The longest URL that is served, in characters, origin included; RFC 9110 section 4.1 asks for at least 8,000. */
const MAX_URL_LENGTH = 16 * 1024;

/**
 * Refuses what the runtime lets through although the two sides of a connection could read it in two ways. The runtime
 * joins repeated fields with a comma, which none of these may hold.
 * @returns the `Host`; null only if it may be missing
 * @throws Failure `invalid_request`, which also closes the connection: what comes next on it cannot be trusted; or
 * `url_too_long`.
 */
export type RequireWellFormed = (request: Request) => string | null;

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
    // Without a host the runtime leaves the origin out of `request.url`, and paths would be read from the wrong place.
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
