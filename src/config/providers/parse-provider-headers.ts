import type { AuthHeader } from "../../providers/api-access.ts";
import { parseHeaders } from "../parse-headers.ts";
import { isOfConnection } from "./parse-relay-headers.ts";

/** https://www.rfc-editor.org/rfc/rfc9110#section-5.1 */
const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";

/** Why a value is refused, in words that hold nothing of it: it may be a secret. */
export class Refused {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

/** Reads the headers of `<ID>_HEADERS`: values by names in lower case. */
export function parseProviderHeaders(text: string): Readonly<Record<string, string>> | Refused {
  const parsed = parseHeaders(text, (name) => (isOwn(name) ? "is the gateway's own" : undefined));
  return "headers" in parsed ? parsed.headers : new Refused(parsed.reason);
}

/** Whether a header says how the connection or the body is used, of which the gateway decides. */
const isOwn = (name: string): boolean =>
  name.startsWith("content-") || name === "accept-encoding" || isOfConnection(name);

/** What `<ID>_AUTH_HEADER` accepts, to follow the word "expected". */
export const ACCEPTED_AUTH_HEADERS =
  "the name of a header that the key is alone in (api-key), or one with what is before the key (Authorization: Bearer)";

const AUTH_HEADER = new RegExp(`^(${TOKEN})(?:\\s*:\\s*([!-~]+))?\\s*$`);

/** Reads the header that carries a key: `api-key`, or `Authorization: Bearer`; undefined if it is none. */
export function parseAuthHeader(text: string): AuthHeader | undefined {
  const [, name, scheme] = AUTH_HEADER.exec(text) ?? [];
  if (name === undefined || isOwn(name.toLowerCase())) return undefined;
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
