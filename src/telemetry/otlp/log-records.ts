import { isJsonObject } from "../../core/json/parse.ts";
import type { OpenAttributes } from "./attributes.ts";
import type { SignalBody } from "./open-otlp.ts";
import { EXPORT_LOGS } from "./messages.ts";

/** https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber */
const SEVERITIES: Readonly<Record<string, number>> = { trace: 1, debug: 5, info: 9, warn: 13, error: 17, fatal: 21 };

/** What of a line has a place of its own, or is said of the resource. */
const NOT_ATTRIBUTES: ReadonlySet<string> = new Set(["level", "time", "msg", "trace_id", "environment", "worker"]);

const TRACE_ID = /^[0-9a-f]{32}$/;

/** A room for each so many characters of a line. */
const CHARACTERS_PER_WEIGHT = 1024;

/** The lines of the log, each a JSON text, as they are exported: parsed only then, which nobody waits for. */
export const LOG_LINES: SignalBody<string> = {
  message: EXPORT_LOGS,
  weigh: (line) => Math.ceil(line.length / CHARACTERS_PER_WEIGHT),
  value: (lines, { resource, scope }) => ({
    resourceLogs: [
      {
        resource: { attributes: resource },
        scopeLogs: [{ scope, logRecords: lines.flatMap((line) => recordOf(line)) }],
      },
    ],
  }),
};

function recordOf(line: string): object[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    return [];
  }
  if (!isJsonObject(parsed)) return [];
  const { level, time, msg, trace_id: traceId } = parsed;
  const attributes: OpenAttributes = {};
  for (const [name, value] of Object.entries(parsed)) {
    if (NOT_ATTRIBUTES.has(name) || value === null || value === undefined) continue;
    attributes[name] = typeof value === "object" ? JSON.stringify(value) : (value as string | number | boolean);
  }
  const at = Date.parse(String(time));
  return [
    {
      timeUnixNano: at,
      observedTimeUnixNano: at,
      severityNumber: SEVERITIES[String(level)],
      severityText: String(level),
      body: String(msg),
      attributes,
      traceId: typeof traceId === "string" && TRACE_ID.test(traceId) ? traceId : undefined,
    },
  ];
}
