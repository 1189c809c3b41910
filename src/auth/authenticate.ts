import { LRUCache } from "lru-cache";
import type { Principal } from "../core/request-context.ts";
import { hashToken, isCredential, type StaticKeys } from "./static-keys.ts";
import { unauthorized } from "./unauthorized.ts";
import type { VerifyToken } from "./verify-token.ts";

/**
 * The one decision about who may use the gateway.
 * @param credential the bearer token or API key of the request, or undefined if it has none.
 * @throws Failure `unauthorized` or `authentication_unavailable`.
 */
export type Authenticate = (credential: string | undefined) => Principal | Promise<Principal>;

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

  const verifyAndRemember = async (verify: VerifyToken, credential: string, cacheKey: string): Promise<Principal> => {
    const { identity, expiresAt } = await verify(credential);
    const ttl = Math.min(CACHE_MS, expiresAt * 1000 - clock());
    if (ttl > 0) verified.set(cacheKey, identity, { ttl });
    return identity;
  };

  return (credential) => {
    if (credential === undefined) throw unauthorized();
    if (credential.length > MAX_CREDENTIAL_CHARACTERS) throw unauthorized("invalid_request", "the token is too long");
    const hash = hashToken(credential);
    const keyName = staticKeys()?.nameOf(hash);
    if (keyName !== undefined) return { kind: "key", name: keyName };
    const cacheKey = hash.toBase64();
    const known = verified.get(cacheKey);
    if (known) return known;
    // Only now: tokens are long, and one that was verified before was scanned then.
    if (!isCredential(credential)) throw unauthorized("invalid_request", "the credential is malformed");
    if (!verifyToken) throw unauthorized("invalid_token", "the key is not known");
    return verifyAndRemember(verifyToken, credential, cacheKey);
  };
}
