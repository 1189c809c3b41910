import type { Config } from "./config/load-config.ts";
import { exportOptions } from "./config/otlp-settings.ts";
import { historyOptions, metricsOptions } from "./config/telemetry-options.ts";
import type { RouteHandler } from "./server/serve-route.ts";
import { ROUTE_OPERATIONS } from "./server/route-operations.ts";
import { API_FORMATS, QUIET_ROUTES } from "./server/routes.ts";
import type { PushParts } from "./server/handlers/push-metrics.ts";
import type { HistoryParts } from "./telemetry/history/open-history.ts";
import type { ChangeLog } from "./telemetry/log-changes.ts";
import type { Metrics, MetricsParts } from "./telemetry/metrics/open-metrics.ts";
import type { Export, ExportParts } from "./telemetry/open-export.ts";

/*
 * What observes requests, if the settings want it: its code is loaded only then.
 */

/** What is measured, and what others push. */
export interface OpenMetrics extends Metrics {
  /** Makes what takes that; absent if nobody may push. */
  readonly handlePush?: (parts: PushParts) => RouteHandler;
}

/** What is measured; undefined if nothing is. @param parts what is looked at only later */
export async function openMetricsOf(
  settings: Config["settings"],
  parts: Omit<MetricsParts, "operations">,
): Promise<OpenMetrics | undefined> {
  const wanted = metricsOptions(settings);
  if (!wanted) return undefined;
  const { openMetrics } = await import("./telemetry/metrics/open-metrics.ts");
  const metrics = openMetrics(wanted, { ...parts, operations: ROUTE_OPERATIONS });
  if (!wanted.takesPushes) return metrics;
  const { createTakePush } = await import("./telemetry/metrics/push/open-push.ts");
  const { takeMetrics } = await import("./server/handlers/push-metrics.ts");
  const take = createTakePush(metrics.store);
  return { ...metrics, handlePush: (body) => takeMetrics(take, body) };
}

/** What goes to a collector; undefined if nothing does, and then no code for it is loaded. */
export async function openExportOf(
  settings: Config["settings"],
  { version, worker, ...parts }: Omit<ExportParts, "operations" | "quietRoutes"> & Parameters<typeof exportOptions>[1],
): Promise<Export | undefined> {
  const wanted = exportOptions(settings, { version, worker });
  if (!wanted) return undefined;
  const { openExport } = await import("./telemetry/open-export.ts");
  return openExport(wanted, { ...parts, operations: ROUTE_OPERATIONS, quietRoutes: QUIET_ROUTES });
}

/** What keeps requests, with what answers questions about them; undefined if none are kept. */
export async function openHistoryOf(
  settings: Config["settings"],
  changes: ChangeLog,
  parts: Pick<HistoryParts, "clock" | "timers">,
) {
  const wanted = historyOptions(settings);
  if (!wanted) return undefined;
  const { openHistory } = await import("./telemetry/history/open-history.ts");
  const { historyHandlers } = await import("./server/handlers/history.ts");
  const { historyChanged: onChange, historyLost: onLost } = changes;
  const history = await openHistory(wanted, { ...parts, formats: API_FORMATS, onChange, onLost });
  return { ...history, handlers: historyHandlers(history, parts.clock, [...API_FORMATS.keys()]) };
}
