import { SecretMasker } from "./secret-masker.ts";
import { type SecretPatterns, secretPatterns } from "./secret-patterns.ts";

/** Takes a secret out of a text; a text without it comes back as it was. */
export type Redact = (text: string) => string;

/** What every spelling but the plain ones has in it. */
const ESCAPE = /[%\\&+=\r\n]/;

/** Masks a secret of printable ASCII in texts, wherever a {@link SecretMasker} finds it. */
export function createRedaction(secret: string): Redact {
  return redactionWith(secretPatterns(secret));
}

function redactionWith(patterns: SecretPatterns): Redact {
  return (text) => {
    if (text.length < patterns.shortest) return text;
    if (!ESCAPE.test(text) && !patterns.texts.some((plain) => text.includes(plain))) return text;
    const masker = new SecretMasker(patterns);
    const masked = Buffer.concat([...masker.push(Buffer.from(text)), ...masker.end()]);
    return masker.hasMasked ? masked.toString() : text;
  };
}

const patternsOf = new WeakMap<object, SecretPatterns>();
const redactions = new WeakMap<object, Redact>();

/** What to look for in what its owner's server says; made once for each owner. */
function patternsOfOwner(owner: object, secret: string): SecretPatterns {
  let patterns = patternsOf.get(owner);
  if (!patterns) patternsOf.set(owner, (patterns = secretPatterns(secret)));
  return patterns;
}

/** Takes a secret out of what its owner's server says; made once for each owner, a provider or an MCP server. */
export function redactionOf(owner: object, secret: string | undefined): Redact {
  let redact = redactions.get(owner);
  if (!redact) {
    redact = secret === undefined ? (text) => text : redactionWith(patternsOfOwner(owner, secret));
    redactions.set(owner, redact);
  }
  return redact;
}

/** The same for bytes that come in pieces; one is for a single text. */
export function maskerOf(owner: object, secret: string): SecretMasker {
  return new SecretMasker(patternsOfOwner(owner, secret));
}
