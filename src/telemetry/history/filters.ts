import { Failure, FAILURES } from "../../core/errors.ts";
import { nearestName } from "../../core/nearest-name.ts";
import type { Outcome } from "../../core/request-context.ts";

/** What rows can be asked for by: columns, each with the one value that it is to have. */
export const FILTERS = [
  "model",
  "provider",
  "identity",
  "alias",
  "route",
  "status",
  "outcome",
  "failure",
  "request_id",
] as const;
export type FilterName = (typeof FILTERS)[number];

/** Of what there are sums. */
export const USAGE_FILTERS = ["model", "provider", "identity"] as const satisfies readonly FilterName[];

/** Columns with their values. */
type Row = readonly (readonly [column: FilterName, value: string | number])[];

/** What rows are to be like: like one of these. */
export type Filter = readonly Row[];

export const OUTCOMES: readonly string[] = Object.keys({
  answered: true,
  failed: true,
  cut: true,
  client_gone: true,
} satisfies Record<Outcome, true>);

/** More values than that are not listed to who names one that there is not. */
const MAX_LISTED = 30;

/** 0 is that of requests that nothing was sent to. */
const STATUS = /^(?:0|[1-5]\d{2})$/;

/** What may be wrong with a parameter of a query. */
export const invalidParameter = (param: string, message: string): Failure =>
  new Failure("invalid_request", { message: `${param} ${message}`, param });

/**
 * Reads what one column is to be. A value that no row can have is refused, as an empty list would say that there was no such request.
 * @param routes those that have rows
 * @throws Failure `invalid_request`
 */
export function readFilter(name: FilterName, value: string, routes: readonly string[]): Filter {
  if (value.trim() === "") throw invalidParameter(name, "must not be empty");
  if (value.includes("\0")) throw invalidParameter(name, "must not hold the character NUL");
  const text = value.toWellFormed();
  if (name === "model") return modelNamed(text);
  if (name === "status") {
    if (!STATUS.test(value)) throw invalidParameter(name, "must be an HTTP status such as 200");
    return [[[name, Number(value)]]];
  }
  if (name === "outcome") requireOneOf(name, text, OUTCOMES);
  if (name === "failure") requireOneOf(name, text, Object.keys(FAILURES));
  if (name === "route") requireOneOf(name, text, routes);
  // Clients may write it in any case.
  return [[[name, name === "provider" ? text.toLowerCase() : text]]];
}

/**
 * Reads of what sums are asked for, as {@link readFilter} does. They are kept by the provider's names of models alone.
 * @throws Failure `invalid_request`
 */
export function readUsageFilter(name: (typeof USAGE_FILTERS)[number], value: string): Filter {
  return readFilter(name, value, []).filter((row) => row.every(([column]) => column !== "alias"));
}

/**
 * Rows have the name that the provider has for it, and as `alias` the one of the gateway's own by which it was asked for; clients
 * may write the provider before that of the provider.
 */
function modelNamed(name: string): Filter {
  const asNamed: Row[] = [[["model", name]], [["alias", name]]];
  const slash = name.indexOf("/");
  if (slash < 1) return asNamed;
  const ofProvider: Row = [
    ["provider", name.slice(0, slash).toLowerCase()],
    ["model", name.slice(slash + 1)],
  ];
  return [...asNamed, ofProvider];
}

function requireOneOf(name: FilterName, value: string, known: readonly string[]): void {
  if (known.includes(value)) return;
  if (known.length <= MAX_LISTED) throw invalidParameter(name, `must be one of ${known.join(", ")}`);
  const nearest = nearestName(value, known);
  const hint = nearest === undefined ? ` such as ${known[0]}` : `: did you mean ${nearest}?`;
  throw invalidParameter(name, `must be the code of a failure of the gateway's${hint}`);
}
