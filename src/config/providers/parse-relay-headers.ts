/**
 * A field name, except those that end in a hyphen, which would mean a family.
 * https://www.rfc-editor.org/rfc/rfc9110#section-5.1
 */
const NAME = /^[!#$%&'*+.^_`|~0-9a-z-]*[!#$%&'*+.^_`|~0-9a-z]$/;

/** They are between one sender and one receiver, who agree on them. */
const OF_CONNECTION: ReadonlySet<string> = new Set([
  ...["connection", "keep-alive", "proxy-authenticate", "proxy-connection", "te", "trailer", "transfer-encoding"],
  ...["upgrade", "http2-settings", "host", "content-length", "expect"],
]);

/** Whether a header, in any letter case, belongs to a connection and to no request that goes on. */
export function isOfConnection(name: string): boolean {
  return OF_CONNECTION.has(name.toLowerCase().replaceAll("_", "-"));
}

/** Headers that no setting can make the gateway pass on, with the reason. */
const REFUSED: ReadonlyMap<string, string> = new Map([
  ...["authorization", "proxy-authorization", "x-api-key", "api-key", "x-goog-api-key", "cookie", "cookie2"].map(
    (name) => [name, "it carries the caller's credential"] as const,
  ),
  ...[...OF_CONNECTION].map((name) => [name, "it belongs to the connection with the caller"] as const),
  ...["x-mcp-bypass", "x-mcp-show-tools"].map((name) => [name, "it is for the gateway itself"] as const),
]);

const OF_THE_BODY = "what says how the body is to be read goes with the body by itself";

/** What `<ID>_RELAY_HEADERS` accepts, to follow the word "expected". */
export const ACCEPTED_RELAY_HEADERS = "a comma-separated list of header names, without credentials";

/** The names of a list, or the first entry that is refused; without a reason if it is no name at all. */
export type ParsedRelayHeaders =
  { readonly names: readonly string[] } | { readonly refused: string; readonly reason?: string };

/** @param list as the operator wrote it */
export function parseRelayHeaders(list: string): ParsedRelayHeaders {
  const names = list
    .toLowerCase()
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  for (const name of names) {
    const reason = name.startsWith("content-") ? OF_THE_BODY : REFUSED.get(name.replaceAll("_", "-"));
    if (reason !== undefined) return { refused: name, reason };
    if (!NAME.test(name)) return { refused: name };
  }
  return { names: Object.freeze([...new Set(names)]) };
}
