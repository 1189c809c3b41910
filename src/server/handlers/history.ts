import { Failure } from "../../core/errors.ts";
import { isoDate } from "../../core/iso-date.ts";
import type { RequestContext } from "../../core/request-context.ts";
import { ownerOf } from "../../telemetry/history/contents.ts";
import { HistoryUnavailable, type HistoryView } from "../../telemetry/history/history-view.ts";
import { readFormat, readRequestsQuery, readUsageQuery, type UsageQuery } from "../../telemetry/history/queries.ts";
import { HOUR_MS, SUMS } from "../../telemetry/history/roll-ups.ts";
import { isRowId } from "../../telemetry/history/row-id.ts";
import { MAX_GROUPS, type Shown } from "../../telemetry/history/run-query.ts";
import type { RequestDetails, RequestRow, RequestsResponse, UsageResponse } from "../history-schema.ts";
import { jsonResponse } from "../json-response.ts";
import type { RouteHandler } from "../serve-route.ts";

const TOO_MANY_GROUPS = `group_by makes more than ${MAX_GROUPS} groups, which is the most that CSV is made of: shorten the period, or name less to group by; JSON has the first ones`;

/**
 * What answers about requests that are over.
 * @param clock milliseconds since the epoch
 * @param routes those that have rows
 */
export const historyHandlers = (history: HistoryView, clock: () => number, routes: readonly string[]) => ({
  /** `GET /v1/usage` */
  usage: (async (context, request) => {
    const { searchParams } = new URL(request.url);
    const query = readUsageQuery(searchParams, clock());
    const format = readFormat(searchParams, request.headers.get("accept"));
    const { groups, isCut } = await asked(history.usage(query));
    if (format === "csv") {
      // A file that lacks groups looks like one that has all.
      if (isCut) throw new Failure("invalid_request", { message: TOO_MANY_GROUPS, param: "group_by" });
      return csvResponse(context, query, groups);
    }
    const answer = {
      object: "list",
      // Sums are of whole hours.
      from: isoDate(query.from - (query.from % HOUR_MS)),
      to: isoDate(Math.ceil(query.to / HOUR_MS) * HOUR_MS),
      group_by: [...query.groups],
      data: [...groups] as UsageResponse["data"],
      is_cut: isCut,
    } satisfies UsageResponse;
    return jsonResponse(context, answer);
  }) satisfies RouteHandler,

  /** `GET /v1/requests` */
  requests: (async (context, request) => {
    const query = readRequestsQuery(new URL(request.url).searchParams, clock(), routes);
    const { rows, next } = await asked(history.requests(query));
    const answer: RequestsResponse = {
      object: "list",
      data: [...rows] as RequestsResponse["data"],
      next_after: next ?? null,
    };
    return jsonResponse(context, answer);
  }) satisfies RouteHandler,

  /** `GET /v1/requests/{id}` */
  request: (async (context, request) => {
    const id = new URL(request.url).pathname.split("/")[3] ?? "";
    const owner = ownerOf(context.principal);
    const found = isRowId(id) ? await asked(history.request({ kind: "request", id, owner })) : undefined;
    if (!found) throw new Failure("request_not_found");
    const answer = { ...(found.row as RequestRow), content: found.content ?? null } satisfies RequestDetails;
    return jsonResponse(context, answer);
  }) satisfies RouteHandler,
});

async function asked<Result>(call: Promise<Result>): Promise<Result> {
  try {
    return await call;
  } catch (error) {
    if (!(error instanceof HistoryUnavailable)) throw error;
    throw new Failure("history_unavailable", { cause: error, headers: { "retry-after": "1" } });
  }
}

/** Sums that are shown as money, by other names. */
const IN_MONEY: ReadonlySet<string> = new Set(["priced", "unpriced", "cost"]);

/** The members of a group that every one has. */
const SUM_NAMES = [...SUMS.filter((name) => !IN_MONEY.has(name)), "cost_usd", "unpriced_requests"];

/** With a line of names first: https://www.rfc-editor.org/rfc/rfc4180 */
function csvResponse(context: RequestContext, { groups }: UsageQuery, rows: readonly Shown[]): Response {
  const names = [...groups, ...SUM_NAMES];
  const lines = [names, ...rows.map((row) => names.map((name) => cell(row[name])))];
  const body = lines.map((line) => `${line.join(",")}\r\n`).join("");
  context.sent(Buffer.byteLength(body));
  const headers = { "content-type": "text/csv; charset=utf-8; header=present", "x-request-id": context.id };
  return new Response(body, { headers });
}

/** Programs that show tables take a text that begins so for a formula. */
const FORMULA = /^[=+\-@\t\r]/;

function cell(value: Shown[string] | undefined): string {
  if (typeof value !== "string") return String(value ?? "");
  const text = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
