import type { ReadFile } from "../core/read-files.ts";
import type { Log } from "./log.ts";
import { type CollectorFiles, loadCollectorTls } from "./otlp/collector-tls.ts";
import { LOG_LINES } from "./otlp/log-records.ts";
import type { ExportMetricsOptions } from "./metrics/export-metrics.ts";
import type { Metrics } from "./metrics/open-metrics.ts";
import {
  openOtlp,
  type Otlp,
  type OtlpOptions,
  type OtlpParts,
  type PeriodicOptions,
  type SignalName,
  type SignalOptions,
} from "./otlp/open-otlp.ts";
import { openTracing, type Tracing, type TracingOptions, type TracingParts } from "./traces/open-tracing.ts";

export interface ExportOptions extends Omit<OtlpOptions, "signals"> {
  readonly signals: Readonly<Partial<Record<SignalName, FileOptions>>>;
  readonly metrics: PeriodicOptions & Pick<ExportMetricsOptions, "isDelta">;
  /** Undefined if requests are not traced. */
  readonly tracing: TracingOptions | undefined;
}

/** How one signal is exported, with the paths of files. */
interface FileOptions extends Omit<SignalOptions, "tls"> {
  readonly files: CollectorFiles;
}

export interface ExportParts extends OtlpParts, Pick<TracingParts, "operations" | "quietRoutes"> {
  readonly log: Pick<Log, "copyLines" | "flushLines">;
  readonly readFile: ReadFile;
  /** What is counted; undefined if nothing is. */
  readonly metrics: Pick<Metrics, "copy"> | undefined;
}

/** What goes to a collector: spans, metrics, lines of the log. */
export interface Export extends Pick<Otlp, "goesOutBy" | "dropped" | "close"> {
  /** Undefined if requests are not traced. */
  readonly tracing: Tracing | undefined;
}

/**
 * Opens all that is sent to a collector. Sends nothing before it is told how.
 * Rejects with SettingError if a file of certificates or keys cannot be used
 */
export async function openExport(
  { signals, metrics, tracing, ...options }: ExportOptions,
  parts: ExportParts,
): Promise<Export> {
  const { log, timers, clock, operations, quietRoutes } = parts;
  const otlp = openOtlp({ ...options, signals: withTls(signals, parts.readFile) }, parts);
  const lines = signals.logs && otlp.open("logs", LOG_LINES);
  if (lines) log.copyLines((line) => lines.add([line]));
  if (signals.metrics && parts.metrics) {
    const { createWriteMetrics } = await import("./metrics/export-metrics.ts");
    const how = { ...options, isJson: signals.metrics.isJson, isDelta: metrics.isDelta };
    otlp.openPeriodic("metrics", createWriteMetrics(how, parts.metrics.copy, clock), metrics);
  }
  const { now } = timers;
  return {
    tracing: tracing && openTracing(tracing, { otlp, now, clock, operations, quietRoutes }),
    goesOutBy: otlp.goesOutBy,
    dropped: otlp.dropped,
    close: otlp.close,
  };
}

function withTls(signals: ExportOptions["signals"], readFile: ReadFile): OtlpOptions["signals"] {
  return Object.fromEntries(
    Object.entries(signals).map(([signal, { files, ...how }]) => [
      signal,
      { ...how, tls: loadCollectorTls(files, readFile) },
    ]),
  );
}
