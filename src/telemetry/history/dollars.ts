const PICODOLLARS = 12;

/** A sum of money in digits, without zeros at its end: `0.0000123`. Exact, which a number would not be. */
export function writeDollars(picodollars: bigint): string {
  const digits = picodollars.toString().padStart(PICODOLLARS + 1, "0");
  const fraction = digits.slice(-PICODOLLARS).replace(/0+$/, "");
  return `${digits.slice(0, -PICODOLLARS)}${fraction === "" ? "" : `.${fraction}`}`;
}
