import type { ReadFile } from "../core/read-files.ts";
import type { Log } from "./log.ts";
import { type CollectorFiles, loadCollectorTls } from "./otlp/collector-tls.ts";
import { LOG_LINES } from "./otlp/log-records.ts";
import { openOtlp, type Otlp, type OtlpOptions, type OtlpParts } from "./otlp/open-otlp.ts";
import { openTracing, type Tracing, type TracingOptions, type TracingParts } from "./traces/open-tracing.ts";

export interface ExportOptions extends Omit<OtlpOptions, "tls"> {
  readonly files: CollectorFiles;
  /** Undefined if requests are not traced. */
  readonly tracing: TracingOptions | undefined;
}

export interface ExportParts extends OtlpParts, Pick<TracingParts, "operations" | "quietRoutes"> {
  readonly log: Pick<Log, "copyLines" | "flushLines">;
  readonly readFile: ReadFile;
}

/** What goes to a collector: spans, lines of the log. */
export interface Export extends Pick<Otlp, "goesOutBy" | "dropped" | "close"> {
  /** Undefined if requests are not traced. */
  readonly tracing: Tracing | undefined;
}

/**
 * Opens all that is sent to a collector. Sends nothing before it is told how.
 * @throws SettingError if a file of certificates or keys cannot be used
 */
export function openExport({ files, tracing, ...options }: ExportOptions, parts: ExportParts): Export {
  const { log, readFile, timers, clock, operations, quietRoutes } = parts;
  const otlp = openOtlp({ ...options, tls: loadCollectorTls(files, readFile) }, parts);
  const lines = options.signals.logs && otlp.open("logs", LOG_LINES);
  if (lines) log.copyLines((line) => lines.add([line]));
  const { now } = timers;
  return {
    tracing: tracing && openTracing(tracing, { otlp, now, clock, operations, quietRoutes }),
    goesOutBy: otlp.goesOutBy,
    dropped: otlp.dropped,
    close: otlp.close,
  };
}
