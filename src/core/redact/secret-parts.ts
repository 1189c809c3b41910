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
