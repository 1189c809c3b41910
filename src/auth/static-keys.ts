import { errorCodeOf } from "../core/error-code.ts";
import type { Principal } from "../core/request-context.ts";
import { type ReadFile, readTextFile } from "../core/read-files.ts";

const DIGEST_BYTES = 32;

/** The SHA-256 of a credential, 32 bytes: what is compared and what caches are keyed by, instead of the credential. */
export function hashToken(token: string): Uint8Array {
  const digest = new Uint8Array(DIGEST_BYTES);
  // Not a CryptoHasher: each is a native object to be freed, at five times the cost of the hashing of a short text.
  Bun.SHA256.hash(token, digest);
  return digest;
}

/**
 * Whether a text can be one credential: visible ASCII without a comma. A comma or a space is what two `Authorization`
 * headers, joined into one, leave behind. https://www.rfc-editor.org/rfc/rfc6750#section-2.1
 */
export function isCredential(text: string): boolean {
  return CREDENTIAL.test(text);
}

const CREDENTIAL = /^[\x21-\x2b\x2d-\x7e]+$/;

/** One accepted key: who holds it, and the hash of it. The key itself is not kept. */
interface StaticKey {
  readonly name: string;
  readonly holder: Principal;
  readonly hash: Uint8Array;
  /** The entry gave no name: it is named by its position in the list. */
  readonly isUnnamed: boolean;
}

export interface StaticKeys {
  /**
   * The holder of the key with this SHA-256, in the same time among ten keys and ten thousand; undefined if none has it.
   * A lookup may take longer the more of a hash is right, but whoever sends a text does not choose its hash: for one that
   * begins with given bits, twice as many texts must be tried for each bit, and all bits of a hash still are not its key.
   */
  holderOf(hash: Uint8Array): Principal | undefined;
}

const NAMED = /^([A-Za-z0-9_.-]{0,64}):(.*)$/;

/**
 * Reads the value of `AUTH_API_KEYS`: `key` or `name:key`, separated by commas; or `@/path/file`, with one such entry on
 * each line; empty lines and lines that begin with `#` do not count. Several keys may have the same name, so that a new
 * one can be handed out before the old one is withdrawn.
 * @throws Error whose message says what is wrong, without any key in it.
 */
export function readStaticKeys(setting: string, readFile: ReadFile = readTextFile): StaticKeys {
  const entries = setting.startsWith("@") ? readEntries(setting.slice(1), readFile) : setting.split(",");
  const keys = entries
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "")
    .map(toStaticKey);
  if (keys.length === 0) throw new Error("it holds no key");
  requireOwnNames(keys);
  const byHash = new Map(keys.map((key) => [key.hash.toBase64(), key]));
  return {
    holderOf(hash) {
      const key = byHash.get(hash.toBase64());
      return key !== undefined && crypto.timingSafeEqual(key.hash, hash) ? key.holder : undefined;
    },
  };
}

/** If a name by position is also given to another key, the log would mix up two holders. */
function requireOwnNames(keys: readonly StaticKey[]): void {
  const given = new Set(keys.flatMap(({ name, isUnnamed }) => (isUnnamed ? [] : [name])));
  const taken = keys.find(({ name, isUnnamed }) => isUnnamed && given.has(name));
  if (taken)
    throw new Error(`${taken.name} is the name of one key and the place of another, which needs a name of its own`);
}

function readEntries(path: string, readFile: ReadFile): string[] {
  let text: string;
  try {
    text = readFile(path);
  } catch (error) {
    const code = errorCodeOf(error) ?? "unreadable";
    throw new Error(`the file ${path} cannot be read (${code})`);
  }
  return text.split(/\r?\n/).filter((line) => !line.trimStart().startsWith("#"));
}

function toStaticKey(entry: string, index: number): StaticKey {
  const [, givenName = "", given = entry] = NAMED.exec(entry) ?? [];
  const name = givenName || `key-${index + 1}`;
  const key = given.trim();
  // What an unset variable leaves of `name:$KEY`; as a key, everyone could guess it.
  if (key === "") throw new Error(`the key of ${name} is empty`);
  if (!isCredential(key)) throw new Error(`${name} holds characters that a header cannot carry`);
  const hash = hashToken(key);
  const isUnnamed = givenName === "";
  const holder: Principal = { kind: "key", name, ...(isUnnamed && { fingerprint: hash.toBase64() }) };
  return { name, holder, hash, isUnnamed };
}
