import type { SettingRows } from "../setting-row.ts";

/** What can be said for the collector of one signal, and is said for all of them otherwise. */
const OF_SIGNAL = {
  ENDPOINT: {
    group: "Telemetry",
    type: "string",
    appliesAt: "restart",
    doc: "URL for SIGNAL, as it is; used before all others",
  },
  PROTOCOL: {
    group: "Telemetry",
    type: "enum",
    values: ["http/protobuf", "http/json"],
    appliesAt: "restart",
    doc: "For SIGNAL, in place of OTEL_EXPORTER_OTLP_PROTOCOL",
  },
  HEADERS: {
    group: "Telemetry",
    type: "list",
    secret: "wholly",
    appliesAt: "restart",
    doc: "For SIGNAL, in place of OTEL_EXPORTER_OTLP_HEADERS",
  },
  TIMEOUT: {
    group: "Telemetry",
    type: "integer",
    range: ["1", "600000"],
    appliesAt: "restart",
    doc: "For SIGNAL, in place of OTEL_EXPORTER_OTLP_TIMEOUT, in milliseconds",
  },
  COMPRESSION: {
    group: "Telemetry",
    type: "enum",
    values: ["none", "gzip"],
    appliesAt: "restart",
    doc: "For SIGNAL, in place of OTEL_EXPORTER_OTLP_COMPRESSION",
  },
  CERTIFICATE: {
    group: "Telemetry",
    type: "string",
    appliesAt: "restart",
    doc: "For SIGNAL, in place of OTEL_EXPORTER_OTLP_CERTIFICATE",
  },
  CLIENT_CERTIFICATE: {
    group: "Telemetry",
    type: "string",
    appliesAt: "restart",
    doc: "For SIGNAL, with its key in place of OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and its key",
  },
  CLIENT_KEY: {
    group: "Telemetry",
    type: "string",
    appliesAt: "restart",
    doc: "For SIGNAL, with its certificate",
  },
} as const satisfies SettingRows;

type RowsOfSignal<Signal extends string> = {
  readonly [Name in keyof typeof OF_SIGNAL as `OTEL_EXPORTER_OTLP_${Signal}_${Name}`]: (typeof OF_SIGNAL)[Name];
};

function ofSignal<const Signal extends string>(signal: Signal, called: string): RowsOfSignal<Signal> {
  const rows = Object.entries(OF_SIGNAL).map(
    ([name, row]) =>
      [`OTEL_EXPORTER_OTLP_${signal}_${name}`, { ...row, doc: row.doc.replace("SIGNAL", called) }] as const,
  );
  return Object.fromEntries(rows) as RowsOfSignal<Signal>;
}

/** How traces, metrics and the log are sent to a collector. */
export const COLLECTOR_SETTINGS = {
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    group: "Telemetry",
    type: "string",
    appliesAt: "restart",
    doc: "Base URL of the collector, to which /v1/traces and so on is added; unset is http://localhost:4318",
  },
  OTEL_EXPORTER_OTLP_PROTOCOL: {
    group: "Telemetry",
    type: "enum",
    values: ["http/protobuf", "http/json"],
    default: "http/protobuf",
    appliesAt: "restart",
    doc: "What is sent to the collector",
  },
  OTEL_EXPORTER_OTLP_HEADERS: {
    group: "Telemetry",
    type: "list",
    secret: "wholly",
    appliesAt: "restart",
    doc: "Headers for the collector, as name=value, with % codes as in URLs",
  },
  OTEL_EXPORTER_OTLP_TIMEOUT: {
    group: "Telemetry",
    type: "integer",
    range: ["1", "600000"],
    default: "10000",
    appliesAt: "restart",
    doc: "How long one request to the collector may take, in milliseconds",
  },
  OTEL_EXPORTER_OTLP_COMPRESSION: {
    group: "Telemetry",
    type: "enum",
    values: ["none", "gzip"],
    default: "none",
    appliesAt: "restart",
    doc: "Whether what is sent to the collector is compressed",
  },
  OTEL_EXPORTER_OTLP_CERTIFICATE: {
    group: "Telemetry",
    type: "string",
    appliesAt: "restart",
    doc: "File with the certificates (PEM) that the collector's is trusted by, in place of those of the system",
  },
  OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: {
    group: "Telemetry",
    type: "string",
    appliesAt: "restart",
    doc: "File with the certificate chain (PEM) that the gateway shows the collector",
  },
  OTEL_EXPORTER_OTLP_CLIENT_KEY: {
    group: "Telemetry",
    type: "string",
    appliesAt: "restart",
    doc: "File with the key (PEM) of the client certificate",
  },
  ...ofSignal("TRACES", "traces"),
  ...ofSignal("METRICS", "metrics"),
  ...ofSignal("LOGS", "the lines of the log"),
} as const satisfies SettingRows;
