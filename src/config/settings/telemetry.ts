import type { SettingRows } from "../setting-row.ts";

/** What the gateway tells of itself. */
export const TELEMETRY_SETTINGS = {
  TELEMETRY_ENABLED: {
    group: "Telemetry",
    type: "boolean",
    default: "false",
    appliesAt: "restart",
    doc: "Count what becomes of requests, and serve it as GET /metrics at an address of its own, for Prometheus",
  },
  TELEMETRY_METRICS_HOST: {
    group: "Telemetry",
    type: "string",
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
