import type { FilePrice } from "../file/price-section.ts";

export const TIER_FAULT = "is not above the tier before: expected a larger number";

/** The tier of a price that does not begin above the one before it; undefined if all do. */
export function findTierFault({ tiers = [] }: Pick<FilePrice, "tiers">): number | undefined {
  const index = tiers.findIndex(({ above }, at) => above <= (tiers[at - 1]?.above ?? 0));
  return index < 0 ? undefined : index;
}
