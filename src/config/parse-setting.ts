import { formatDuration, parseDuration } from "../core/durations.ts";
import { nearestName } from "../core/nearest-name.ts";
import { ACCEPTED_HOSTS, parseHost } from "./addresses.ts";
import { decimalText } from "../providers/decimal-text.ts";
import { parseByteSize } from "./parse-byte-size.ts";
import { ACCEPTED_PROXY_URLS, parseProxyUrl, maskProxyUrl, maskUrl } from "./urls.ts";
import type { SettingRange, SettingRow } from "./setting-row.ts";
import { maskSecret } from "./setting-problem.ts";

/** A value of any setting, after parsing. */
export type ParsedSetting = string | number | boolean | readonly string[];

const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ...["true", "1", "yes", "on"].map((text) => [text, true] as const),
  ...["false", "0", "no", "off"].map((text) => [text, false] as const),
]);

const CONTROL_CHARACTER = /\p{Cc}/u;

function parseInteger(text: string): number | undefined {
  const integer = /^-?\d+$/.test(text) ? Number(text) : undefined;
  return Number.isSafeInteger(integer) ? integer : undefined;
}

function parseDecimal(text: string): number | undefined {
  return /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : undefined;
}

function parseWithin(
  text: string,
  parse: (text: string) => number | undefined,
  range: SettingRange | undefined,
): number | undefined {
  const value = parse(text);
  if (value === undefined) return undefined;
  const [minimum, maximum] = (range ?? []).map(parse);
  return value < (minimum ?? -Infinity) || value > (maximum ?? Infinity) ? undefined : value;
}

function splitList(text: string): readonly string[] {
  return text
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
}

/** @param accepted the entries that are; undefined if all are */
function parseList(text: string, accepted: readonly string[] | undefined): readonly string[] | undefined {
  const entries = splitList(text);
  if (entries.some((entry) => CONTROL_CHARACTER.test(entry))) return undefined;
  if (accepted === undefined) return Object.freeze(entries);
  const matched = entries.flatMap((entry) => matchWord(entry, accepted) ?? []);
  return matched.length < entries.length ? undefined : Object.freeze(matched);
}

function matchWord(text: string, words: readonly string[]): string | undefined {
  return words.find((word) => word.toLowerCase() === text.toLowerCase());
}

/**
 * Reads the value of one setting.
 * @param text not blank and without whitespace around it
 * @param isOwn the text is the row's own default, which the tests hold to its range: at start, most are
 * read, and its ends would be two more readings of each
 * @returns undefined if the row does not accept it; `acceptedValues` then says what would have been
 */
export function parseSetting(row: SettingRow, text: string, isOwn = false): ParsedSetting | undefined {
  const range = "range" in row && !isOwn ? row.range : undefined;
  switch (row.type) {
    case "string":
      return CONTROL_CHARACTER.test(text) ? undefined : text;
    case "proxy":
      return parseProxyUrl(text);
    case "host":
      return parseHost(text);
    case "boolean":
      return BOOLEANS.get(text.toLowerCase());
    case "list":
      return parseList(text, row.entries);
    case "enum":
      return matchWord(text, row.values);
    case "integer":
      return matchWord(text, row.words ?? []) ?? parseWithin(text, parseInteger, range);
    case "number":
      return parseWithin(text, parseDecimal, range);
    case "duration":
      return parseWithin(text, parseDuration, range);
    case "bytes":
      return matchWord(text, row.words ?? []) ?? parseWithin(text, parseByteSize, range);
  }
}

/** What of a value that was refused is at fault, if that is one of several entries. */
export function refusedEntry(row: SettingRow, text: string): string | undefined {
  if (row.type !== "list" || row.entries === undefined) return undefined;
  const { entries } = row;
  const unknown = splitList(text).find((entry) => matchWord(entry, entries) === undefined);
  if (unknown === undefined || CONTROL_CHARACTER.test(unknown)) return undefined;
  const nearest = nearestName(unknown.toLowerCase(), entries);
  return `there is no ${unknown.slice(0, LONGEST_ENTRY)}${nearest === undefined ? "" : `, perhaps ${nearest} is meant`}`;
}

/** Longer ones are cut where they are reported. */
const LONGEST_ENTRY = 40;

function inRange(range: SettingRange | undefined): string {
  return range === undefined ? "" : ` from ${range[0]} to ${range[1]}`;
}

/** Says what `parseSetting` accepts for a row, to follow the word "expected". */
export function acceptedValues(row: SettingRow): string {
  switch (row.type) {
    case "string":
      return "text without control characters";
    case "proxy":
      return ACCEPTED_PROXY_URLS;
    case "host":
      return ACCEPTED_HOSTS;
    case "boolean":
      return "true or false";
    case "list":
      return row.entries === undefined
        ? "a comma-separated list without control characters"
        : `a comma-separated list of ${row.entries.join(", ")}`;
    case "enum":
      return `one of ${row.values.join(", ")}`;
    case "integer":
      return [`a whole number${inRange(row.range)}`, ...(row.words ?? [])].join(" or ");
    case "number":
      return `a number${inRange(row.range)}`;
    case "duration":
      return `a duration (300ms, 1h30m, plain seconds)${inRange(row.range)}`;
    case "bytes":
      return [`a size (bytes, or with a unit such as 10MiB)${inRange(row.range)}`, ...(row.words ?? [])].join(" or ");
  }
}

/** A URL, or a named one, with a query, whose values may be keys. */
const URL_WITH_QUERY = /^((?:[\w-]+|https?:[^=?]*)=)?(https?:[^?]*\?.*)$/i;

/**
 * Writes the value of a setting as the operator would, secrets and the values in queries of URLs masked (each entry of a list);
 * blank if unset.
 */
export function formatSetting(row: SettingRow, value: ParsedSetting | undefined): string {
  if (value === undefined) return "";
  if (row.type === "duration" && typeof value === "number") return formatDuration(value);
  // Of a list of pairs, the names say nothing.
  if (row.secret === "wholly" && typeof value === "object") return value.map(maskPair).join(",");
  if (row.secret === "wholly") return "***";
  if (row.secret === "credentials") return maskProxyUrl(String(value));
  if (typeof value === "number") return decimalText(value) ?? String(value);
  const texts = typeof value === "object" ? value : [String(value)];
  return texts.map((text) => (row.secret === true ? maskSecret(text) : showEntry(text))).join(",");
}

function maskPair(text: string): string {
  const sign = text.indexOf("=");
  return sign < 0 ? "***" : `${text.slice(0, sign)}=***`;
}

function showEntry(text: string): string {
  const [, name = "", url] = URL_WITH_QUERY.exec(text) ?? [];
  return url === undefined ? text : `${name}${maskUrl(url) ?? "***"}`;
}
