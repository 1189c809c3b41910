import type { Provider } from "../../providers/provider.ts";

const HASH_LENGTH = 12;

/** A short hash by which keys of providers differ without being shown; `none` for one without a key. */
export function hashOfKeys(providers: readonly Pick<Provider, "key">[]): string {
  const keys = providers.flatMap(({ key }) => key ?? []);
  if (keys.length === 0) return "none";
  // No key has a line break in it.
  return new Bun.CryptoHasher("sha256").update(keys.join("\n")).digest("hex").slice(0, HASH_LENGTH);
}
