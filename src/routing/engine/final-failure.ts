import type { AttemptSummary } from "../../core/attempt-summary.ts";
import { Failure, type FailureDetails } from "../../core/errors.ts";
import { UpstreamFailure } from "../../upstream/errors.ts";
import { whyOf } from "./classify-failure.ts";
import type { Attempt } from "./attempt.ts";
import type { AttemptRecord } from "./route.ts";

/** What was tried, for errors and the log; those under way, and the one that answered, left out. */
export function summarizeAttempts(attempts: readonly AttemptRecord[]): AttemptSummary[] {
  return attempts.flatMap(({ deployment, model, failure }) => {
    if (!failure) return [];
    const status = failure.code === "provider_error" ? failure.status : undefined;
    return [{ provider: deployment.provider.id, model, ...(status !== undefined && { status }), why: whyOf(failure) }];
  });
}

/**
 * The failure of a request whose attempts have failed: that of the attempt that says most. An answer of a provider says
 * more than a connection that failed, and a later one more than an earlier one.
 * @returns undefined if nothing was tried
 */
export function finalFailure<Reply>(attempts: readonly Attempt<Reply>[], now: number): Failure | undefined {
  const failed = attempts.filter(({ failure }) => failure !== undefined);
  const answered = failed.filter(({ failure }) => failure?.code === "provider_error");
  const failure = (answered.length > 0 ? answered : failed).at(-1)?.failure;
  // A client that left reads nothing.
  if (!failure || failure.code === "client_gone") return failure;
  // If all wait for a limit, it is known when the first one is over.
  const limited = failed.filter(({ verdict }) => verdict?.blame === "limit");
  const isLimit = limited.length === failed.length && failure.code === "provider_error";
  const after = Math.min(...limited.map(({ candidate }) => candidate.state.coolingUntil)) - now;
  return withDetails(failure, {
    attempts: summarizeAttempts(failed),
    ...(isLimit && Number.isFinite(after) && { headers: { ...failure.details.headers, ...retryAfterHeader(after) } }),
  });
}

/** In whole seconds, at least one. https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3 */
export const retryAfterHeader = (milliseconds: number): { readonly "retry-after": string } => ({
  "retry-after": String(Math.max(1, Math.ceil(milliseconds / 1000))),
});

/** The same failure, with more to say. */
export function withDetails(failure: Failure, more: FailureDetails): Failure {
  const { message, status, cause } = failure;
  const details = { ...failure.details, message, status, cause, ...more };
  return failure instanceof UpstreamFailure
    ? new UpstreamFailure(failure.error, failure.details.provider ?? "", details)
    : new Failure(failure.code, details);
}
