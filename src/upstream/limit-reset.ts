import type { ResponseHeaders } from "./transport.ts";

/** What providers name of a limit: what is left of it, and when it is whole again. */
const LIMITS: readonly (readonly [remaining: string, reset: string])[] = [
  // https://platform.openai.com/docs/guides/rate-limits#rate-limits-in-headers
  ["x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"],
  ["x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"],
  // https://docs.anthropic.com/en/api/rate-limits#response-headers
  ["anthropic-ratelimit-requests-remaining", "anthropic-ratelimit-requests-reset"],
  ["anthropic-ratelimit-tokens-remaining", "anthropic-ratelimit-tokens-reset"],
  ["anthropic-ratelimit-input-tokens-remaining", "anthropic-ratelimit-input-tokens-reset"],
  ["anthropic-ratelimit-output-tokens-remaining", "anthropic-ratelimit-output-tokens-reset"],
  ["x-ratelimit-remaining", "x-ratelimit-reset"],
  // https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/07/
  ["ratelimit-remaining", "ratelimit-reset"],
];

/**
 * When all limits that are used up are reset, by what a provider says of its limits.
 * @param now milliseconds since the epoch
 * @returns milliseconds from now, never negative; undefined if none is used up, or it is not said when
 */
export function readLimitReset(headers: ResponseHeaders, now: number): number | undefined {
  let latest: number | undefined;
  for (const [remaining, reset] of LIMITS) {
    if (headers.get(remaining)?.trim() !== "0") continue;
    const after = parseReset(headers.get(reset)?.trim() ?? "", now);
    if (after !== undefined && after > (latest ?? -1)) latest = after;
  }
  return latest;
}

const NUMBER = /^\d+(?:\.\d+)?$/;
/** Go's way to write a duration: `1s`, `6m0s`, `17ms`, `1h2m3.5s`. */
const DURATION =
  /^(?:(\d+(?:\.\d+)?)d)?(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?$/;
const DATE = /^\d{4}-\d{2}-\d{2}T/;

/** Seconds above these are a time since the epoch: in seconds, in milliseconds. */
const EPOCH_SECONDS = 1e9;
const EPOCH_MILLISECONDS = 1e12;

function parseReset(text: string, now: number): number | undefined {
  if (text === "") return undefined;
  if (NUMBER.test(text)) {
    const value = Number(text);
    if (value < EPOCH_SECONDS) return value * 1000;
    return Math.max(0, (value < EPOCH_MILLISECONDS ? value * 1000 : value) - now);
  }
  if (DATE.test(text)) {
    const date = Date.parse(text);
    return Number.isNaN(date) ? undefined : Math.max(0, date - now);
  }
  const parts = DURATION.exec(text);
  if (!parts) return undefined;
  const [days = 0, hours = 0, minutes = 0, seconds = 0, milliseconds = 0] = parts
    .slice(1)
    .map((part) => Number(part ?? 0));
  return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000 + milliseconds;
}
