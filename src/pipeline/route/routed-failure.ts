import { Failure, type FailureCode } from "../../core/errors.ts";
import type { RequestContext } from "../../core/request-context.ts";
import type { AttemptSummary } from "../../core/attempt-summary.ts";
import type { AttemptRecord } from "../../routing/engine/route.ts";
import { UpstreamFailure } from "../../upstream/errors.ts";

/** What a provider is to blame for, beside what its call knows of. */
const OF_PROVIDERS: ReadonlySet<FailureCode> = new Set<FailureCode>([
  ...(["upstream_empty_response", "upstream_invalid_response", "upstream_reset"] as const),
  ...(["first_token_timeout", "provider_error"] as const),
]);

/**
 * Why an answer broke off, if its provider is to blame.
 * @param failure with which it ended, if it did with one
 */
export function blamedFor(failure: Failure | undefined, { failure: recorded }: RequestContext): Failure | undefined {
  if (failure) return failure instanceof UpstreamFailure || OF_PROVIDERS.has(failure.code) ? failure : undefined;
  // The provider said so itself, in the middle of its stream, which then came to a proper end.
  return recorded === "provider_error" ? new Failure("provider_error") : undefined;
}

/** Whose failure it is; of one that is nobody's, such as a full queue, the last attempt. */
export function recordOf(records: readonly AttemptRecord[], { code, message }: Failure): AttemptRecord | undefined {
  const isSame = ({ failure }: AttemptRecord): boolean => failure?.code === code && failure.message === message;
  return records.findLast(isSame) ?? records.at(-1);
}

/** A failure that says who was asked, and in `attempts` what came of it. */
export function withTried(
  failure: Failure,
  headers: Readonly<Record<string, string>>,
  tried: readonly AttemptSummary[] | undefined,
): Failure {
  const { code, message, status } = failure;
  const attempts = tried ?? failure.details.attempts;
  const details = {
    ...failure.details,
    message,
    status,
    ...(attempts && attempts.length > 0 && { attempts }),
    headers: { ...failure.details.headers, ...headers },
  };
  if (failure instanceof UpstreamFailure) {
    return new UpstreamFailure(failure.error, failure.details.provider ?? "", details);
  }
  return new Failure(code, details);
}
