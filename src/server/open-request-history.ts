import type { ChangeLog } from "../telemetry/log-changes.ts";
import {
  type History,
  type HistoryOptions,
  type HistoryParts,
  openHistory,
} from "../telemetry/history/open-history.ts";
import { historyHandlers } from "./handlers/history.ts";
import { API_FORMATS } from "./routes.ts";

/** What became of requests, with what answers about it. */
export interface RequestHistory extends History {
  /** Of its routes, by their names. */
  readonly handlers: ReturnType<typeof historyHandlers>;
}

export interface RequestHistoryParts extends Pick<HistoryParts, "clock" | "timers"> {
  readonly changes: Pick<ChangeLog, "historyChanged" | "historyLost">;
}

/**
 * Opens the history of the requests to all routes that ask a provider. Nothing of its code is loaded otherwise.
 * @throws SettingError if its folder or its file cannot be used
 */
export async function openRequestHistory(
  options: HistoryOptions,
  { changes, clock, timers }: RequestHistoryParts,
): Promise<RequestHistory> {
  const { historyChanged: onChange, historyLost: onLost } = changes;
  const history = await openHistory(options, { clock, timers, formats: API_FORMATS, onChange, onLost });
  return { ...history, handlers: historyHandlers(history, clock) };
}
