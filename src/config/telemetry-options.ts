import type { Settings } from "./settings-table.ts";

/*
 * What telemetry is given of the settings, as in module-options.ts.
 */

/** Where metrics are served, and whether others may push some; undefined if there are none. */
export function metricsOptions(settings: Settings) {
  const { TELEMETRY_METRICS_HOST: hostname, TELEMETRY_METRICS_PORT: port } = settings;
  return settings.TELEMETRY_ENABLED
    ? { hostname, port, takesPushes: settings.TELEMETRY_METRICS_PUSH_ENABLED }
    : undefined;
}

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

/** Which members of a request's log line are written, and of which requests. */
export function requestLogOptions(settings: Settings) {
  return { fields: settings.LOG_FIELDS, sample: settings.LOG_SAMPLE };
}
