const SECONDS = /^\d+(?:\.\d+)?$/;

/**
 * When a server wants to be asked again, by its `Retry-After`: in seconds, of which some send fractions, or as a date.
 * https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
 * @param text undefined or null if there is none
 * @param now milliseconds since the epoch
 * @returns milliseconds from now, never negative; undefined if it does not say
 */
export function readRetryAfter(text: string | null | undefined, now: number): number | undefined {
  const after = text?.trim() ?? "";
  if (SECONDS.test(after)) return Number(after) * 1000;
  // What begins with a letter is a date at most; a lone number such as "-1" would be read as a year.
  const date = /^[a-z]/i.test(after) ? Date.parse(after) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
