const DIGEST_BYTES = 32;

/** The SHA-256 of a credential, 32 bytes: what is compared and what caches are keyed by, instead of the credential. */
export function hashToken(token: string): Uint8Array {
  const digest = new Uint8Array(DIGEST_BYTES);
  // Not a CryptoHasher: each is a native object to be freed, at five times the cost of the hashing of a short text.
  Bun.SHA256.hash(token, digest);
  return digest;
}
