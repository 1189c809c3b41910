import { isJsonObject } from "../core/json/parse.ts";

/** A field name. https://www.rfc-editor.org/rfc/rfc9110#section-5.1 */
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** Printable ASCII, since values go out as they are and a line break would smuggle in another header. */
const VALUE = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;

/** What a list of headers with values accepts, to follow the word "expected". */
export const ACCEPTED_HEADERS =
  'a comma-separated list of Name: value, or a JSON object ({"Name": "value"}) if a value has a comma';

/** Headers by their names, or why they are refused, in words that repeat no value. */
export type ParsedHeaders = { readonly headers: Readonly<Record<string, string>> } | { readonly reason: string };

/**
 * Reads headers that the operator sets: `X-Api-Key: abc, X-Team: blue`, on one line or several, or a JSON object.
 * @param refuse why a header, by its name in lower case, cannot be set; undefined if it can
 */
export function parseHeaders(text: string, refuse: (name: string) => string | undefined): ParsedHeaders {
  const pairs = text.trimStart().startsWith("{") ? readJson(text) : readList(text);
  if (!pairs) return { reason: "it is not such a list" };
  const headers: Record<string, string> = {};
  const seen = new Set<string>();
  for (const [name, value] of pairs) {
    const key = name.toLowerCase();
    if (!NAME.test(name)) return { reason: "a name in it is not a header's" };
    const reason = refuse(key);
    if (reason !== undefined) return { reason: `${name}: ${reason}` };
    if (seen.has(key)) return { reason: `${name} is set twice` };
    if (!VALUE.test(value)) return { reason: `the value of ${name} is empty or is not printable ASCII` };
    seen.add(key);
    headers[name] = value;
  }
  return { headers: Object.freeze(headers) };
}

function readList(text: string): [name: string, value: string][] | undefined {
  const entries = text.split(/[,\r\n]/).filter((entry) => entry.trim() !== "");
  const pairs = entries.map((entry): [string, string] => {
    const colon = entry.indexOf(":");
    return [entry.slice(0, Math.max(0, colon)).trim(), entry.slice(colon + 1).trim()];
  });
  return pairs.every(([name]) => name !== "") ? pairs : undefined;
}

function readJson(text: string): [name: string, value: string][] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (!isJsonObject(value)) return undefined;
    const pairs = Object.entries(value);
    return pairs.every((pair): pair is [string, string] => typeof pair[1] === "string") ? pairs : undefined;
  } catch {
    return undefined;
  }
}
