/** Takes a secret out of a text; a text without it comes back as it was. */
export type Redact = (text: string) => string;

const MASK = "***";

/** A secret shorter than this may well be part of another word, and is masked only where it is a word of its own. */
const SHORTEST_PART = 8;

/** What every spelling but the plain one has in it. */
const ESCAPE = /[%\\&+]/;

/**
 * Masks a secret of printable ASCII wherever a text repeats it: plain, or as JSON, URLs, forms and HTML write it, each
 * character escaped or not, once or several times over.
 */
export function createRedaction(secret: string): Redact {
  const spelt = [...secret].map(spellings).join("");
  const isWord = secret.length < SHORTEST_PART;
  const pattern = new RegExp(isWord ? `(?<![a-zA-Z0-9])${spelt}(?![a-zA-Z0-9])` : spelt, "g");
  return (text) => (text.includes(secret) || ESCAPE.test(text) ? text.replace(pattern, MASK) : text);
}

/** How one character may be written, as the source of a regular expression. */
function spellings(character: string): string {
  const code = character.charCodeAt(0);
  const hex = [...code.toString(16).padStart(2, "0")].map((digit) => anyCase(digit)).join("");
  const literal = character.replace(/[\^$\\.*+?()[\]{}|/-]/, "\\$&");
  const plain = /["\\/']/.test(character) ? `\\\\{0,8}${literal}` : literal;
  // The plain one last: it may be how another begins.
  const all = [`%(?:25){0,4}${hex}`, `\\\\{1,8}u00${hex}`, `&#(?:${code}|[xX]${hex});`, plain];
  if (character === " ") all.push("\\+");
  return `(?:${all.join("|")})`;
}

function anyCase(digit: string): string {
  return /[a-f]/.test(digit) ? `[${digit}${digit.toUpperCase()}]` : digit;
}

const redactions = new WeakMap<object, Redact>();

/** Takes a secret out of what its owner's server says; made once for each owner, a provider or an MCP server. */
export function redactionOf(owner: object, secret: string | undefined): Redact {
  let redact = redactions.get(owner);
  if (!redact) {
    redact = secret === undefined ? (text) => text : createRedaction(secret);
    redactions.set(owner, redact);
  }
  return redact;
}
