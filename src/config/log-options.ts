import type { Settings } from "./settings-table.ts";

/** Which members of a request's log line are written, and of which requests. */
export function requestLogOptions(settings: Settings) {
  return { fields: settings.LOG_FIELDS, sample: settings.LOG_SAMPLE };
}
