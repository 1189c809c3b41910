import { SecretMasker } from "./secret-masker.ts";
import type { SecretPatterns } from "./secret-patterns.ts";

/** Takes secrets out of a text; a text without them comes back as it was. */
export type Redact = (text: string) => string;

/** What every spelling but the plain ones has in it. */
const ESCAPE = /[%\\&+=\r\n\0]/;

/** Masks secrets in texts, one after another, wherever a {@link SecretMasker} finds them. */
export function redactionOf(secrets: readonly SecretPatterns[]): Redact {
  return (text) => secrets.reduce(redactSecret, text);
}

function redactSecret(text: string, patterns: SecretPatterns): string {
  if (text.length < patterns.shortest) return text;
  if (!ESCAPE.test(text) && !patterns.texts.some((plain) => text.includes(plain))) return text;
  const masker = new SecretMasker(patterns);
  const masked = Buffer.concat([...masker.push(Buffer.from(text)), ...masker.end()]);
  return masker.hasMasked ? masked.toString() : text;
}

/** A shorter text would be found in words that have nothing to do with it. */
const SHORTEST = 8;

/** Headers whose values have a syntax, with what is secret somewhere within. */
const COMPOSED = /cookie|authorization/i;

/** Only what has printable ASCII can be looked for. */
const PRINTABLE = /^[\x20-\x7e]+$/;

/**
 * What of the value of a header or a parameter must not be seen, if whoever got it repeats it: all of it without a scheme
 * such as `Basic`, and of cookies and credentials each part of its own, `b` of `a=b` too.
 * @param name of the header or the parameter
 * @returns none if the value is too short to be a secret
 */
export function secretParts(name: string, value: string): readonly string[] {
  const parts = COMPOSED.test(name) ? value.split(/[\s;,]+/).flatMap((part) => [part, valueOf(part)]) : [];
  const found = [value.replace(/^[A-Za-z]+ (?=\S{8,}$)/, ""), ...parts];
  return [...new Set(found)].filter((part) => part.length >= SHORTEST && PRINTABLE.test(part));
}

function valueOf(pair: string): string {
  return pair.slice(pair.indexOf("=") + 1).replace(/^"|"$/g, "");
}
