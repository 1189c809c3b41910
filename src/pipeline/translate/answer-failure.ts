import type { Failure } from "../../core/errors.ts";
import { redactionOf } from "../../core/redact/redact.ts";
import type { Format } from "../../formats/format.ts";
import type { AnswerError } from "../../formats/form/answer.ts";
import { nameOverflow } from "../../formats/refusal-reasons.ts";
import { type Provider, secretsOf } from "../../providers/provider.ts";
import { rpcType } from "../../formats/rpc-status.ts";
import { UpstreamError, UpstreamFailure } from "../../upstream/errors.ts";
import { parseRetryAfter } from "../../upstream/response-headers.ts";
import type { UpstreamResponse } from "../../upstream/transport.ts";
import { causeOf, relayedErrorHeaders } from "../attempt/provider-failure.ts";

/** What the types and codes of errors that OpenAI and Anthropic have mean as a status. */
const STATUSES: ReadonlyMap<string, number> = new Map([
  ["invalid_request_error", 400],
  ["authentication_error", 401],
  ["permission_error", 403],
  ["not_found_error", 404],
  ["request_too_large", 413],
  ["rate_limit_error", 429],
  ["rate_limit_exceeded", 429],
  ["insufficient_quota", 429],
  ["timeout_error", 504],
  ["overloaded_error", 529],
  ["context_length_exceeded", 400],
  ["invalid_prompt", 400],
  ["content_policy_violation", 400],
  ["invalid_image", 400],
  ["invalid_image_format", 400],
  ["invalid_base64_image", 400],
  ["invalid_image_url", 400],
  ["image_too_large", 400],
  ["image_parse_error", 400],
  ["image_content_policy_violation", 400],
  ["unsupported_image_media_type", 400],
  ["failed_to_download_image", 400],
  ["invalid_api_key", 401],
  ["model_not_found", 404],
  ["server_is_overloaded", 529],
  ["slow_down", 429],
]);

const UNKNOWN_STATUS = 502;

/** Those that OpenRouter, Google and others have as the code of an error that comes with a good status. */
const REPORTED_STATUSES: ReadonlySet<string> = new Set(
  [400, 401, 402, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503, 504, 529].map(String),
);

function statusOf({ type = "", code = "" }: AnswerError): number {
  const word = String(code);
  return STATUSES.get(type) ?? STATUSES.get(word) ?? (REPORTED_STATUSES.has(word) ? Number(word) : UNKNOWN_STATUS);
}

/** What providers of one API alone mean by these is, to clients of any other, that the provider failed. */
const OWN_STATUSES: ReadonlyMap<number, number> = new Map([
  // Bedrock: the model failed. https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
  [424, UNKNOWN_STATUS],
  // Cohere: the token is not valid any more; the request was given up. https://docs.cohere.com/reference/errors
  [498, UNKNOWN_STATUS],
  [499, UNKNOWN_STATUS],
]);

/** With which providers say that a request is too long; a limit of requests a minute has another status. */
const REFUSALS: ReadonlySet<number> = new Set([400, 413, 422]);

/** Who told an error, and to whom it goes. */
export interface ToldError {
  readonly provider: Provider;
  readonly format: Format;
  /** With which it came, if its headers can still be relayed. */
  readonly response?: Pick<UpstreamResponse, "headers">;
}

/** The failure for an answer that came with a good status and is an error. */
export function answerFailure(error: AnswerError, { provider, format, response }: ToldError): Failure {
  const said = clientsError(error, provider, format);
  const { type, code, message, param, rest } = said;
  const status = statusOf(said);
  const retryAfterMs = response && parseRetryAfter(response.headers, Date.now());
  const reported = new UpstreamError("status", { phase: "body", requestSent: true, status, retryAfterMs });
  const failure = new UpstreamFailure(reported, provider.id, {
    status,
    message,
    ...(response && { headers: relayedErrorHeaders(response, provider) }),
    ...(type !== undefined && { wireType: type }),
    ...(code !== undefined && { wireCode: code }),
    ...(param !== undefined && { param }),
    ...(rest !== undefined && { providerError: rest }),
    ...causeOf(said),
  });
  return inClientsWords(failure, format, {});
}

/** An error as a client of that format may read it: some providers repeat the rejected key. */
export function clientsError(error: AnswerError, provider: Provider, { api }: Format): AnswerError {
  return nameOverflow({ ...error, message: redactionOf(secretsOf(provider))(error.message) }, api);
}

/**
 * A provider's failure for a client of another API. Anthropic's clients know a list of types, and get the one that
 * belongs to the status.
 * @param headers for the response
 */
export function inClientsWords(
  failure: UpstreamFailure,
  { errors, api }: Format,
  headers: Readonly<Record<string, string>>,
): Failure {
  const { wireType, wireCode, ...details } = failure.details;
  const type = rpcType(wireType);
  // Where Google has the name of its status, others have the type; its code is the number of the status once more.
  const code = typeof wireCode === "string" ? wireCode : type && wireType;
  const told = { message: failure.message, type: type ?? wireType, code };
  const named = REFUSALS.has(failure.status) ? nameOverflow(told, api) : told;
  const keepsType = named.type !== undefined && errors?.name !== "anthropic";
  return new UpstreamFailure(failure.error, details.provider ?? "", {
    ...details,
    status: OWN_STATUSES.get(failure.status) ?? failure.status,
    message: named.message,
    ...(keepsType && { wireType: named.type }),
    ...((named.code ?? wireCode) !== undefined && { wireCode: named.code ?? wireCode }),
    headers: { ...details.headers, ...headers },
  });
}
