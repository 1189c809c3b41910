import { createLocalJWKSet, type JSONWebKeySet } from "jose";
import { authenticationUnavailable } from "./unauthorized.ts";

/** Chooses the key that a token names. */
export type KeyLookup = ReturnType<typeof createLocalJWKSet>;

/** The issuer's keys, kept usable while the issuer is unreachable. */
export interface IssuerKeys {
  /** The known keys. Fetches them if there are none or they are too old; throws `authentication_unavailable`. */
  current(): Promise<KeyLookup>;
  /**
   * For a token that names an unknown key: newly fetched keys, or undefined if they were fetched just before.
   * Throws `authentication_unavailable` if the issuer does not answer: then it is not known whether the key is its own.
   */
  renewed(): Promise<KeyLookup | undefined>;
}

export interface IssuerKeysOptions {
  readonly fetchKeys: () => Promise<JSONWebKeySet>;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  /** How long stale keys are still used while the issuer cannot be asked. */
  readonly graceMs: number;
  /** Called on each change between reachable and not. */
  readonly onChange: (problem: string | undefined) => void;
}

/** Keys younger than this are used without asking. */
const FRESH_MS = 10 * 60_000;

/** Tokens with unknown keys cannot make the gateway ask more often than this. */
const RENEWAL_INTERVAL_MS = 30_000;

/** An issuer that did not answer is asked again at most this often. */
const RETRY_INTERVAL_MS = 1000;

export function createIssuerKeys({ fetchKeys, now, graceMs, onChange }: IssuerKeysOptions): IssuerKeys {
  let lookup: KeyLookup | undefined;
  let fetchedAt = Number.NEGATIVE_INFINITY;
  let triedAt = Number.NEGATIVE_INFINITY;
  let problem: string | undefined;
  let pending: Promise<void> | undefined;

  const setProblem = (found: string | undefined): void => {
    if (found === problem) return;
    problem = found;
    onChange(found);
  };

  const refresh = async (): Promise<void> => {
    triedAt = now();
    try {
      lookup = createLocalJWKSet(await fetchKeys());
      fetchedAt = now();
      setProblem(undefined);
    } catch (error) {
      setProblem(error instanceof Error ? error.message : "unknown problem");
    } finally {
      pending = undefined;
    }
  };

  /** Concurrent callers share one fetch. */
  const refreshOnce = (): Promise<void> => (pending ??= refresh());

  return {
    async current() {
      const age = now() - fetchedAt;
      const mayTry = pending !== undefined || now() - triedAt >= RETRY_INTERVAL_MS;
      if (lookup && age < FRESH_MS) return lookup;
      if (lookup && age < FRESH_MS + graceMs) {
        if (mayTry) void refreshOnce();
        return lookup;
      }
      lookup = undefined;
      if (mayTry) await refreshOnce();
      // The refresh may have filled it, which the compiler cannot know.
      const filled = lookup as KeyLookup | undefined;
      if (!filled) throw authenticationUnavailable(problem ?? "the issuer's keys are not known");
      return filled;
    },
    async renewed() {
      const interval = problem === undefined ? RENEWAL_INTERVAL_MS : RETRY_INTERVAL_MS;
      const mayTry = pending !== undefined || now() - triedAt >= interval;
      if (mayTry) await refreshOnce();
      if (problem !== undefined) throw authenticationUnavailable(problem);
      return mayTry ? lookup : undefined;
    },
  };
}
