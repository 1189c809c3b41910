/** The last moment that a date can be. https://tc39.es/ecma262/#sec-time-values-and-time-range */
const LAST_MS = 8.64e15;

/** A moment in ISO 8601; one beyond all dates, such as that of a `Retry-After` of billions of years, is the last one. */
export const isoDate = (msSinceEpoch: number): string => new Date(Math.min(msSinceEpoch, LAST_MS)).toISOString();
