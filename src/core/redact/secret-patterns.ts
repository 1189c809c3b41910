/**
 * What is looked for because of one secret: the secret, and each of its base64 forms. Whoever may say the secret has them,
 * made once.
 */
export interface SecretPatterns {
  /** The characters of all patterns, one after another, each pattern followed by a 0. */
  readonly characters: Uint8Array;
  /** What may replace the character at the same place; the same if nothing may. */
  readonly alternatives: Uint8Array;
  /** Where patterns begin. */
  readonly begins: readonly number[];
  /** Found only as a word of its own, because as a part of another it means nothing. */
  readonly isWord: boolean;
  /** 1 for each byte with which an occurrence or an escape may begin. */
  readonly first: Uint8Array;
  readonly shortest: number;
  readonly longest: number;
  /** The patterns as plain texts, with both alphabets of base64. */
  readonly texts: readonly string[];
}

/** A secret shorter than this may well be part of another word; a piece of its base64 form too. */
const SHORTEST_PART = 8;

/** What every escape begins with, or has within it. */
const ESCAPES = "\\%&=";

/** @param secret of printable ASCII, not empty */
export function secretPatterns(secret: string): SecretPatterns {
  const isWord = secret.length < SHORTEST_PART;
  const encoded = isWord ? [] : [0, 1, 2].map((shift) => base64Of(secret, shift));
  const patterns = [secret, ...encoded];
  const characters = Buffer.from(patterns.map((pattern) => `${pattern}\0`).join(""), "latin1");
  const alternatives = Uint8Array.from(characters);
  const begins: number[] = [];
  const first = new Uint8Array(256);
  for (const escape of ESCAPES) first[escape.charCodeAt(0)] = 1;
  let begin = 0;
  for (const pattern of patterns) {
    begins.push(begin);
    for (const [index, character] of [...pattern].entries()) {
      alternatives[begin + index] = (pattern === secret ? inForm : inUrlAlphabet)(character).charCodeAt(0);
    }
    first[characters[begin] ?? 0] = first[alternatives[begin] ?? 0] = 1;
    begin += pattern.length + 1;
  }
  const lengths = patterns.map(({ length }) => length);
  return {
    characters,
    alternatives,
    begins,
    isWord,
    first,
    shortest: Math.min(...lengths),
    longest: Math.max(...lengths),
    texts: [...patterns, ...encoded.map((pattern) => [...pattern].map(inUrlAlphabet).join(""))],
  };
}

/**
 * The characters of a base64 text that depend on nothing but the secret in it. Three bytes are four characters, so it
 * matters how many bytes of a group are before the secret: `user:` in `user:key` or `Bearer ` in `Bearer key`.
 */
function base64Of(secret: string, shift: number): string {
  const encoded = Buffer.from("\0".repeat(shift) + secret, "latin1").toString("base64");
  return encoded.slice(Math.ceil((shift * 8) / 6), Math.floor(((shift + secret.length) * 8) / 6));
}

/** https://www.rfc-editor.org/rfc/rfc4648#section-5 */
function inUrlAlphabet(character: string): string {
  return character === "+" ? "-" : character === "/" ? "_" : character;
}

/** https://url.spec.whatwg.org/#urlencoded-serializing */
function inForm(character: string): string {
  return character === " " ? "+" : character;
}
