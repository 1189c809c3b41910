import type { TimerSource } from "../../core/deadlines.ts";
import type { SecretPatterns } from "../../core/redact/secret-patterns.ts";
import { type Authorize, type IssuedCredential, patternsOf } from "./credential.ts";
import { type CredentialError, toCredentialError } from "./credential-error.ts";

export interface RenewalOptions {
  /** Asks for a credential, once. Rejects with a {@link CredentialError}. */
  readonly issue: () => Promise<IssuedCredential>;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly timers: Pick<TimerSource, "setTimer">;
  /** Called when it cannot be renewed any more, with the reason; and with undefined when it can again. */
  readonly onChange: (problem: CredentialError | undefined) => void;
}

/** One credential that is renewed by the requests that need it: one that nobody uses asks for nothing. */
export interface RenewedCredential {
  /**
   * What authorizes requests now. Concurrent callers share one renewal, and while what they have is good they do not
   * wait for it. Rejects with a {@link CredentialError}.
   */
  current(): Authorize | Promise<Authorize>;
  /** What must not be shown: of what is in use, and of what was in use before, which requests under way still carry. */
  secrets(): readonly SecretPatterns[];
}

/**
 * How long before it expires a credential is renewed. Less than the five minutes for which Google's metadata server goes
 * on to hand out the same token. https://cloud.google.com/docs/authentication/rest#metadata-server
 */
const AHEAD_MS = 225_000;
/** Of one that is short-lived, at most this part of its life. */
const AHEAD_PART = 0.25;
/** One that expires so soon may do so on its way. */
const LAST_MS = 5000;
/** The pauses between attempts of one renewal. */
const PAUSES_MS = [200, 1000] as const;
/** After a renewal that failed: how long the next one waits if there is none, and if the one at hand is still good. */
const RETRY_MS = 1000;
const RETRY_AHEAD_MS = 10_000;

export function createRenewedCredential({ issue, clock, timers, onChange }: RenewalOptions): RenewedCredential {
  let held: { readonly issued: IssuedCredential; readonly renewAt: number } | undefined;
  let secrets: readonly SecretPatterns[] = [];
  let secretsBefore: readonly SecretPatterns[] = [];
  let pending: Promise<Authorize> | undefined;
  let failure: { readonly error: CredentialError; readonly at: number } | undefined;

  const pause = (delayMs: number) => new Promise<void>((resolve) => void timers.setTimer(resolve, delayMs));

  const issueWithRetries = async (): Promise<IssuedCredential> => {
    for (const delayMs of PAUSES_MS) {
      try {
        return await issue();
      } catch (error) {
        const known = toCredentialError(error);
        if (known.fault === "credentials_invalid") throw known;
      }
      await pause(delayMs);
    }
    return issue();
  };

  const renew = async (): Promise<Authorize> => {
    try {
      const issued = await issueWithRetries();
      const now = clock();
      const ahead = Math.min(AHEAD_MS, Math.max(0, issued.expiresAt - now) * AHEAD_PART);
      held = { issued, renewAt: Math.min(issued.renewAt ?? Infinity, issued.expiresAt - ahead) };
      secretsBefore = secrets;
      secrets = patternsOf(issued.secrets);
      if (failure) onChange(undefined);
      failure = undefined;
      return issued.authorize;
    } catch (error) {
      const known = toCredentialError(error);
      if (failure?.error.detail !== known.detail) onChange(known);
      failure = { error: known, at: clock() };
      throw known;
    } finally {
      pending = undefined;
    }
  };

  /** Whether the last failure was long enough ago; a clock that was set back must not make it wait. */
  const mayRetry = (afterMs: number): boolean => !failure || Math.abs(clock() - failure.at) >= afterMs;

  return {
    current() {
      const now = clock();
      if (held && now < held.issued.expiresAt - LAST_MS) {
        if (now >= held.renewAt && !pending && mayRetry(RETRY_AHEAD_MS)) (pending = renew()).catch(() => {});
        return held.issued.authorize;
      }
      if (!pending && !mayRetry(RETRY_MS)) return Promise.reject(failure?.error);
      return (pending ??= renew());
    },
    secrets: () => (secretsBefore.length === 0 ? secrets : [...secrets, ...secretsBefore]),
  };
}
