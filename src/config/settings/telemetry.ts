import type { SettingRows } from "../setting-row.ts";

/** What the gateway reports of itself. */
export const TELEMETRY_SETTINGS = {
  TELEMETRY_ENABLED: {
    group: "Telemetry",
    type: "boolean",
    default: "false",
    appliesAt: "restart",
    doc: "Count what becomes of requests, for whom OTEL_METRICS_EXPORTER says: Prometheus, unless it is set",
  },
  OTEL_METRICS_EXPORTER: {
    group: "Telemetry",
    type: "list",
    entries: ["prometheus", "otlp", "none"],
    default: "prometheus",
    appliesAt: "restart",
    doc: "Where metrics go, if TELEMETRY_ENABLED: prometheus serves them as GET /metrics at an address of its own, otlp sends them to a collector; none counts nothing",
  },
  OTEL_METRIC_EXPORT_INTERVAL: {
    group: "Telemetry",
    type: "integer",
    range: ["1", "86400000"],
    default: "60000",
    appliesAt: "restart",
    doc: "How often metrics are sent to a collector, in milliseconds",
  },
  OTEL_METRIC_EXPORT_TIMEOUT: {
    group: "Telemetry",
    type: "integer",
    range: ["1", "600000"],
    default: "30000",
    appliesAt: "restart",
    doc: "How long that may take each time, further attempts included, in milliseconds",
  },
  OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: {
    group: "Telemetry",
    type: "enum",
    values: ["cumulative", "delta"],
    default: "cumulative",
    appliesAt: "restart",
    doc: "Whether what is sent is counted since the start, or since the last time that the collector took it",
  },
  TELEMETRY_METRICS_HOST: {
    group: "Telemetry",
    type: "host",
    default: "127.0.0.1",
    appliesAt: "restart",
    doc: "Address that metrics are served on; whoever reaches it may read them",
  },
  TELEMETRY_METRICS_PORT: {
    group: "Telemetry",
    type: "integer",
    range: ["0", "65535"],
    default: "9464",
    appliesAt: "restart",
    doc: "Port that metrics are served on; 0 takes a free one, which the log says",
  },
  TELEMETRY_METRICS_PUSH_ENABLED: {
    group: "Telemetry",
    type: "boolean",
    default: "false",
    appliesAt: "restart",
    doc: "Count what others push to POST /v1/metrics over OTLP, such as clients that do not go through the gateway; needs TELEMETRY_ENABLED",
  },
  TELEMETRY_TEAM_CLAIM: {
    group: "Telemetry",
    type: "string",
    doc: "Claim of tokens that becomes the label team of metrics, a text; without it the label is empty",
  },
} as const satisfies SettingRows;
