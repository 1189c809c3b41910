import { type Environment, readVariable } from "../environment.ts";
import { readBounded } from "./read-bounded.ts";

/** A text of the file with its references filled in, or why that cannot be done, in words that repeat no value. */
export type FilledText =
  | {
      readonly ok: true;
      readonly text: string;
      /** Whether a part of it comes from elsewhere, and may be secret. */
      readonly filled: boolean;
    }
  | { readonly ok: false; readonly reason: string };

const MAX_SECRET_BYTES = 65_536;
const SECRET_FILE = /^file:(?=\/|\$\{)/;

/** `$$`, `${NAME}`, `${NAME:-default}`, or what was meant to be one of them. */
const REFERENCE = /\$(?:\$|\{(?:([A-Za-z_][A-Za-z0-9_]*)(?::-([^{}]*))?\})?)/g;

/** What the references of a text name. */
export function referencesOf(text: string): readonly string[] {
  return [...text.matchAll(REFERENCE)].flatMap(([, name]) => name ?? []);
}

/**
 * Fills in `${NAME}` and `${NAME:-default}`, makes `$$` a `$`, and takes what a file holds if the text, as it is written,
 * begins with `file:/` or `file:${`. A variable that is blank counts as not set.
 */
export function fillIn(text: string, environment: Environment): FilledText {
  let reason: string | undefined;
  let filled = false;
  const whole = text.replace(REFERENCE, (reference, name: string | undefined, fallback: string | undefined) => {
    if (reference === "$$") return "$";
    if (name === undefined) {
      reason ??= "expected ${NAME} or ${NAME:-default} after $, or $$ for a dollar sign";
      return "";
    }
    filled = true;
    const value = readVariable(environment, name) ?? fallback;
    if (value === undefined) reason ??= `${name} is not set: set it, or write \${${name}:-default}`;
    return value ?? "";
  });
  if (reason !== undefined) return { ok: false, reason };
  return SECRET_FILE.test(text) ? readSecret(whole.replace("file:", "")) : { ok: true, text: whole, filled };
}

function readSecret(path: string): FilledText {
  if (!path.startsWith("/")) return { ok: false, reason: "expected an absolute path after file:" };
  const read = readBounded(path, MAX_SECRET_BYTES);
  if (!read.ok) return { ok: false, reason: `${JSON.stringify(path)} cannot be read: ${read.reason}` };
  const text = read.text.replace(/\r?\n$/, "");
  return text.trim() === ""
    ? { ok: false, reason: `${JSON.stringify(path)} is empty` }
    : { ok: true, text, filled: true };
}
