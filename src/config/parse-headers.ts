import { isJsonObject } from "../core/json/parse.ts";

/** https://www.rfc-editor.org/rfc/rfc9110#section-5.1 */
const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const NAME = new RegExp(`^${TOKEN}$`);

/** A line break would smuggle in another header, and most of what is not ASCII cannot be sent. */
const VALUE = /^[\x20-\x7e]+$/;

/** What a list of headers with values accepts, to follow the word "expected". */
export const ACCEPTED_HEADERS = 'Name: value, or several separated by commas, or a JSON object ({"Name": "value"})';

/** Headers by their names in lower case, or why they are refused, in words that repeat no value. */
export type ParsedHeaders = { readonly headers: Readonly<Record<string, string>> } | { readonly reason: string };

/**
 * Reads headers that an operator wrote: `Name: value` or `Name=value`, the next one after a comma or a line break, or a
 * JSON object. A comma within a value is no end of it unless what follows looks like the next header.
 * @param refuse why a header, by its name in lower case, cannot be set; undefined if it can
 */
export function parseHeaders(text: string, refuse: (name: string) => string | undefined): ParsedHeaders {
  const pairs = text.startsWith("{") ? readObject(text) : readList(text);
  if (!pairs) return { reason: "it is no JSON object of texts" };
  const headers: Record<string, string> = {};
  for (const [given, value] of pairs) {
    const name = given.toLowerCase();
    if (!NAME.test(name)) return { reason: "an entry has no name" };
    const reason = refuse(name);
    if (reason !== undefined) return { reason: `${name} ${reason}` };
    if (Object.hasOwn(headers, name)) return { reason: `${name} is there twice` };
    if (!VALUE.test(value)) return { reason: `the value of ${name} is empty or not printable ASCII` };
    headers[name] = value;
  }
  return { headers: Object.freeze(headers) };
}

type Pair = readonly [name: string, value: string];

function readList(text: string): Pair[] {
  const sign = /[:=]/.exec(text)?.[0] ?? ":";
  // Not the scheme of a URL.
  const next = new RegExp(`[,\\n]\\s*(?=${TOKEN}\\s*${sign}(?!//))|[,\\n]\\s*$`);
  const entries = text.split(next).filter((entry) => entry.trim() !== "");
  return entries.map((entry): Pair => {
    const end = entry.indexOf(sign);
    return [entry.slice(0, Math.max(0, end)).trim(), entry.slice(end + 1).trim()];
  });
}

function readObject(text: string): Pair[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (!isJsonObject(value)) return undefined;
    const pairs = Object.entries(value);
    return pairs.every((pair): pair is [string, string] => typeof pair[1] === "string") ? pairs : undefined;
  } catch {
    return undefined;
  }
}
