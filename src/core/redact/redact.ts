import { SecretMasker } from "./secret-masker.ts";
import type { SecretPatterns } from "./secret-patterns.ts";

/** Takes secrets out of a text; a text without them comes back as it was. */
export type Redact = (text: string) => string;

/** What every spelling but the plain ones has in it. */
const ESCAPE = /[%\\&+=\r\n]/;

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
