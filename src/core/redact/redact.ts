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

const patternsOf = new WeakMap<object, Map<string, SecretPatterns>>();
const redactions = new WeakMap<object, Redact>();

/** What to look for in what its owner's server says; made once for each owner. */
function patternsOfOwner(owner: object, secret: string): SecretPatterns {
  let ofOwner = patternsOf.get(owner);
  if (!ofOwner) patternsOf.set(owner, (ofOwner = new Map()));
  let patterns = ofOwner.get(secret);
  if (!patterns) ofOwner.set(secret, (patterns = secretPatterns(secret)));
  return patterns;
}

/** Takes secrets out of what their owner's server says; made once for each owner, a provider or an MCP server. */
export function redactionOf(owner: object, ...secrets: readonly (string | undefined)[]): Redact {
  let redact = redactions.get(owner);
  if (!redact) {
    const each = secrets.flatMap((secret) =>
      secret === undefined ? [] : [redactionWith(patternsOfOwner(owner, secret))],
    );
    const [first = (text: string) => text] = each;
    redact = each.length < 2 ? first : (text) => each.reduce((masked, next) => next(masked), text);
    redactions.set(owner, redact);
  }
  return redact;
}

/** The same for bytes that come in pieces; one is for a single text. */
export function maskerOf(owner: object, secret: string): SecretMasker {
  return new SecretMasker(patternsOfOwner(owner, secret));
}

/** One for each secret, which a text goes through one after another. */
export function maskersOf(owner: object, secrets: readonly string[]): SecretMasker[] {
  return secrets.map((secret) => maskerOf(owner, secret));
}
