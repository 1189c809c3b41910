/** OpenAI and Azure refuse longer ones for end users and for caches; Claude Code's has 150. */
const MAX_CHARACTERS = 64;

/** An identifier of an end user or a cache for a provider: a long one is replaced by its hash, which differs just as well. */
export function fitIdentifier(identifier: string): string {
  if (identifier.length <= MAX_CHARACTERS) return identifier;
  return new Bun.CryptoHasher("sha256").update(identifier).digest("hex");
}
