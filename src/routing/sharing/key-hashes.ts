/** What is in Redis instead of the keys of deployments and gates: short, and nothing can be read from it. */
export interface KeyHashes {
  hashOf(key: string): string;
  /** @returns undefined if no configuration in use has a key with this hash */
  keyOf(hash: string): string | undefined;
  /** Keeps these keys, and forgets all others. @returns whether one was not known before */
  retain(keys: ReadonlySet<string>): boolean;
}

/** Of keys that were used and never retained. */
const MAX_KEYS = 10_000;
/** 96 bits: no two keys of one installation have the same. */
const HASH_CHARACTERS = 16;

export function createKeyHashes(): KeyHashes {
  const hashes = new Map<string, string>();
  const keys = new Map<string, string>();

  const learn = (key: string): string => {
    const hash = new Bun.CryptoHasher("sha256").update(key).digest("base64url").slice(0, HASH_CHARACTERS);
    if (hashes.size >= MAX_KEYS) return hash;
    hashes.set(key, hash);
    keys.set(hash, key);
    return hash;
  };

  return {
    hashOf: (key) => hashes.get(key) ?? learn(key),
    keyOf: (hash) => keys.get(hash),
    retain(wanted) {
      for (const [key, hash] of hashes) {
        if (wanted.has(key)) continue;
        hashes.delete(key);
        keys.delete(hash);
      }
      const before = hashes.size;
      for (const key of wanted) if (!hashes.has(key)) learn(key);
      return hashes.size > before;
    },
  };
}
