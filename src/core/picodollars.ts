/*
 * Amounts of money as integers of 10^-12 US dollars: the cheapest token that is sold costs some 10,000 of them. Sums are
 * exact, whatever their number: an addition of two takes 20 ns.
 */

/** A dollar in picodollars. */
export const DOLLAR = 1_000_000_000_000n;

const DECIMALS = 12;

/**
 * US dollars in plain decimal notation, with no more digits than it takes: `0.000123`, `2`.
 * @param picodollars may be negative
 */
export function formatDollars(picodollars: bigint): string {
  const digits = (picodollars < 0n ? -picodollars : picodollars).toString().padStart(DECIMALS + 1, "0");
  const whole = digits.slice(0, -DECIMALS);
  const fraction = digits.slice(-DECIMALS).replace(/0+$/, "");
  return `${picodollars < 0n ? "-" : ""}${whole}${fraction === "" ? "" : `.${fraction}`}`;
}

/** Picodollars as dollars, for displays and metrics whose numbers are doubles: exact to 15 digits. */
export const toDollars = (picodollars: bigint): number => Number(formatDollars(picodollars));
