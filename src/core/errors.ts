import type { AttemptSummary } from "./attempt-summary.ts";

/** What is in the `type` member of an error body: the vocabulary of OpenAI's API. */
type FailureType =
  | "invalid_request_error"
  | "authentication_error"
  | "permission_error"
  | "not_found_error"
  | "not_supported_error"
  | "rate_limit_error"
  | "overloaded_error"
  | "upstream_error"
  | "timeout_error"
  | "api_error";

interface FailureKind {
  readonly status: number;
  readonly type: FailureType;
  readonly message: string;
}

/** Every way in which a request can fail inside the gateway, with its status and words, by the `code` that clients see. */
export const FAILURES = {
  invalid_request: { status: 400, type: "invalid_request_error", message: "Invalid request" },
  malformed_body: { status: 400, type: "invalid_request_error", message: "Failed to decode request" },
  body_too_complex: {
    status: 400,
    type: "invalid_request_error",
    message: "The request body is nested too deeply or holds too many values",
  },
  body_interrupted: { status: 400, type: "invalid_request_error", message: "The request body ended early" },
  unsupported_encoding: {
    status: 415,
    type: "invalid_request_error",
    message: "Unsupported Content-Encoding",
  },
  unsupported_media_type: {
    status: 415,
    type: "invalid_request_error",
    message: "The body must be JSON. Send the header Content-Type: application/json",
  },
  body_too_large: { status: 413, type: "invalid_request_error", message: "Request body too large" },
  url_too_long: { status: 414, type: "invalid_request_error", message: "The URL is too long" },
  route_not_found: { status: 404, type: "not_found_error", message: "Requested route is not found" },
  method_not_allowed: { status: 405, type: "invalid_request_error", message: "Method not allowed" },
  websocket_not_supported: {
    status: 426,
    type: "not_supported_error",
    message: "WebSocket is not offered here. Send the request over HTTP",
  },
  model_not_found: { status: 404, type: "not_found_error", message: "Model not found" },
  origin_not_allowed: {
    status: 403,
    type: "permission_error",
    message: "Web pages of other origins may not use this gateway",
  },
  host_not_allowed: {
    status: 403,
    type: "permission_error",
    message: "The Host header names no address of this gateway",
  },
  unauthorized: { status: 401, type: "authentication_error", message: "unauthorized" },
  authentication_unavailable: {
    status: 503,
    type: "overloaded_error",
    message: "Authentication is not available at the moment",
  },
  provider_not_found: {
    status: 400,
    type: "invalid_request_error",
    message: "Provider not found. Please check the list of supported providers.",
  },
  provider_key_missing: {
    status: 400,
    type: "invalid_request_error",
    message: "Provider requires an API key. Please configure the provider's API key.",
  },
  provider_undetermined: {
    status: 400,
    type: "invalid_request_error",
    message:
      "Unable to determine provider for model. Please specify a provider using the ?provider= query parameter or use the provider/model format (e.g., openai/gpt-4).",
  },
  model_lists_incomplete: {
    status: 503,
    type: "overloaded_error",
    message: "The models of some providers are not known yet, so that a model cannot be found by its name alone.",
  },
  model_not_allowed: {
    status: 403,
    type: "permission_error",
    message: "Model not allowed. Please check the list of allowed models.",
  },
  model_disallowed: {
    status: 403,
    type: "permission_error",
    message: "Model is disallowed. Please use a different model.",
  },
  model_unidentified: {
    status: 403,
    type: "permission_error",
    message:
      "No model was found in this request, while only some models may be used (ALLOWED_MODELS, DISALLOWED_MODELS). PROXY_WITHOUT_MODEL=allow lets such requests pass.",
  },
  vision_disabled: {
    status: 400,
    type: "invalid_request_error",
    message: "Vision support is disabled. Set ENABLE_VISION=true to accept image content.",
  },
  chat_not_supported: {
    status: 400,
    type: "not_supported_error",
    message: "The Chat Completions API is not supported by this provider.",
  },
  completions_not_supported: {
    status: 400,
    type: "not_supported_error",
    message: "The Completions API is not supported by this provider. Use /v1/chat/completions instead.",
  },
  messages_not_supported: {
    status: 400,
    type: "not_supported_error",
    message: "The Messages API is not supported by this provider yet.",
  },
  responses_not_supported: {
    status: 400,
    type: "not_supported_error",
    message: "The Responses API is not supported by this provider yet.",
  },
  generate_not_supported: {
    status: 400,
    type: "not_supported_error",
    message: "Gemini's API is not supported by this provider yet.",
  },
  embeddings_not_supported: {
    status: 400,
    type: "not_supported_error",
    message: "The Embeddings API is not supported by this provider yet.",
  },
  request_not_found: { status: 404, type: "not_found_error", message: "No row of GET /v1/requests has this id" },
  history_unavailable: { status: 503, type: "overloaded_error", message: "The request history does not answer" },
  previous_response_not_found: { status: 400, type: "invalid_request_error", message: "Previous response not found" },
  response_not_found: { status: 404, type: "invalid_request_error", message: "Response not found" },
  item_not_found: { status: 404, type: "invalid_request_error", message: "Item not found" },
  response_store_unavailable: {
    status: 503,
    type: "overloaded_error",
    message: "The store of responses cannot be asked at the moment (RESPONSES_STORE)",
  },
  unsupported_parameter: { status: 400, type: "invalid_request_error", message: "Not possible at this provider" },
  mcp_not_exposed: { status: 403, type: "permission_error", message: "mcp tools endpoint is not exposed" },
  metrics_push_disabled: { status: 403, type: "permission_error", message: "Metrics push is not enabled" },
  path_not_allowed: { status: 400, type: "invalid_request_error", message: "Path is not allowed" },
  provider_error: { status: 502, type: "upstream_error", message: "The provider answered with an error" },
  provider_credentials_invalid: { status: 502, type: "upstream_error", message: "The gateway lacks valid credentials" },
  provider_credentials_unavailable: { status: 503, type: "overloaded_error", message: "No credentials at the moment" },
  upstream_unreachable: { status: 502, type: "upstream_error", message: "Failed to reach upstream server" },
  upstream_dns_failure: {
    status: 502,
    type: "upstream_error",
    message: "Failed to reach upstream server: its host name could not be resolved",
  },
  upstream_tls_failure: {
    status: 502,
    type: "upstream_error",
    message: "Failed to reach upstream server: the TLS connection could not be established",
  },
  client_stalled: { status: 408, type: "timeout_error", message: "The client did not read its answer for too long" },
  upstream_reset: {
    status: 502,
    type: "upstream_error",
    message: "The upstream server closed the connection before its answer was complete",
  },
  upstream_invalid_response: {
    status: 502,
    type: "upstream_error",
    message: "The upstream server sent an invalid response",
  },
  upstream_empty_response: {
    status: 502,
    type: "upstream_error",
    message: "The upstream server sent an empty response",
  },
  upstream_redirect: {
    status: 502,
    type: "upstream_error",
    message: "The upstream server answered with a redirect, which is not followed",
  },
  proxy_unreachable: {
    status: 502,
    type: "upstream_error",
    message: "Failed to reach the egress proxy (CLIENT_PROXY)",
  },
  proxy_refused: {
    status: 502,
    type: "upstream_error",
    message: "The egress proxy (CLIENT_PROXY) did not let the request through to the upstream server",
  },
  models_failed: { status: 502, type: "upstream_error", message: "Failed to list models" },
  models_timeout: { status: 504, type: "timeout_error", message: "Request timed out" },
  connect_timeout: {
    status: 504,
    type: "timeout_error",
    message: "The upstream server did not accept a connection in time (CLIENT_CONNECT_TIMEOUT)",
  },
  response_header_timeout: {
    status: 504,
    type: "timeout_error",
    message: "The upstream server did not begin its answer in time (CLIENT_RESPONSE_HEADER_TIMEOUT)",
  },
  total_timeout: {
    status: 504,
    type: "timeout_error",
    message: "The upstream server did not complete its answer in time (CLIENT_TIMEOUT)",
  },
  stream_idle_timeout: {
    status: 504,
    type: "timeout_error",
    message: "The upstream server sent nothing for too long (CLIENT_STREAM_IDLE_TIMEOUT)",
  },
  first_token_timeout: {
    status: 504,
    type: "timeout_error",
    message: "The upstream server sent no content in time (timeouts.first_token)",
  },
  request_timeout: { status: 504, type: "timeout_error", message: "The request was not answered in time" },
  at_limit: { status: 429, type: "rate_limit_error", message: "All deployments of this model are at their limits" },
  queue_full: { status: 429, type: "rate_limit_error", message: "The queue of this model is full" },
  queue_timeout: { status: 429, type: "rate_limit_error", message: "The request waited too long in the model's queue" },
  deployments_cooling: { status: 503, type: "overloaded_error", message: "All deployments of this model are cooling" },
  answered_elsewhere: { status: 499, type: "api_error", message: "Another deployment answered first" },
  client_gone: { status: 499, type: "invalid_request_error", message: "The client closed the connection" },
  overloaded: {
    status: 503,
    type: "overloaded_error",
    message: "The gateway is at its limit of simultaneous requests",
  },
  memory_exhausted: {
    status: 503,
    type: "overloaded_error",
    message: "The gateway holds as much of requests and answers as it may at the moment (SERVER_MAX_BUFFERED_BYTES)",
  },
  shutting_down: { status: 503, type: "overloaded_error", message: "The gateway is shutting down" },
  internal: { status: 500, type: "api_error", message: "Internal server error" },
} as const satisfies Record<string, FailureKind>;

export type FailureCode = keyof typeof FAILURES;

/** What may be said beyond the row of {@link FAILURES}; everything here except `asked` and `cause` reaches the client. */
export interface FailureDetails {
  /** Replaces the row's message. */
  readonly message?: string;
  /** Replaces the row's status, e.g. with the provider's own. */
  readonly status?: number;
  /** Replace what the error body says in `type` and `code`, e.g. with the provider's own words. */
  readonly wireType?: string;
  readonly wireCode?: string | number | null;
  /** Path of the request member that is at fault. */
  readonly param?: string | null;
  /** Id of the provider that was asked. */
  readonly provider?: string;
  /** What was asked for, if it failed before a provider was chosen; goes to the log only. */
  readonly asked?: { readonly provider?: string | undefined; readonly model?: string | undefined };
  /** What else the provider said of its error, as members of a JSON object, with its secrets masked. */
  readonly providerError?: Readonly<Record<string, unknown>>;
  /** Response headers that belong to this failure, such as `retry-after` or `allow`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** What was asked for a name of the gateway's own, in this order. */
  readonly attempts?: readonly AttemptSummary[];
  /** What went wrong underneath; goes to the log, never to the client. */
  readonly cause?: unknown;
}

/** The one error type inside the gateway; rendered for the client by `formats/error-body.ts`. */
export class Failure extends Error {
  readonly code: FailureCode;
  readonly status: number;
  readonly details: FailureDetails;

  constructor(code: FailureCode, details: FailureDetails = {}) {
    super(details.message ?? FAILURES[code].message, { cause: details.cause });
    this.name = "Failure";
    this.code = code;
    this.status = details.status ?? FAILURES[code].status;
    this.details = details;
  }
}

/** Whatever was thrown, as a {@link Failure}; the unforeseen becomes `internal` with the original as `cause`. */
export const toFailure = (thrown: unknown): Failure =>
  thrown instanceof Failure ? thrown : new Failure("internal", { cause: thrown });

/** A setting that only shows to be bad when it is used, such as the path of a file; the message is one line for the operator. */
export class SettingError extends Error {
  /** @param setting the variable's name, as the operator wrote it */
  constructor(setting: string, reason: string) {
    super(`${setting} is not accepted: ${reason}`);
    this.name = "SettingError";
  }
}
