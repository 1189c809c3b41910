import { FAILURES, type Failure, type FailureCode } from "../core/errors.ts";

/** The three shapes in which clients read an error. */
export type ErrorEnvelope = "simple" | "openai" | "anthropic";

/** What Anthropic's clients know, by status. https://docs.anthropic.com/en/api/errors */
const ANTHROPIC_TYPES: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  403: "permission_error",
  404: "not_found_error",
  413: "request_too_large",
  429: "rate_limit_error",
  529: "overloaded_error",
};

/** Anthropic's clients know a status of its own for a server with too much to do. https://docs.anthropic.com/en/api/errors */
const ANTHROPIC_OVERLOADED = 529;

const OVERLOADS: ReadonlySet<FailureCode> = new Set<FailureCode>(["overloaded", "memory_exhausted"]);

/** The status with which clients of an envelope are told of a failure. */
export const failureStatus = ({ code, status }: Failure, envelope: ErrorEnvelope): number =>
  envelope === "anthropic" && OVERLOADS.has(code) ? ANTHROPIC_OVERLOADED : status;

/** The error body of a failure, as JSON text. */
export const renderFailureBody = (failure: Failure, envelope: ErrorEnvelope, requestId: string): string => {
  const { details, message } = failure;
  const type = details.wireType ?? FAILURES[failure.code].type;
  const code = details.wireCode === undefined ? failure.code : details.wireCode;
  const param = details.param ?? null;
  switch (envelope) {
    case "simple":
      return JSON.stringify({
        error: message,
        type,
        code: code ?? undefined,
        param: param ?? undefined,
        provider: details.provider,
        request_id: requestId,
      });
    case "openai":
      return JSON.stringify({ error: { message, type, param, code } });
    case "anthropic":
      return JSON.stringify({
        type: "error",
        error: { type: anthropicType(failure), message },
        request_id: requestId,
      });
  }
};

/** The headers of the response to a request that failed before its answer began. */
export const failureHeaders = (
  failure: Failure,
  envelope: ErrorEnvelope,
  requestId: string,
): Record<string, string> => ({
  // Where Anthropic's clients look for the id; the provider's own, where it has one, wins.
  ...(envelope === "anthropic" && { "request-id": requestId }),
  ...failure.details.headers,
  "content-type": "application/json",
  "x-request-id": requestId,
});

const anthropicType = (failure: Failure): string => {
  if (failure.code === "messages_not_supported") return "not_supported_error";
  // What answers these routes speaks Anthropic's vocabulary itself.
  if (failure.details.wireType !== undefined) return failure.details.wireType;
  return (
    ANTHROPIC_TYPES[failureStatus(failure, "anthropic")] ??
    (failure.status < 500 ? "invalid_request_error" : "api_error")
  );
};
