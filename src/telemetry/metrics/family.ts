/** What a number of a family means: one that only grows, one that is as it is now, or how often a value was in which range. */
export type FamilyKind = "counter" | "gauge" | "histogram";

/** Series of one name, which differ in the values of their labels. */
export interface Family {
  /** As Prometheus has it: a name of OpenTelemetry with `_` for its dots and the unit behind it; a counter ends in `_total`. */
  readonly name: string;
  readonly kind: FamilyKind;
  /** One sentence for whoever looks at it. */
  readonly help: string;
  /** What its name has behind it, if it has a unit. */
  readonly unit?: "seconds" | "bytes";
  readonly labels: readonly string[];
  /** Upper ends of the ranges of a histogram, the lowest first. */
  readonly buckets?: readonly number[];
}
