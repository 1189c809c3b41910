import type { Settings } from "./settings-table.ts";

/*
 * What telemetry is given of the settings, as in module-options.ts.
 */

/** What is counted for whom; undefined if nothing is. */
export function metricsOptions(settings: Settings) {
  const exporters = settings.OTEL_METRICS_EXPORTER;
  const isServed = exporters.includes("prometheus");
  const isExported = exporters.includes("otlp") && !settings.OTEL_SDK_DISABLED;
  if (!settings.TELEMETRY_ENABLED || !(isServed || isExported)) return undefined;
  const { TELEMETRY_METRICS_HOST: hostname, TELEMETRY_METRICS_PORT: port } = settings;
  return {
    /** Where they are served; undefined if they are only sent to a collector. */
    address: isServed ? { hostname, port } : undefined,
    isExported,
    /** Whether others may add to them. */
    takesPushes: settings.TELEMETRY_METRICS_PUSH_ENABLED,
  };
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
    keepsContent: settings.HISTORY_CONTENT,
    contentMs: settings.HISTORY_CONTENT_TTL,
    maxContentBytes: settings.HISTORY_CONTENT_MAX_BYTES,
  };
}

/** Which members of a request's log line are written, and of which requests. */
export function requestLogOptions(settings: Settings) {
  return { fields: settings.LOG_FIELDS, sample: settings.LOG_SAMPLE };
}
