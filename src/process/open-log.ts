import type { Settings } from "../config/settings-table.ts";
import { createLog, type Log } from "../telemetry/create-log.ts";

/**
 * Opens the log that the settings describe.
 * @param worker number of the worker that writes it, where there are several.
 */
export function openLog(settings: Settings, worker?: number): Log {
  return createLog({
    level: settings.LOG_LEVEL,
    format: settings.LOG_FORMAT,
    environment: settings.ENVIRONMENT,
    worker,
  });
}
