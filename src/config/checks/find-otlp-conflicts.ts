import { batchSize, pairOf, SIGNALS } from "../otlp-settings.ts";
import type { Settings } from "../settings-table.ts";

const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9a-zA-Z-]+$/;
const HEADER_VALUE = /^[\x20-\x7e\t]*$/;
/** Those that say how a request is framed are the gateway's to send. */
const OWN_HEADERS = /^(?:host|connection|content-(?:length|type|encoding)|transfer-encoding)$/i;

/** What the names of settings begin with that say how collectors are called: all of them, and those of each signal. */
const COLLECTORS = ["OTEL_EXPORTER_OTLP", ...SIGNALS.map((signal) => `OTEL_EXPORTER_OTLP_${signal}` as const)] as const;
type Collector = (typeof COLLECTORS)[number];

type Conflict = readonly [broken: boolean, problem: string];

/** What is wrong with how a collector is to be called, one line each, without values. */
export function findOtlpConflicts(settings: Settings): readonly Conflict[] {
  const { OTEL_TRACES_SAMPLER_ARG: ratio, OTEL_PROPAGATORS: propagators, OTEL_METRICS_EXPORTER: exporters } = settings;
  return [
    endpointConflict(settings, "TELEMETRY_TRACING_OTLP_ENDPOINT"),
    ...COLLECTORS.flatMap((collector) => [
      endpointConflict(settings, `${collector}_ENDPOINT`),
      headersConflict(settings, `${collector}_HEADERS`),
      pairConflict(settings, `${collector}_CLIENT_CERTIFICATE`, `${collector}_CLIENT_KEY`),
    ]),
    [
      exporters.length === 0 || (exporters.includes("none") && exporters.length > 1),
      "OTEL_METRICS_EXPORTER must list prometheus or otlp, or be none",
    ],
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
      batchSize(settings) > settings.OTEL_BSP_MAX_QUEUE_SIZE,
      "OTEL_BSP_MAX_EXPORT_BATCH_SIZE must not be more than OTEL_BSP_MAX_QUEUE_SIZE",
    ],
  ];
}

function endpointConflict(
  settings: Settings,
  name: "TELEMETRY_TRACING_OTLP_ENDPOINT" | `${Collector}_ENDPOINT`,
): Conflict {
  return [
    !isCollectorUrl(settings[name]),
    `${name} must be an http:// or https:// URL without a user and a password, such as http://localhost:4318`,
  ];
}

function headersConflict(settings: Settings, name: `${Collector}_HEADERS`): Conflict {
  return [
    !settings[name].every(isHeader),
    `${name} must list name=value, with % codes as in URLs; host, connection and what says how the body is to be read are not accepted`,
  ];
}

function isHeader(entry: string): boolean {
  const [[name, value] = ["", ""]] = pairOf(entry) ?? [];
  return HEADER_NAME.test(name) && HEADER_VALUE.test(value) && !OWN_HEADERS.test(name);
}

function pairConflict(
  settings: Settings,
  cert: `${Collector}_CLIENT_CERTIFICATE`,
  key: `${Collector}_CLIENT_KEY`,
): Conflict {
  return [(settings[cert] === undefined) !== (settings[key] === undefined), `${cert} and ${key} must be set together`];
}

function isCollectorUrl(text: string | undefined): boolean {
  if (text === undefined) return true;
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return false;
  const { username, password, hash } = new URL(text);
  return username === "" && password === "" && hash === "";
}
