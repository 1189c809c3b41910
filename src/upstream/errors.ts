import { errorWordOf } from "../core/error-code.ts";
import { Failure, FAILURES, type FailureCode, type FailureDetails } from "../core/errors.ts";
import { CredentialError } from "../providers/credentials/credential-error.ts";

/**
 * How far a call had come when it failed: looking up the name, connecting, TLS, sending the request, waiting for the
 * header, for the first byte of the body, for the rest of it.
 */
export type UpstreamPhase = "dns" | "connect" | "tls" | "send" | "header" | "first-token" | "body";

/** What a fault means for the client. */
interface FaultMeaning {
  readonly code: FailureCode;
  /** Replaces the code's own message. */
  readonly message?: string;
  /** See {@link UpstreamError.retryable}. */
  readonly retryable: boolean;
}

/** Everything that can be wrong with a call to an endpoint, and what clients read of it. */
const FAULTS = {
  /** Faults of a credential that is made for each request, or renewed: nothing was sent. */
  credentials_invalid: { code: "provider_credentials_invalid", retryable: false },
  credentials_unavailable: { code: "provider_credentials_unavailable", retryable: true },
  unreachable: { code: "upstream_unreachable", retryable: true },
  name_unknown: { code: "upstream_dns_failure", retryable: true },
  tls: { code: "upstream_tls_failure", retryable: false },
  /** TLS failed with a server that is to be spoken to over HTTP/2: one that does not offer it may refuse the handshake so. */
  http2_unavailable: {
    code: "upstream_tls_failure",
    message: "Failed to reach upstream server over HTTP/2 (<ID>_HTTP2): it may not offer it",
    retryable: false,
  },
  proxy_unreachable: { code: "proxy_unreachable", retryable: true },
  proxy_refused: { code: "proxy_refused", retryable: false },
  reset: { code: "upstream_reset", retryable: true },
  invalid_response: { code: "upstream_invalid_response", retryable: true },
  invalid_header: {
    code: "invalid_request",
    message: "A header of the request cannot be sent to the provider",
    retryable: false,
  },
  invalid_method: {
    code: "invalid_request",
    message: "The method of the request cannot be sent to the provider",
    retryable: false,
  },
  /** The request's body did not come as it was announced. */
  upload: { code: "body_interrupted", retryable: false },
  redirect: { code: "upstream_redirect", retryable: false },
  /** Whether asking again helps depends on the status. */
  status: { code: "provider_error", retryable: false },
  connect_timeout: { code: "connect_timeout", retryable: true },
  response_header_timeout: { code: "response_header_timeout", retryable: true },
  first_token_timeout: { code: "first_token_timeout", retryable: true },
  total_timeout: { code: "total_timeout", retryable: true },
  stream_total_timeout: {
    code: "total_timeout",
    message: "The upstream server did not complete its stream in time (CLIENT_STREAM_TIMEOUT)",
    retryable: true,
  },
  stream_idle_timeout: { code: "stream_idle_timeout", retryable: true },
} as const satisfies Record<string, FaultMeaning>;

export type UpstreamFault = keyof typeof FAULTS;

/** What is known of a failed call beside its fault. */
export interface UpstreamErrorFacts {
  /** The system's, the runtime's or this directory's own word for it, which goes to the log; the fault unless given. */
  readonly code?: string;
  readonly phase: UpstreamPhase;
  readonly requestSent: boolean;
  /** Of an answer that is an error. */
  readonly status?: number;
  /** When the server wants to be asked again, in milliseconds from its answer. */
  readonly retryAfterMs?: number | undefined;
}

/** A call to an endpoint that failed. Its message is its code alone: what was on the wire may hold secrets. */
export class UpstreamError extends Error {
  readonly fault: UpstreamFault;
  readonly code: string;
  readonly phase: UpstreamPhase;
  /** Some of the request may have reached the server, which may have begun to act on it. False: certainly nothing has. */
  readonly requestSent: boolean;
  readonly status: number | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(fault: UpstreamFault, { code = fault, phase, requestSent, status, retryAfterMs }: UpstreamErrorFacts) {
    super(code);
    this.name = "UpstreamError";
    this.fault = fault;
    this.code = code;
    this.phase = phase;
    this.requestSent = requestSent;
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }

  /**
   * The same request may fare better if the same endpoint is asked again. Whether that is safe is another question, which
   * {@link requestSent} answers.
   */
  get retryable(): boolean {
    return this.status === undefined ? FAULTS[this.fault].retryable : isRetryableStatus(this.status);
  }
}

/** Those with which the official clients of OpenAI and Anthropic ask again. */
function isRetryableStatus(status: number): boolean {
  return status === 408 || status === 409 || status === 429 || status >= 500;
}

/** What the client reads of a failed call, with what is known of it for whoever might ask again. */
export class UpstreamFailure extends Failure {
  readonly error: UpstreamError;

  /**
   * @param endpointId named to the client
   * @param details said beyond the meaning of the fault, or in its place
   */
  constructor(error: UpstreamError, endpointId: string, details: FailureDetails = {}) {
    const { code, message }: FaultMeaning = FAULTS[error.fault];
    super(code, {
      provider: endpointId,
      ...(error.code !== error.fault && { cause: error.code }),
      ...(message !== undefined && { message }),
      ...details,
    });
    this.error = error;
  }
}

/** What the client reads of an error with which a call ended; a failure of the gateway's own stays what it is. */
export function toUpstreamFailure(error: unknown, endpointId: string): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof CredentialError) return toCredentialFailure(error, endpointId);
  const known =
    error instanceof UpstreamError
      ? error
      : new UpstreamError("unreachable", { code: errorWordOf(error), phase: "header", requestSent: true });
  return new UpstreamFailure(known, endpointId);
}

/** What is behind the words of a limit: the setting that says it for all calls. */
const SETTING = /\([A-Za-z_.]+\)$/;

/**
 * The failure of a call that took too long.
 * @param rule what says the limit, if it is not its setting
 */
export function toTimeoutFailure(error: UpstreamError, endpointId: string, rule: string | undefined): UpstreamFailure {
  if (rule === undefined) return new UpstreamFailure(error, endpointId);
  const { code, message = FAILURES[code].message }: FaultMeaning = FAULTS[error.fault];
  return new UpstreamFailure(error, endpointId, { message: message.replace(SETTING, `(${rule})`) });
}

function toCredentialFailure({ fault, message, detail }: CredentialError, endpointId: string): UpstreamFailure {
  const error = new UpstreamError(fault, { phase: "connect", requestSent: false });
  return new UpstreamFailure(error, endpointId, {
    message: `${FAILURES[FAULTS[fault].code].message}: ${message}`,
    cause: detail,
  });
}

/** The provider ended its stream without an error, but before the end of the answer. */
export const unfinishedStream = (): UpstreamError =>
  new UpstreamError("reset", { code: "STREAM_UNFINISHED", phase: "body", requestSent: true });
