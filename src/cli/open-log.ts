import type { Settings } from "../config/settings-table.ts";
import { createLog, type Log } from "../telemetry/log.ts";
import { isTerminal } from "../telemetry/standard-output.ts";

/**
 * Opens the log that the settings describe: JSON lines, or lines for people on a terminal.
 * @param worker number of the worker that writes it, if there are several.
 */
export async function openLog(settings: Settings, worker?: number): Promise<Log> {
  const { LOG_LEVEL: level, LOG_FORMAT: format, ENVIRONMENT: environment } = settings;
  const forPeople = format === "pretty" || (format === "auto" && isTerminal());
  const prettyLine = forPeople ? (await import("../telemetry/pretty-line.ts")).prettyLine() : undefined;
  return createLog({ level, environment, worker, format: prettyLine });
}
