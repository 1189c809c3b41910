import type { RequestsQuery, UsageQuery } from "./queries.ts";
import type { RequestsPage, UsageSums } from "./run-query.ts";

/** What can be asked of the history. Both reject with {@link HistoryUnavailable}. */
export interface HistoryView {
  usage(query: UsageQuery): Promise<UsageSums>;
  requests(query: RequestsQuery): Promise<RequestsPage>;
}

/** The database does not answer, or not in time. The message says why, for the log. */
export class HistoryUnavailable extends Error {}
