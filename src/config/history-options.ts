import type { Settings } from "./settings-table.ts";

/** Where rows of requests are kept, and for how long; undefined if they are not. */
export function historyOptions(settings: Settings) {
  if (!settings.HISTORY_ENABLED) return undefined;
  return {
    directory: settings.DATA_DIR,
    databaseUrl: settings.DATABASE_URL,
    retentionMs: settings.HISTORY_RETENTION,
    rollUpRetentionMs: settings.HISTORY_USAGE_RETENTION,
    maxSpoolBytes: settings.HISTORY_SPOOL_MAX_BYTES,
  };
}
