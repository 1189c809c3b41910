/** What `parseProxyUrl` accepts, to follow the word "expected". */
export const ACCEPTED_PROXY_URLS =
  "an http or https URL of host and port, optionally with user:password@ before the host";

const PROXY_URL = /^(https?:\/\/)(?:([^/]*)@)?[^/@]+\/?$/i;

/**
 * Checks the URL of an egress proxy: http or https, with nothing behind the host and port.
 * @returns the text as it was, or undefined where it is refused
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
