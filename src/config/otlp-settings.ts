import type { Settings } from "./settings-table.ts";
import { metricsOptions } from "./telemetry-options.ts";

const BASE = "http://localhost:4318";

/** Signals, as the names of settings have them. */
export const SIGNALS = ["TRACES", "METRICS", "LOGS"] as const;
type Signal = (typeof SIGNALS)[number];

/** Version of the gateway, and which of several processes this is. */
interface ExportedAbout {
  readonly version: string;
  readonly worker: number | undefined;
}

/** What is sent to a collector, and how; undefined if nothing is. */
export function exportOptions(settings: Settings, about: ExportedAbout) {
  const isOn = !settings.OTEL_SDK_DISABLED;
  const traces = isOn && settings.TELEMETRY_TRACING_ENABLED && settings.OTEL_TRACES_EXPORTER === "otlp";
  const metrics = metricsOptions(settings)?.isExported ?? false;
  const logs = isOn && settings.OTEL_LOGS_EXPORTER === "otlp";
  if (!traces && !metrics && !logs) return undefined;
  return {
    signals: {
      ...(traces && { traces: { ...collectorOf(settings, "TRACES"), url: tracesUrl(settings) } }),
      ...(metrics && { metrics: { ...collectorOf(settings, "METRICS"), url: urlOf(settings, "METRICS") } }),
      ...(logs && { logs: { ...collectorOf(settings, "LOGS"), url: urlOf(settings, "LOGS") } }),
    },
    limits: {
      delayMs: settings.OTEL_BSP_SCHEDULE_DELAY,
      maxQueued: settings.OTEL_BSP_MAX_QUEUE_SIZE,
      maxBatch: batchSize(settings),
    },
    metrics: {
      intervalMs: settings.OTEL_METRIC_EXPORT_INTERVAL,
      timeoutMs: settings.OTEL_METRIC_EXPORT_TIMEOUT,
      isDelta: settings.OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE === "delta",
    },
    resource: resourceOf(settings, about),
    scope: { name: "inference-gateway", version: about.version },
    tracing: traces ? tracingOptions(settings) : undefined,
  };
}

/** If no setting says how many are sent at once. */
const DEFAULT_BATCH_SIZE = 512;

/**
 * How many are sent in one request. A queue that is to be short is no fault of who has not named this:
 * https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/#batch-span-processor
 */
export const batchSize = ({
  OTEL_BSP_MAX_EXPORT_BATCH_SIZE: wanted,
  OTEL_BSP_MAX_QUEUE_SIZE: queued,
}: Settings): number => wanted ?? Math.min(DEFAULT_BATCH_SIZE, queued);

/** How the collector of a signal is called: what is said for the signal is used before what is said for all. */
function collectorOf(settings: Settings, signal: Signal) {
  const own = `OTEL_EXPORTER_OTLP_${signal}` as const;
  const headers = settings[`${own}_HEADERS`];
  const given = headers.length > 0 ? headers : settings.OTEL_EXPORTER_OTLP_HEADERS;
  const hasPair = settings[`${own}_CLIENT_CERTIFICATE`] !== undefined;
  const pairOwner = hasPair ? own : "OTEL_EXPORTER_OTLP";
  const trustOwner = settings[`${own}_CERTIFICATE`] === undefined ? "OTEL_EXPORTER_OTLP" : own;
  return {
    headers: Object.fromEntries(given.flatMap((entry) => pairOf(entry) ?? [])),
    isJson: (settings[`${own}_PROTOCOL`] ?? settings.OTEL_EXPORTER_OTLP_PROTOCOL) === "http/json",
    isCompressed: (settings[`${own}_COMPRESSION`] ?? settings.OTEL_EXPORTER_OTLP_COMPRESSION) === "gzip",
    timeoutMs: settings[`${own}_TIMEOUT`] ?? settings.OTEL_EXPORTER_OTLP_TIMEOUT,
    files: {
      ca: fileOf(settings, `${trustOwner}_CERTIFICATE`),
      cert: fileOf(settings, `${pairOwner}_CLIENT_CERTIFICATE`),
      key: fileOf(settings, `${pairOwner}_CLIENT_KEY`),
    },
  };
}

/** The file that a setting names, with the setting that is to blame for it. */
function fileOf(settings: Settings, setting: CertificateSetting) {
  const path = settings[setting];
  return path === undefined ? undefined : { setting, path };
}

type CertificateSetting =
  `OTEL_EXPORTER_OTLP${"" | `_${Signal}`}_${"CERTIFICATE" | "CLIENT_CERTIFICATE" | "CLIENT_KEY"}`;

/** Which traces are recorded, and what of them is passed on. */
function tracingOptions(settings: Settings) {
  return {
    sampler: settings.OTEL_TRACES_SAMPLER,
    ratio: Number(settings.OTEL_TRACES_SAMPLER_ARG),
    propagators: new Set(
      (["tracecontext", "baggage"] as const).filter((name) => settings.OTEL_PROPAGATORS.includes(name)),
    ),
    capturesContent: settings.TELEMETRY_CAPTURE_CONTENT,
  };
}

function tracesUrl(settings: Settings): string {
  const own = settings.TELEMETRY_TRACING_OTLP_ENDPOINT;
  if (settings.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT !== undefined || own === undefined) return urlOf(settings, "TRACES");
  return new URL(own).pathname === "/" ? below(own, "/v1/traces") : own;
}

function urlOf(settings: Settings, signal: Signal): string {
  const exact = settings[`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`];
  return exact ?? below(settings.OTEL_EXPORTER_OTLP_ENDPOINT, `/v1/${signal.toLowerCase()}`);
}

/** A path below a base URL, whose query it keeps. */
function below(base = BASE, path: string): string {
  const url = new URL(base);
  url.pathname = url.pathname.replace(/\/$/, "") + path;
  return url.href;
}

/**
 * https://opentelemetry.io/docs/specs/semconv/resource/; the name that is set wins over one among the attributes:
 * https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/#general-sdk-configuration
 */
function resourceOf(settings: Settings, { version, worker }: ExportedAbout) {
  const given = settings.OTEL_RESOURCE_ATTRIBUTES.flatMap((entry) => pairOf(entry) ?? []);
  return {
    "service.name": "inference-gateway",
    "service.version": version,
    "service.instance.id": crypto.randomUUID(),
    "deployment.environment.name": settings.ENVIRONMENT,
    "process.pid": process.pid,
    ...(worker !== undefined && { "inference_gateway.worker": worker }),
    ...Object.fromEntries(given),
    ...(settings.OTEL_SERVICE_NAME !== undefined && { "service.name": settings.OTEL_SERVICE_NAME }),
  };
}

/** `name=value` with % codes, in a list of one; undefined if it is none. */
export function pairOf(entry: string): [[name: string, value: string]] | undefined {
  const at = entry.indexOf("=");
  const name = entry.slice(0, at).trim();
  if (at < 1 || name === "") return undefined;
  try {
    return [[name, decodeURIComponent(entry.slice(at + 1).trim())]];
  } catch {
    return undefined;
  }
}
