const NANOSECONDS_PER_UNIT = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
} as const;

const NANOSECONDS_PER_MILLISECOND = 1_000_000n;
const PLAIN_SECONDS = /^\d+(?:\.\d+)?$/;
const GO_DURATION = /^(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+$/;
const GO_DURATION_PART = /(\d+)(?:\.(\d+))?(ns|us|µs|ms|s|m|h)/g;

function isUnit(unit: string | undefined): unit is keyof typeof NANOSECONDS_PER_UNIT {
  return unit !== undefined && Object.hasOwn(NANOSECONDS_PER_UNIT, unit);
}

/**
 * Reads a duration as operators write it: Go style (`300ms`, `1h30m`, `1.5s`) or plain seconds (`30`, `0.5`).
 * @returns whole milliseconds, rounded up so that a positive duration never becomes zero; undefined if `text` is
 * not a duration, is negative, or is too large for an exact number.
 */
export function parseDuration(text: string): number | undefined {
  const withUnit = PLAIN_SECONDS.test(text) ? `${text}s` : text.replaceAll("μ", "µ");
  if (!GO_DURATION.test(withUnit)) return undefined;
  // Integers of nanoseconds, because 1.1 * 1000 is not 1100 in floating point and rounding up would show it.
  let nanoseconds = 0n;
  for (const [, whole = "", fraction = "", unit] of withUnit.matchAll(GO_DURATION_PART)) {
    if (!isUnit(unit)) return undefined;
    nanoseconds += (BigInt(whole + fraction) * NANOSECONDS_PER_UNIT[unit]) / 10n ** BigInt(fraction.length);
  }
  const milliseconds = Number((nanoseconds + NANOSECONDS_PER_MILLISECOND - 1n) / NANOSECONDS_PER_MILLISECOND);
  return Number.isSafeInteger(milliseconds) ? milliseconds : undefined;
}

/**
 * Writes a duration the shortest way that `parseDuration` reads back as the same number: `300ms`, `1.5s`, `1h30m`.
 * @param milliseconds a whole number, not negative
 */
export function formatDuration(milliseconds: number): string {
  if (milliseconds === 0) return "0s";
  if (milliseconds < 1_000) return `${milliseconds}ms`;
  const hours = Math.floor(milliseconds / 3_600_000);
  const minutes = Math.floor((milliseconds % 3_600_000) / 60_000);
  const secondsInMilliseconds = milliseconds % 60_000;
  return [
    hours > 0 ? `${hours}h` : "",
    minutes > 0 ? `${minutes}m` : "",
    secondsInMilliseconds > 0 ? `${secondsInMilliseconds / 1_000}s` : "",
  ].join("");
}
