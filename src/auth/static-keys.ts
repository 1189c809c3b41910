import { timingSafeEqual } from "node:crypto";
import { type ReadFile, readTextFile } from "../config/read-files.ts";
import { hashToken } from "./hash-token.ts";
import { isCredential } from "./is-credential.ts";

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
