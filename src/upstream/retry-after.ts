import type { ResponseHeaders } from "./transport.ts";

const DECIMAL = /^\d+(?:\.\d+)?$/;

/**
 * When a server wants to be asked again: by `Retry-After-Ms`, which some providers send beside it and which is finer, or
 * by `Retry-After`, in seconds or as a date. https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
 * @param now milliseconds since the epoch
 * @returns milliseconds from now, never negative; undefined if the server does not say
 */
export function parseRetryAfter(headers: ResponseHeaders, now: number): number | undefined {
  const milliseconds = headers.get("retry-after-ms")?.trim() ?? "";
  if (DECIMAL.test(milliseconds)) return Number(milliseconds);
  const after = headers.get("retry-after")?.trim() ?? "";
  if (DECIMAL.test(after)) return Number(after) * 1000;
  // What begins with a letter is a date at most; a lone number such as "-1" would be read as a year.
  const date = /^[a-z]/i.test(after) ? Date.parse(after) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
