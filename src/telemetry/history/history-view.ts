import type { RequestQuery, RequestsQuery, UsageQuery } from "./queries.ts";
import type { RequestDetails, RequestsPage, UsageSums } from "./run-query.ts";

/** What can be asked of the history. Both reject with {@link HistoryUnavailable}. */
export interface HistoryView {
  usage(query: UsageQuery): Promise<UsageSums>;
  requests(query: RequestsQuery): Promise<RequestsPage>;
  /** Undefined if there is none. */
  request(query: RequestQuery): Promise<RequestDetails | undefined>;
}

/** The database does not answer, or not in time. The message says why, for the log. */
export class HistoryUnavailable extends Error {}
