import { Failure } from "../../core/errors.ts";
import { UpstreamFailure } from "../../upstream/errors.ts";
import type { Verdict } from "../health/classify-failure.ts";

/** What is known of an attempt that may have failed. */
interface FailedAttempt {
  readonly failure: Failure | undefined;
  readonly verdict: Verdict | undefined;
  readonly candidate: { readonly state: { readonly coolingUntil: number } };
}

/**
 * The failure of a request whose attempts have failed: that of the attempt that says most. An answer of a provider says
 * more than a connection that failed, and a later one more than an earlier one. If all wait for a limit, it says when the
 * first one is over.
 * @param msUntilOthers how long it is until somebody who was not tried may take the request
 * @returns undefined if nothing was tried
 */
export function finalFailure(
  attempts: readonly FailedAttempt[],
  now: number,
  msUntilOthers = Number.POSITIVE_INFINITY,
): Failure | undefined {
  const failed = attempts.filter(({ failure }) => failure !== undefined);
  const answered = failed.filter(({ failure }) => failure?.code === "provider_error");
  const failure = (answered.length > 0 ? answered : failed).at(-1)?.failure;
  if (!failure || !failed.every(({ verdict }) => verdict?.blame === "limit")) return failure;
  const cooled = Math.min(...failed.map(({ candidate }) => candidate.state.coolingUntil)) - now;
  const after = Math.min(cooled, msUntilOthers);
  return after > 0 ? withHeaders(failure, retryAfterHeader(after)) : failure;
}

/** In whole seconds, at least one. https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3 */
export const retryAfterHeader = (milliseconds: number): { readonly "retry-after": string } => ({
  "retry-after": String(Math.max(1, Math.ceil(milliseconds / 1000))),
});

/** The same failure, with more headers for the client. */
function withHeaders(failure: Failure, headers: Readonly<Record<string, string>>): Failure {
  const { message, status } = failure;
  const details = { ...failure.details, message, status, headers: { ...failure.details.headers, ...headers } };
  return failure instanceof UpstreamFailure
    ? new UpstreamFailure(failure.error, failure.details.provider ?? "", details)
    : new Failure(failure.code, details);
}
