import type { Settings } from "./settings-table.ts";

const BASE = "http://localhost:4318";

/** Whether anything is sent to a collector, and what. */
function exportedSignals(settings: Settings): { readonly traces: boolean; readonly logs: boolean } {
  const isOn = !settings.OTEL_SDK_DISABLED;
  return {
    traces: isOn && settings.TELEMETRY_TRACING_ENABLED,
    logs: isOn && settings.OTEL_LOGS_EXPORTER === "otlp",
  };
}

/** Version of the gateway, and which of several processes this is. */
interface ExportedAbout {
  readonly version: string;
  readonly worker: number | undefined;
}

/** What is sent to a collector, and how; undefined if nothing is. */
export function exportOptions(settings: Settings, about: ExportedAbout) {
  const { traces, logs } = exportedSignals(settings);
  if (!traces && !logs) return undefined;
  const common = {
    headers: Object.fromEntries(settings.OTEL_EXPORTER_OTLP_HEADERS.flatMap((entry) => pairOf(entry) ?? [])),
    isJson: settings.OTEL_EXPORTER_OTLP_PROTOCOL === "http/json",
    isCompressed: settings.OTEL_EXPORTER_OTLP_COMPRESSION === "gzip",
    timeoutMs: settings.OTEL_EXPORTER_OTLP_TIMEOUT,
  };
  return {
    signals: {
      ...(traces && { traces: { ...common, url: tracesUrl(settings) } }),
      ...(logs && { logs: { ...common, url: logsUrl(settings) } }),
    },
    files: {
      ca: settings.OTEL_EXPORTER_OTLP_CERTIFICATE,
      cert: settings.OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE,
      key: settings.OTEL_EXPORTER_OTLP_CLIENT_KEY,
    },
    limits: {
      delayMs: settings.OTEL_BSP_SCHEDULE_DELAY,
      maxQueued: settings.OTEL_BSP_MAX_QUEUE_SIZE,
      maxBatch: settings.OTEL_BSP_MAX_EXPORT_BATCH_SIZE,
    },
    resource: resourceOf(settings, about),
    scope: { name: "inference-gateway", version: about.version },
    tracing: traces ? tracingOptions(settings) : undefined,
  };
}

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
  const { TELEMETRY_TRACING_OTLP_ENDPOINT: own, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: exact } = settings;
  if (exact !== undefined) return exact;
  if (own === undefined) return below(settings.OTEL_EXPORTER_OTLP_ENDPOINT, "/v1/traces");
  return new URL(own).pathname === "/" ? below(own, "/v1/traces") : own;
}

function logsUrl(settings: Settings): string {
  return settings.OTEL_EXPORTER_OTLP_LOGS_ENDPOINT ?? below(settings.OTEL_EXPORTER_OTLP_ENDPOINT, "/v1/logs");
}

/** A path below a base URL, whose query it keeps. */
function below(base = BASE, path: string): string {
  const url = new URL(base);
  url.pathname = url.pathname.replace(/\/$/, "") + path;
  return url.href;
}

/** https://opentelemetry.io/docs/specs/semconv/resource/ */
function resourceOf(settings: Settings, { version, worker }: ExportedAbout) {
  const given = settings.OTEL_RESOURCE_ATTRIBUTES.flatMap((entry) => pairOf(entry) ?? []);
  return {
    "service.name": settings.OTEL_SERVICE_NAME,
    "service.version": version,
    "service.instance.id": crypto.randomUUID(),
    "deployment.environment.name": settings.ENVIRONMENT,
    "process.pid": process.pid,
    ...(worker !== undefined && { "inference_gateway.worker": worker }),
    ...Object.fromEntries(given),
  };
}

/** `name=value` with % codes, in a list of one; undefined if it is none. */
function pairOf(entry: string): [[name: string, value: string]] | undefined {
  const at = entry.indexOf("=");
  const name = entry.slice(0, at).trim();
  if (at < 1 || name === "") return undefined;
  try {
    return [[name, decodeURIComponent(entry.slice(at + 1).trim())]];
  } catch {
    return undefined;
  }
}

const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9a-zA-Z-]+$/;
const HEADER_VALUE = /^[\x20-\x7e\t]*$/;
/** Those that say how a request is framed are the gateway's to send. */
const OWN_HEADERS = /^(?:host|connection|content-(?:length|type|encoding)|transfer-encoding)$/i;

/** What is wrong with how a collector is to be called, one line each, without values. */
export function findOtlpConflicts(settings: Settings): readonly (readonly [broken: boolean, problem: string])[] {
  const { OTEL_TRACES_SAMPLER_ARG: ratio, OTEL_PROPAGATORS: propagators } = settings;
  const endpoints = [
    "TELEMETRY_TRACING_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
  ] as const;
  const isHeader = (entry: string): boolean => {
    const [[name, value] = ["", ""]] = pairOf(entry) ?? [];
    return HEADER_NAME.test(name) && HEADER_VALUE.test(value) && !OWN_HEADERS.test(name);
  };
  const { OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: cert, OTEL_EXPORTER_OTLP_CLIENT_KEY: key } = settings;
  return [
    ...endpoints.map((name): [boolean, string] => [
      !isCollectorUrl(settings[name]),
      `${name} must be an http:// or https:// URL without a user and a password, such as http://localhost:4318`,
    ]),
    [
      !/^(?:0?\.\d+|[01](?:\.0*)?)$/.test(ratio) || Number(ratio) > 1,
      "OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1, such as 0.01",
    ],
    [
      !propagators.every((name) => name === "tracecontext" || name === "baggage") && propagators.join() !== "none",
      "OTEL_PROPAGATORS must list tracecontext or baggage, or be none",
    ],
    [
      !settings.OTEL_RESOURCE_ATTRIBUTES.every((entry) => pairOf(entry)),
      "OTEL_RESOURCE_ATTRIBUTES must list name=value, with % codes as in URLs",
    ],
    [
      !settings.OTEL_EXPORTER_OTLP_HEADERS.every(isHeader),
      "OTEL_EXPORTER_OTLP_HEADERS must list name=value, with % codes as in URLs; host, connection and what says how the body is to be read are not accepted",
    ],
    [
      (cert === undefined) !== (key === undefined),
      "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and OTEL_EXPORTER_OTLP_CLIENT_KEY must be set together",
    ],
    [
      settings.OTEL_BSP_MAX_EXPORT_BATCH_SIZE > settings.OTEL_BSP_MAX_QUEUE_SIZE,
      "OTEL_BSP_MAX_EXPORT_BATCH_SIZE must not be more than OTEL_BSP_MAX_QUEUE_SIZE",
    ],
  ];
}

function isCollectorUrl(text: string | undefined): boolean {
  if (text === undefined) return true;
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return false;
  const { username, password, hash } = new URL(text);
  return username === "" && password === "" && hash === "";
}
