/** Which requests are written if not all of them are. */
export interface Sampling {
  /** Always the same answer for an id, in every process: all lines of a request are written, or none. */
  takes(id: string): boolean;
  /** The member of a line that says how many requests it counts for, with the comma before it. */
  readonly member: string;
}

const HASHES = 2 ** 32;

/**
 * @param rate from 0 to 1: the share of requests that are written
 * @returns undefined if that is all of them
 */
export function createSampling(rate: number): Sampling | undefined {
  if (rate >= 1) return undefined;
  const below = rate * HASHES;
  return { takes: (id) => Bun.hash.xxHash32(id) < below, member: `,"sample_rate":${JSON.stringify(rate)}` };
}
