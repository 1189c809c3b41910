import type { AuthHeader } from "../providers/api-access.ts";
import { isOfConnection } from "./parse-relay-headers.ts";

/** https://www.rfc-editor.org/rfc/rfc9110#section-5.1 */
const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const NAME = new RegExp(`^${TOKEN}$`);
/** A line break would smuggle in another header, and most of what is not ASCII cannot be sent. */
const VALUE = /^[\x20-\x7e]+$/;

/** What `<ID>_HEADERS` accepts, to follow the word "expected". */
export const ACCEPTED_HEADERS =
  "Name: value, or several separated by commas, without headers that say how the body or the connection is used";

/** Why a value is refused, in words that hold nothing of it: it may be a secret. */
export class Refused {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

/**
 * Reads headers that an operator wrote: `Name: value` or `Name=value`, the next one after a comma or a line break. A comma
 * within a value is no end of it unless what follows looks like the next header.
 * @returns the values by their names in lower case
 */
export function parseHeaders(text: string): Readonly<Record<string, string>> | Refused {
  const sign = /[:=]/.exec(text)?.[0] ?? ":";
  // Not the scheme of a URL.
  const next = new RegExp(`[,\\n]\\s*(?=${TOKEN}\\s*${sign}(?!//))|[,\\n]\\s*$`);
  const headers: Record<string, string> = {};
  for (const entry of text.split(next)) {
    if (entry.trim() === "") continue;
    const end = entry.indexOf(sign);
    const name = entry.slice(0, Math.max(0, end)).trim().toLowerCase();
    const value = entry.slice(end + 1).trim();
    if (!NAME.test(name)) return new Refused("an entry has no name");
    if (!VALUE.test(value)) return new Refused(`the value of ${name} is empty or not printable ASCII`);
    if (name.startsWith("content-") || name === "accept-encoding" || isOfConnection(name)) {
      return new Refused(`${name} is the gateway's own`);
    }
    if (Object.hasOwn(headers, name)) return new Refused(`${name} is there twice`);
    headers[name] = value;
  }
  return Object.freeze(headers);
}

/** What `<ID>_AUTH_HEADER` accepts, to follow the word "expected". */
export const ACCEPTED_AUTH_HEADERS =
  "the name of a header that the key is alone in (api-key), or one with what is before the key (Authorization: Bearer)";

const AUTH_HEADER = new RegExp(`^(${TOKEN})(?:\\s*:\\s*([!-~]+))?\\s*$`);

/** Reads the header that carries a key: `api-key`, or `Authorization: Bearer`; undefined if it is none. */
export function parseAuthHeader(text: string): AuthHeader | undefined {
  const [, name, scheme] = AUTH_HEADER.exec(text) ?? [];
  if (name === undefined || name.toLowerCase().startsWith("content-") || isOfConnection(name)) return undefined;
  return { name: name.toLowerCase(), prefix: scheme === undefined ? "" : `${scheme} ` };
}

/** What `<ID>_QUERY` accepts, to follow the word "expected". */
export const ACCEPTED_QUERIES = "parameters as in a URL, such as api-version=2024-10-21&key=value";

/** Reads the parameters of a query, with or without its `?`; undefined if they are none. */
export function parseQuery(text: string): string | undefined {
  const query = text.replace(/^\?/, "");
  // Without `#` and everything that is written escaped in a URL.
  const isQuery = /^[!$%'-;=?-Z_a-z~&]+$/.test(query) && query.split("&").every((pair) => /^[^=]+=/.test(pair));
  return isQuery ? query : undefined;
}
