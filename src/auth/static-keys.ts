import { timingSafeEqual } from "node:crypto";
import { type ReadFile, readTextFile } from "../config/read-files.ts";

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

/** One accepted key: its name for the log, and the hash of it. The key itself is not kept. */
interface StaticKey {
  readonly name: string;
  readonly hash: Uint8Array;
}

export interface StaticKeys {
  /** The name of the key with this hash. Takes the same time whichever key matches, and whether any does. */
  nameOf(hash: Uint8Array): string | undefined;
}

const NAMED = /^([A-Za-z0-9_.-]{0,64}):(.*)$/;

/**
 * Reads the value of `AUTH_API_KEYS`: `key` or `name:key`, separated by commas; or `@/path/file`, with one such entry on
 * each line, where empty lines and lines that begin with `#` do not count.
 * @throws Error whose message says what is wrong, without any key in it.
 */
export function readStaticKeys(setting: string, readFile: ReadFile = readTextFile): StaticKeys {
  const entries = setting.startsWith("@") ? readEntries(setting.slice(1), readFile) : setting.split(",");
  const keys = entries
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "")
    .map(toStaticKey);
  if (keys.length === 0) throw new Error("it holds no key");
  const names = new Set(keys.map(({ name }) => name));
  if (names.size < keys.length) throw new Error("two keys have the same name");
  return {
    nameOf(hash) {
      let name: string | undefined;
      for (const key of keys) if (timingSafeEqual(key.hash, hash)) name = key.name;
      return name;
    },
  };
}

function readEntries(path: string, readFile: ReadFile): string[] {
  let text: string;
  try {
    text = readFile(path);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unreadable";
    throw new Error(`the file ${path} cannot be read (${code})`);
  }
  return text.split(/\r?\n/).filter((line) => !line.trimStart().startsWith("#"));
}

function toStaticKey(entry: string, index: number): StaticKey {
  const [, givenName = "", given = entry] = NAMED.exec(entry) ?? [];
  const name = givenName || `key-${index + 1}`;
  const key = given.trim();
  // What an unset variable leaves of `name:$KEY`; taken for a key, everyone could guess it.
  if (key === "") throw new Error(`the key of ${name} is empty`);
  if (!isCredential(key)) throw new Error(`${name} holds characters that a header cannot carry`);
  return { name, hash: hashToken(key) };
}
