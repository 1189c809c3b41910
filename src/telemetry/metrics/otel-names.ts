import type { FamilyName } from "./families.ts";

/** What OpenTelemetry calls each family, and its unit (https://ucum.org), if it has one. */
export const OTEL_METRICS = {
  tokenUsage: ["gen_ai.client.token.usage", "{token}"],
  requestDuration: ["gen_ai.server.request.duration", "s"],
  timeToFirstToken: ["gen_ai.server.time_to_first_token", "s"],
  timePerOutputToken: ["gen_ai.server.time_per_output_token", "s"],
  operationDuration: ["gen_ai.client.operation.duration", "s"],
  timeToFirstChunk: ["gen_ai.client.operation.time_to_first_chunk", "s"],
  toolDuration: ["gen_ai.execute_tool.duration", "s"],
  toolCalls: ["inference_gateway.tool_calls", "{call}"],
  guardrails: ["inference_gateway.guardrails", "{decision}"],
  requests: ["inference_gateway.requests", "{request}"],
  requestsInFlight: ["inference_gateway.requests.in_flight", "{request}"],
  overhead: ["inference_gateway.overhead", "s"],
  cost: ["inference_gateway.cost", "USD"],
  unpriced: ["inference_gateway.unpriced_requests", "{request}"],
  attempts: ["inference_gateway.attempts", "{attempt}"],
  deployments: ["inference_gateway.deployments", "{deployment}"],
  queueLength: ["inference_gateway.queue.length", "{request}"],
  queueWait: ["inference_gateway.queue.wait", "s"],
  upstreamConnections: ["inference_gateway.upstream.connections", "{connection}"],
  upstreamConnectionsOpened: ["inference_gateway.upstream.connections.opened", "{connection}"],
  logLinesDropped: ["inference_gateway.log_lines.dropped", "{line}"],
  telemetryDropped: ["inference_gateway.telemetry.dropped", "{item}"],
  eventLoopDelay: ["inference_gateway.event_loop.delay", "s"],
  residentMemory: ["process.memory.usage", "By"],
  cpuSeconds: ["process.cpu.time", "s"],
  startTime: ["process.start_time", "s"],
} as const satisfies Record<FamilyName, readonly [name: string, unit: string]>;

/** Labels whose attributes have dots in their names; all others are called the same. */
const ATTRIBUTES: Readonly<Record<string, string>> = {
  gen_ai_operation_name: "gen_ai.operation.name",
  gen_ai_provider_name: "gen_ai.provider.name",
  gen_ai_request_model: "gen_ai.request.model",
  gen_ai_response_model: "gen_ai.response.model",
  gen_ai_token_type: "gen_ai.token.type",
  gen_ai_tool_name: "gen_ai.tool.name",
  gen_ai_tool_type: "gen_ai.tool.type",
  error_type: "error.type",
};

/** The attribute that says in OpenTelemetry what a label says. */
export const attributeOf = (label: string): string => ATTRIBUTES[label] ?? label;
