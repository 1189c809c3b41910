/** The SHA-256 of a credential, 32 bytes: what is compared and what caches are keyed by, instead of the credential. */
export function hashToken(token: string): Uint8Array {
  return new Bun.CryptoHasher("sha256").update(token).digest();
}
