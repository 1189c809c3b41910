import type { Failure } from "../../core/errors.ts";
import { redactionOf } from "../../core/redact/redact.ts";
import type { Format } from "../../formats/format.ts";
import type { AnswerError } from "../../formats/form/answer.ts";
import type { Provider } from "../../providers/provider.ts";
import { UpstreamError, UpstreamFailure } from "../../upstream/errors.ts";

/** What the types of errors that OpenAI and Anthropic have mean as a status. Of any other, nothing is known. */
const STATUSES: Readonly<Record<string, number>> = {
  invalid_request_error: 400,
  authentication_error: 401,
  permission_error: 403,
  not_found_error: 404,
  request_too_large: 413,
  rate_limit_error: 429,
  rate_limit_exceeded: 429,
  insufficient_quota: 429,
  timeout_error: 504,
  overloaded_error: 529,
};

const UNKNOWN_STATUS = 502;

/** The failure for an answer that came with a good status and is an error. */
export function answerFailure(error: AnswerError, provider: Provider, format: Format): Failure {
  const { type, code, message } = redactAnswerError(error, provider);
  const status = STATUSES[type ?? ""] ?? STATUSES[code ?? ""] ?? UNKNOWN_STATUS;
  const failure = new UpstreamFailure(
    new UpstreamError("status", { phase: "body", requestSent: true, status }),
    provider.id,
    {
      status,
      message,
      ...(type !== undefined && { wireType: type }),
      ...(code !== undefined && { wireCode: code }),
    },
  );
  return inClientsWords(failure, format, {});
}

/** Some providers repeat the rejected key. */
export function redactAnswerError(error: AnswerError, provider: Provider): AnswerError {
  return { ...error, message: redactionOf(provider.secrets)(error.message) };
}

/**
 * A provider's failure for a client of another API. Anthropic's clients know a list of types, and get the one that
 * belongs to the status.
 * @param headers for the response
 */
export function inClientsWords(
  failure: UpstreamFailure,
  { errors }: Format,
  headers: Readonly<Record<string, string>>,
): Failure {
  const { wireType, ...details } = failure.details;
  const keepsType = wireType !== undefined && errors?.name !== "anthropic";
  return new UpstreamFailure(failure.error, details.provider ?? "", {
    ...details,
    ...(keepsType && { wireType }),
    headers: { ...details.headers, ...headers },
  });
}
