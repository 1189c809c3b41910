import { LRUCache } from "lru-cache";
import { Failure } from "../core/errors.ts";
import type { Principal } from "../core/request-context.ts";
import { hashToken, isCredential, type StaticKeys } from "./static-keys.ts";
import { unauthorized } from "./unauthorized.ts";
import type { VerifyToken } from "./verify-token.ts";

/**
 * The one decision about who may use the gateway.
 * @param credentials the tokens and keys of the request, in the order in which they are tried; the first good one counts.
 * @throws Failure `unauthorized` or `authentication_unavailable`, at once or later.
 */
export type Authenticate = (credentials: readonly string[]) => Principal | Promise<Principal>;

export interface AuthenticateParts {
  /** The static keys as they are now; they may be read again while the gateway runs. */
  readonly staticKeys: () => StaticKeys | undefined;
  /** Absent if no issuer is configured. */
  readonly verifyToken: VerifyToken | undefined;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

/** Longer credentials are refused unread: real tokens are far shorter, and hashing is not free. */
const MAX_CREDENTIAL_CHARACTERS = 16 * 1024;

/** A verified token is accepted this long without another check, so that a withdrawn key is noticed soon. */
const CACHE_MS = 60_000;

const CACHE_ENTRIES = 10_000;

export function createAuthenticate({ staticKeys, verifyToken, now, clock }: AuthenticateParts): Authenticate {
  const verified = new LRUCache<string, Principal>({ max: CACHE_ENTRIES, perf: { now }, ttlResolution: 0 });

  /** A key, or a token that was verified before. */
  const recall = (credential: string): Principal | undefined => {
    if (credential.length > MAX_CREDENTIAL_CHARACTERS) return undefined;
    const hash = hashToken(credential);
    return staticKeys()?.holderOf(hash) ?? verified.get(hash.toBase64());
  };

  const verifyAndRemember = async (credential: string): Promise<Principal> => {
    if (credential.length > MAX_CREDENTIAL_CHARACTERS) throw unauthorized("invalid_request", "the token is too long");
    // Only now: tokens are long, and one that was verified before was scanned then.
    if (!isCredential(credential)) throw unauthorized("invalid_request", "the credential is malformed");
    if (!verifyToken) throw unauthorized("invalid_token", "the key is not known");
    const { identity, expiresAt } = await verifyToken(credential);
    const ttl = Math.min(CACHE_MS, expiresAt * 1000 - clock());
    if (ttl > 0) verified.set(hashToken(credential).toBase64(), identity, { ttl });
    return identity;
  };

  const verifyFirstGood = async (credentials: readonly string[]): Promise<Principal> => {
    const refusals: unknown[] = [];
    for (const credential of credentials) {
      try {
        return await verifyAndRemember(credential);
      } catch (error) {
        refusals.push(error);
      }
    }
    throw refusals.find(isUndecided) ?? refusals[0] ?? unauthorized();
  };

  return (credentials) => {
    // What is known at once goes first: the issuer is not asked about a stranger's token beside a good key.
    for (const credential of credentials) {
      const principal = recall(credential);
      if (principal) return principal;
    }
    return verifyFirstGood(credentials);
  };
}

/** Whether it says that the credential could not be checked: then the request may be sent again. */
function isUndecided(error: unknown): boolean {
  return !(error instanceof Failure) || error.code !== "unauthorized";
}
