import { type Failure, type FailureCode, FAILURES } from "../../core/errors.ts";
import type { AnswerError } from "../../formats/form/answer.ts";
import { isContentRefusal, isOverflow, isUnknownResponse } from "../../formats/refusal-reasons.ts";
import { UpstreamFailure } from "../../upstream/errors.ts";
import type { Blame, Fault } from "./deployment-state.ts";
import type { RetryReason } from "../models/model-options.ts";

/**
 * Who may be asked after a failure: nobody; another key of the same provider; another deployment, because this one cannot
 * do it; any, also the same one after a while; the models for conversations that are too long, or that a filter refused.
 */
export type Next = "nobody" | "key" | "other" | "any" | "context" | "content";

/** What a failure of an attempt means. */
export interface Verdict extends Fault {
  readonly next: Next;
  /** By which of the operator's reasons; any of them is enough. None are asked for unless `next` is `any`. */
  readonly reasons: readonly RetryReason[];
  /** The provider may have begun to process the request. */
  readonly requestSent: boolean;
  /** The same deployment may do better the next time. */
  readonly again: boolean;
  /** What the provider answered with; undefined if it did not. */
  readonly status: number | undefined;
}

/** Statuses after which another attempt may be made, and what they are called. */
const STATUS_REASONS: Readonly<Record<number, RetryReason>> = {
  408: "408",
  429: "429",
  500: "500",
  502: "502",
  503: "503",
  504: "504",
  529: "529",
  // Cloudflare's, for a server behind it that fails, cannot be reached or is late.
  // https://developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-5xx-errors/
  520: "502",
  521: "502",
  522: "502",
  523: "502",
  524: "504",
};

/** How a call can fail without an answer, and what that is called. */
const CODE_REASONS: Readonly<Partial<Record<FailureCode, RetryReason>>> = {
  upstream_unreachable: "connect",
  upstream_dns_failure: "connect",
  upstream_tls_failure: "connect",
  proxy_unreachable: "connect",
  proxy_refused: "connect",
  connect_timeout: "connect",
  provider_credentials_invalid: "connect",
  provider_credentials_unavailable: "connect",
  upstream_reset: "send",
  response_header_timeout: "timeout",
  total_timeout: "timeout",
  stream_idle_timeout: "timeout",
  first_token_timeout: "first_token",
  upstream_empty_response: "empty",
  upstream_invalid_response: "invalid",
};

/** What the gateway itself refuses for a provider, before anything is sent. */
const UNABLE: ReadonlySet<FailureCode> = new Set<FailureCode>(["provider_key_missing", "unsupported_parameter"]);

/** With which providers say that a request is too long, or refused by their filter. */
const REFUSALS: ReadonlySet<number> = new Set([400, 403, 413, 422]);

/** With which they say that they do not have the response that a request goes on from: another one may have given it. */
const UNKNOWN: ReadonlySet<number> = new Set([400, 404]);

/** What the failure of an attempt means: for the deployment, and for whether and where to ask again. */
export function classifyFailure(failure: Failure): Verdict {
  const { code, details } = failure;
  const error = failure instanceof UpstreamFailure ? failure.error : undefined;
  const retryAfterMs = error?.retryAfterMs;
  const why = whyOf(failure);
  if (code === "provider_error") {
    return { ...judgeStatus(failure, error?.status ?? failure.status, error?.phase === "body"), why, retryAfterMs };
  }
  const reason = CODE_REASONS[code];
  if (reason !== undefined) {
    const requestSent = error?.requestSent ?? reason !== "connect";
    const reasons: readonly RetryReason[] = [reason === "connect" && requestSent ? "send" : reason];
    const again = error?.retryable ?? true;
    return { next: "any", reasons, blame: "failure", requestSent, again, status: undefined, why, retryAfterMs };
  }
  const isUnable = UNABLE.has(code) || FAILURES[code].type === "not_supported_error";
  const next = isUnable ? "other" : "nobody";
  const status = details.status !== undefined && error ? details.status : undefined;
  const blame = code === "upstream_redirect" ? "alive" : "nothing";
  return { next, reasons: [], blame, requestSent: false, again: false, status, why, retryAfterMs };
}

/** @param isInAnswer the error came in an answer that had begun well */
function judgeStatus(failure: Failure, status: number, isInAnswer: boolean): Omit<Verdict, "why" | "retryAfterMs"> {
  const common = { status, requestSent: true, again: false, reasons: [] };
  if (REFUSALS.has(status) || (isInAnswer && status === 502)) {
    const refusal = refusalOf(failure);
    if (refusal !== undefined) return { ...common, next: refusal, blame: "alive" };
  }
  if (UNKNOWN.has(status) && isUnknownResponse(toldOf(failure))) return { ...common, next: "other", blame: "alive" };
  // Whoever is not let in, or comes too often, is not served.
  if (status === 401 || status === 403) return { ...common, next: "key", blame: "key", requestSent: false };
  const reason = STATUS_REASONS[status];
  const blame: Blame = status === 429 ? "limit" : status >= 500 || status === 408 ? "failure" : "alive";
  const reasons: RetryReason[] = reason === undefined ? [] : [reason];
  if (isInAnswer && (status >= 500 || reasons.length > 0)) reasons.push("error_event");
  if (reasons.length === 0) return { ...common, next: "nobody", blame };
  return { ...common, next: "any", reasons, blame, requestSent: status !== 429, again: true };
}

function refusalOf(failure: Failure): "context" | "content" | undefined {
  const error = toldOf(failure);
  if (isOverflow(error)) return "context";
  return isContentRefusal(error, failure.details.providerError) ? "content" : undefined;
}

function toldOf({ message, details: { wireType: type, wireCode } }: Failure): AnswerError {
  return { message, type, code: wireCode == null ? undefined : String(wireCode) };
}

/** A failure in a word: a status, or the code. */
const whyOf = ({ code, status }: Failure): string => (code === "provider_error" ? String(status) : code);
