import type { Family } from "./family.ts";

const powers = (first: number, factor: number, count: number): readonly number[] =>
  // No sum or product of fractions, which would show: 0.16 and not 0.16000000000000003.
  Array.from({ length: count }, (_, index) => Number((first * factor ** index).toPrecision(12)));

/** Seconds, as the GenAI conventions of OpenTelemetry have them: 0.01 to 81.92. */
const DURATION_BUCKETS = powers(0.01, 2, 14);

/** Tokens, as they have them: 1 to 67,108,864. */
const TOKEN_BUCKETS = powers(1, 4, 14);

/** Seconds of the gateway's own work, which takes less than a provider: 0.1 ms to 0.8 s. */
const OVERHEAD_BUCKETS = powers(0.0001, 2, 14);

/** What all series say of a model's answer. */
const MODEL_LABELS = [
  ...(["source", "team", "gen_ai_operation_name", "gen_ai_provider_name"] as const),
  ...(["gen_ai_request_model", "gen_ai_response_model"] as const),
] as const;

const WITH_ERROR = [...MODEL_LABELS, "error_type"] as const;

const duration = (name: string, help: string, labels: readonly string[] = WITH_ERROR): Family => ({
  name: `${name}_seconds`,
  kind: "histogram",
  unit: "seconds",
  buckets: DURATION_BUCKETS,
  help,
  labels,
});

const TOOL_LABELS = [...WITH_ERROR, "gen_ai_tool_name", "gen_ai_tool_type"] as const;

/**
 * Every family, in the order in which they are shown. Those that begin with `gen_ai_` are the ones of
 * https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-metrics/
 */
export const FAMILIES = {
  tokenUsage: {
    name: "gen_ai_client_token_usage",
    kind: "histogram",
    buckets: TOKEN_BUCKETS,
    help: "Tokens of one request, by type; cache_read and cache_creation are parts of input, reasoning is one of output.",
    labels: [...MODEL_LABELS, "gen_ai_token_type"],
  },
  requestDuration: duration("gen_ai_server_request_duration", "From the request to the end of its answer."),
  timeToFirstToken: duration(
    "gen_ai_server_time_to_first_token",
    "From the request to the first byte of a streamed answer.",
    MODEL_LABELS,
  ),
  timePerOutputToken: duration(
    "gen_ai_server_time_per_output_token",
    "Of a streamed answer, for each token after the first.",
    MODEL_LABELS,
  ),
  operationDuration: duration(
    "gen_ai_client_operation_duration",
    "One call of a provider, from its beginning to the end of its answer.",
  ),
  timeToFirstChunk: duration(
    "gen_ai_client_operation_time_to_first_chunk",
    "From the beginning of a call of a provider to the first byte of a streamed answer.",
    MODEL_LABELS,
  ),
  toolDuration: duration("gen_ai_execute_tool_duration", "One call of a tool that the gateway ran.", TOOL_LABELS),
  toolCalls: {
    name: "inference_gateway_tool_calls_total",
    kind: "counter",
    help: "Calls of tools that the gateway ran.",
    labels: TOOL_LABELS,
  },
  guardrails: {
    name: "inference_gateway_guardrails_total",
    kind: "counter",
    help: "Decisions of guardrails, by when they were made and what was decided, as those say who push metrics.",
    labels: [...WITH_ERROR, "phase", "action"],
  },
  requests: {
    name: "inference_gateway_requests_total",
    kind: "counter",
    help: "Requests that are over, by route, by how they ended and by the status of the answer.",
    labels: ["route", "outcome", "status"],
  },
  requestsInFlight: {
    name: "inference_gateway_requests_in_flight",
    kind: "gauge",
    help: "Requests that are not over.",
    labels: [],
  },
  overhead: {
    name: "inference_gateway_overhead_seconds",
    kind: "histogram",
    unit: "seconds",
    buckets: OVERHEAD_BUCKETS,
    help: "Of a request, the time that was not spent waiting for its client, a provider, a tool or a queue.",
    labels: ["route"],
  },
  cost: {
    name: "inference_gateway_cost_usd_total",
    kind: "counter",
    help: "What requests cost, in US dollars, as far as their price is known and cost is computed (COST_ENABLED).",
    labels: MODEL_LABELS,
  },
  unpriced: {
    name: "inference_gateway_unpriced_requests_total",
    kind: "counter",
    help: "Requests whose cost is not known, because nobody says a price, while cost is computed.",
    labels: MODEL_LABELS,
  },
  attempts: {
    name: "inference_gateway_attempts_total",
    kind: "counter",
    help: "Calls of providers, by why they were made: first, retry, fallback, hedge, or step after tools.",
    labels: ["gen_ai_provider_name", "gen_ai_response_model", "kind", "error_type"],
  },
  deployments: {
    name: "inference_gateway_deployments",
    kind: "gauge",
    help: "Deployments of a model of the gateway's own, by the state of their circuit; each process has circuits of its own.",
    labels: ["gen_ai_request_model", "deployment", "state"],
  },
  queueLength: {
    name: "inference_gateway_queue_length",
    kind: "gauge",
    help: "Requests that wait for room at the deployments of a model.",
    labels: ["gen_ai_request_model"],
  },
  queueWait: duration("inference_gateway_queue_wait", "How long a request waited for room, if it had to.", [
    "gen_ai_request_model",
  ]),
  upstreamConnections: {
    name: "inference_gateway_upstream_connections",
    kind: "gauge",
    help: "Connections to providers: active ones, which carry a call, and idle ones, which are kept. Of the runtime's fetch only active ones are known.",
    labels: ["state"],
  },
  upstreamConnectionsOpened: {
    name: "inference_gateway_upstream_connections_opened_total",
    kind: "counter",
    help: "Connections to providers that were opened. Those of the runtime's fetch are not known.",
    labels: [],
  },
  logLinesDropped: {
    name: "inference_gateway_log_lines_dropped_total",
    kind: "counter",
    help: "Log lines that were lost, because standard output did not take them.",
    labels: [],
  },
  telemetryDropped: {
    name: "inference_gateway_telemetry_dropped_total",
    kind: "counter",
    help: "Spans and log lines that did not get to their collector, and rows and contents of the request history that were lost.",
    labels: ["signal"],
  },
  eventLoopDelay: {
    name: "inference_gateway_event_loop_delay_seconds",
    kind: "histogram",
    unit: "seconds",
    buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5],
    help: "How late a timer was that is set twice a second.",
    labels: [],
  },
  residentMemory: {
    name: "process_resident_memory_bytes",
    kind: "gauge",
    unit: "bytes",
    help: "Memory of a process; with workers, worker 0 is the one that holds them together.",
    labels: ["worker"],
  },
  cpuSeconds: {
    name: "process_cpu_seconds_total",
    kind: "counter",
    unit: "seconds",
    help: "Processor time of user and system, of all processes together.",
    labels: [],
  },
  startTime: {
    name: "process_start_time_seconds",
    kind: "gauge",
    unit: "seconds",
    help: "When a process was started, in seconds since the epoch.",
    labels: ["worker"],
  },
} as const satisfies Record<string, Family>;

export type FamilyName = keyof typeof FAMILIES;

/** Every family with its name here. */
export const FAMILY_ROWS = Object.entries(FAMILIES) as readonly (readonly [FamilyName, Family])[];
