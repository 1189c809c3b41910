import type { RequestContext, RequestRecord, TokenUsage } from "./request-context.ts";

/**
 * What one call of the model costs that a request is for, in picodollars; null if its price is not known. Must not throw.
 */
export type PriceCall = (request: RequestRecord, usage: TokenUsage) => bigint | null;

/** What all requests share: the clock, and the register that they leave when they are over. */
export interface RequestRegister {
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  /** Whether it is of use how long requests wait for others. */
  readonly measuresWaits: boolean;
  readonly remove: (request: RequestContext) => void;
  /** Absent if costs are not computed. */
  readonly price?: PriceCall | undefined;
}
