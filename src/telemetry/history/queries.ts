import { preferredForm } from "../../core/accept.ts";
import { type Filter, FILTERS, invalidParameter, readFilter, readUsageFilter, USAGE_FILTERS } from "./filters.ts";
import { isRowId } from "./row-id.ts";

/** Which part of the time is asked for, in milliseconds since the epoch: from the first one on, before the second one. */
export interface Period {
  readonly from: number;
  readonly to: number;
}

/** By what sums can be asked for. */
export const GROUPS = ["model", "provider", "identity", "hour", "day"] as const;
export type Group = (typeof GROUPS)[number];

export interface UsageQuery extends Period {
  readonly kind: "usage";
  readonly groups: readonly Group[];
  /** Of what sums are made, all of it. */
  readonly filters: readonly Filter[];
}

export interface RequestsQuery extends Period {
  readonly kind: "requests";
  /** What rows are to be like, all of it. */
  readonly filters: readonly Filter[];
  readonly limit: number;
  /** The id of the row behind which the page begins. */
  readonly after: string | undefined;
}

/** One request. */
export interface RequestQuery {
  readonly kind: "request";
  /** Of its row. */
  readonly id: string;
  /** Who asks: what was said is only for whoever said it. */
  readonly owner: string;
}

export type HistoryQuery = UsageQuery | RequestsQuery | RequestQuery;

const DAY_MS = 86_400_000;
/** Sums of more are not made in one answer. */
const MAX_USAGE_DAYS = 400;
const DEFAULT_USAGE_MS = 7 * DAY_MS;
const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1000;

/** Parameters that are known, each at most once. */
function readOnce(parameters: URLSearchParams, known: readonly string[]): (name: string) => string | undefined {
  for (const name of new Set(parameters.keys())) {
    const shown = /^\w{1,64}$/.test(name) ? name : "a parameter of the query";
    if (!known.includes(name)) throw invalidParameter(shown, `is not known here; known are ${known.join(", ")}`);
    if (parameters.getAll(name).length > 1) throw invalidParameter(shown, "is given more than once");
  }
  return (name) => parameters.get(name) ?? undefined;
}

/** A day, or a time with its offset from UTC: https://www.rfc-editor.org/rfc/rfc3339#section-5.6 */
const DATE = /^\d{4}-\d{2}-\d{2}(?:[Tt]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:[Zz]|[+-]\d{2}:\d{2}))?$/;
/** Seconds since the epoch, up to the year 5138. */
const SECONDS = /^\d{1,11}$/;

function readTime(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  // In a query a plus is a space.
  const written = text.replace(" ", "+");
  const time = SECONDS.test(text) ? Number(text) * 1000 : DATE.test(written) ? Date.parse(written.toUpperCase()) : NaN;
  const day = Number(written.slice(8, 10));
  // The runtime takes the 30th of February for the 2nd of March.
  const isDay = SECONDS.test(text) || new Date(`${written.slice(0, 10)}T00:00:00Z`).getUTCDate() === day;
  if (Number.isNaN(time) || time < 0 || !isDay) {
    throw invalidParameter(
      name,
      "must be a date such as 2026-11-30, a time such as 2026-11-30T08:00:00Z, or seconds since 1970",
    );
  }
  return time;
}

function readPeriod(read: (name: string) => string | undefined, now: number, defaultMs: number): Period {
  const to = readTime("to", read("to")) ?? now;
  const from = readTime("from", read("from")) ?? Math.max(0, to - defaultMs);
  if (from >= to) throw invalidParameter("from", "must be before to");
  return { from, to };
}

/**
 * What `GET /v1/usage` is asked for.
 * @param now milliseconds since the epoch
 * @throws Failure `invalid_request`
 */
export function readUsageQuery(parameters: URLSearchParams, now: number): UsageQuery {
  const read = readOnce(parameters, ["from", "to", "group_by", "format", ...USAGE_FILTERS]);
  const period = readPeriod(read, now, DEFAULT_USAGE_MS);
  if (period.to - period.from > MAX_USAGE_DAYS * DAY_MS)
    throw invalidParameter("from", `must be at most ${MAX_USAGE_DAYS} days before to`);
  const named = (read("group_by") ?? "").split(",").map((name) => name.trim());
  const groups = GROUPS.filter((group) => named.includes(group));
  const isList = named.every((name) => GROUPS.some((group) => group === name)) && groups.length === named.length;
  if (!isList && named.join("") !== "")
    throw invalidParameter("group_by", `must list, each once, some of ${GROUPS.join(", ")}`);
  if (groups.includes("hour") && groups.includes("day"))
    throw invalidParameter("group_by", "must name hour or day, not both");
  const filters = USAGE_FILTERS.flatMap((name) => {
    const value = read(name);
    return value === undefined ? [] : [readUsageFilter(name, value)];
  });
  // In the order in which they were named.
  return {
    kind: "usage",
    ...period,
    filters,
    groups: named.flatMap((name) => groups.filter((group) => group === name)),
  };
}

/** The one that is used if an `Accept` leaves the choice is first. */
const FORMATS = [
  { form: "json", type: "application/json" },
  { form: "csv", type: "text/csv" },
] as const;

/** @throws Failure `invalid_request` */
export function readFormat(parameters: URLSearchParams, accept: string | null): "json" | "csv" {
  const format = parameters.get("format");
  if (format !== null && format !== "json" && format !== "csv") throw invalidParameter("format", "must be json or csv");
  return format ?? preferredForm(accept, FORMATS) ?? "json";
}

/**
 * What `GET /v1/requests` is asked for.
 * @param now milliseconds since the epoch
 * @param routes those that have rows
 * @throws Failure `invalid_request`
 */
export function readRequestsQuery(parameters: URLSearchParams, now: number, routes: readonly string[]): RequestsQuery {
  const read = readOnce(parameters, ["from", "to", "limit", "after", ...FILTERS]);
  const limit = read("limit") ?? String(DEFAULT_LIMIT);
  if (!/^\d{1,4}$/.test(limit) || Number(limit) < 1 || Number(limit) > MAX_LIMIT) {
    throw invalidParameter("limit", `must be a number from 1 to ${MAX_LIMIT}`);
  }
  const after = read("after");
  if (after !== undefined && !isRowId(after)) throw invalidParameter("after", "must be next_after of the page before");
  const filters = FILTERS.flatMap((name) => {
    const value = read(name);
    return value === undefined ? [] : [readFilter(name, value, routes)];
  });
  // From the beginning; and a moment more, so that what is over in this one is in it.
  const period = readPeriod(read, now + 1, Infinity);
  return { kind: "requests", ...period, filters, limit: Number(limit), after };
}
