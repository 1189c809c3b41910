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
