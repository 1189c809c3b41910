import { FAILURES, type Failure, type FailureCode } from "../core/errors.ts";
import { googleError, googleStatus } from "./google-error.ts";

/** The shapes in which clients read an error. */
export type ErrorEnvelopeName = "simple" | "openai" | "anthropic" | "google";

/** What `ERROR_FORMAT` says; with `auto` it is `openai` for clients that read nothing else. */
export type ErrorFormat = "auto" | "simple" | "openai";

/** How clients of one kind read an error: the whole way from a failure to what is sent, decided nowhere else. */
export interface ErrorEnvelope {
  readonly name: ErrorEnvelopeName;
  /** The HTTP status with which they are sent. */
  status(failure: Failure): number;
  /** The body, as JSON text. */
  body(failure: Failure, requestId: string): string;
  /** The headers of the response to a request that failed before its answer began. */
  headers(failure: Failure, requestId: string): Record<string, string>;
}

/** What an error is called by in `type`, `code` and `param`; a provider's own words, if it said any, go first. */
function wireMembers({ code, details }: Failure) {
  return {
    type: details.wireType ?? FAILURES[code].type,
    code: details.wireCode === undefined ? code : details.wireCode,
    param: details.param ?? null,
    provider_error: details.providerError,
    attempts: details.attempts,
  };
}

const statusOf = (failure: Failure): number => failure.status;

/** Names the provider whose error it is: without it, an error is the gateway's own, even if a provider had a part in it. */
export const PROVIDER_HEADER = "x-gateway-provider";

const headersOf = ({ code, details }: Failure, requestId: string): Record<string, string> => ({
  ...details.headers,
  ...(code === "provider_error" && details.provider !== undefined && { [PROVIDER_HEADER]: details.provider }),
  "content-type": "application/json",
  "x-request-id": requestId,
});

/** The gateway's own: `{error: "…"}` with what more is known beside it. */
const SIMPLE: ErrorEnvelope = {
  name: "simple",
  status: statusOf,
  body(failure, requestId) {
    const { type, code, param, provider_error, attempts } = wireMembers(failure);
    return JSON.stringify({
      error: failure.message,
      type,
      code: code ?? undefined,
      param: param ?? undefined,
      provider: failure.details.provider,
      provider_error,
      attempts,
      request_id: requestId,
    });
  },
  headers: headersOf,
};

/** OpenAI's. https://platform.openai.com/docs/guides/error-codes */
const OPENAI: ErrorEnvelope = {
  name: "openai",
  status: statusOf,
  body(failure) {
    const { type, code, param, provider_error, attempts } = wireMembers(failure);
    return JSON.stringify({ error: { message: failure.message, type, param, code, provider_error, attempts } });
  },
  headers: headersOf,
};

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

/** Their status of a server that has too much to do. */
const ANTHROPIC_OVERLOADED = 529;

/** The failures of a gateway that has too much to do. */
const OVERLOADS: ReadonlySet<FailureCode> = new Set<FailureCode>(["overloaded", "memory_exhausted"]);

/** Where Anthropic's clients look for the id of a request. https://docs.anthropic.com/en/api/errors#request-id */
export const ANTHROPIC_REQUEST_ID = "request-id";

/** Anthropic's. https://docs.anthropic.com/en/api/errors */
const ANTHROPIC: ErrorEnvelope = {
  name: "anthropic",
  status: anthropicStatus,
  body: (failure, requestId) =>
    JSON.stringify({
      type: "error",
      error: {
        type: anthropicType(failure),
        message: failure.message,
        provider_error: anthropicRest(failure),
        attempts: failure.details.attempts,
      },
      request_id: requestId,
    }),
  // The provider's own, if it has one, wins.
  headers: (failure, requestId) => ({ [ANTHROPIC_REQUEST_ID]: requestId, ...headersOf(failure, requestId) }),
};

function anthropicStatus({ code, status }: Failure): number {
  return OVERLOADS.has(code) ? ANTHROPIC_OVERLOADED : status;
}

/** This envelope has no place of its own for a code and a param. */
function anthropicRest({ code, details }: Failure): object | undefined {
  if (code !== "provider_error") return undefined;
  const { wireCode, param, providerError } = details;
  const rest = { ...(wireCode != null && { code: wireCode }), ...(param != null && { param }), ...providerError };
  return Object.keys(rest).length > 0 ? rest : undefined;
}

function anthropicType(failure: Failure): string {
  if (failure.code === "messages_not_supported") return "not_supported_error";
  // What answers these routes speaks Anthropic's vocabulary itself.
  if (failure.details.wireType !== undefined) return failure.details.wireType;
  const known = ANTHROPIC_TYPES[anthropicStatus(failure)];
  return known ?? (failure.status < 500 ? "invalid_request_error" : "api_error");
}

/** Google's. https://cloud.google.com/apis/design/errors */
const GOOGLE: ErrorEnvelope = {
  name: "google",
  status: googleStatus,
  body: (failure, requestId) => JSON.stringify(googleError(failure, requestId)),
  headers: headersOf,
};

/** Every shape of an error. A format with its own shape names it; all other routes use what `ERROR_FORMAT` says. */
export const ERROR_ENVELOPES: Readonly<Record<ErrorEnvelopeName, ErrorEnvelope>> = {
  simple: SIMPLE,
  openai: OPENAI,
  anthropic: ANTHROPIC,
  google: GOOGLE,
};
