import { median } from "./statistics.ts";

/** What the guard measures, each as a multiple of what the bare proxy spends in the same run, objects on a request. */
export const GUARD_MEASURES = {
  chatCpu: "CPU time of a chat request, x the bare proxy's",
  streamCpu: "CPU time of an event of a paced stream, x the bare proxy's",
  chatObjects: "objects for a chat request, x the bare proxy's",
  streamObjects: "objects for an event, x the bare proxy's for a request",
} as const;
export type GuardMeasure = keyof typeof GUARD_MEASURES;

/** Multiples of the bare proxy's; those that cannot be measured on a platform are left out. */
export type GuardFigures = Readonly<Partial<Record<GuardMeasure, number>>>;

/** What is said of one measure. */
export interface GuardVerdict {
  readonly measure: GuardMeasure;
  readonly baseline: number | undefined;
  readonly measured: number | undefined;
  /** How far the measured figure is above the baseline, as a share of it; `undefined` where one of them is missing. */
  readonly change: number | undefined;
  /** `slower` fails the guard, as does `unknown`: a figure without a baseline. */
  readonly outcome: "fine" | "faster" | "slower" | "unknown" | "unmeasured";
}

/** How far above its baseline a figure may be, as a share of it; as far below it, the baseline is out of date. */
export const TOLERANCE = 0.25;

const MEASURES = Object.keys(GUARD_MEASURES) as GuardMeasure[];

function outcomeOf(baseline: number | undefined, measured: number | undefined): GuardVerdict["outcome"] {
  if (measured === undefined) return "unmeasured";
  if (baseline === undefined) return "unknown";
  if (measured > baseline * (1 + TOLERANCE)) return "slower";
  return measured < baseline * (1 - TOLERANCE) ? "faster" : "fine";
}

/**
 * One series as a multiple of another that was measured in turn with it: by the least of each, or by the middle of the ratios of
 * neighbours, whichever is lower. Each is thrown off by other disturbances, and only code that became dearer raises both.
 * @returns `undefined` where there is nothing to compare
 */
export function steadyRatio(values: readonly number[], others: readonly number[]): number | undefined {
  const byLeast = Math.min(...values) / Math.min(...others);
  const byNeighbours = median(values.map((value, index) => value / (others[index] ?? NaN)));
  return byNeighbours !== undefined && Number.isFinite(byLeast) ? Math.min(byLeast, byNeighbours) : undefined;
}

/** Compares figures with the baseline, a verdict for each measure. */
export function judge(baseline: GuardFigures, figures: GuardFigures): readonly GuardVerdict[] {
  return MEASURES.map((measure) => {
    const before = baseline[measure];
    const measured = figures[measure];
    const change = before === undefined || measured === undefined ? undefined : measured / before - 1;
    return { measure, baseline: before, measured, change, outcome: outcomeOf(before, measured) };
  });
}

/** Whether the guard lets this pass. */
export function passes(verdicts: readonly GuardVerdict[]): boolean {
  return verdicts.every(({ outcome }) => outcome !== "slower" && outcome !== "unknown");
}

/**
 * The lower figure of two attempts, measure by measure: neighbours on the machine make code look slower, never faster.
 * For a new baseline it is the higher one, so that no lucky moment becomes what all others are held to.
 */
export function combine(
  first: GuardFigures,
  second: GuardFigures,
  choose: (...values: number[]) => number,
): GuardFigures {
  const combined: Partial<Record<GuardMeasure, number>> = {};
  for (const measure of MEASURES) {
    const values = [first[measure], second[measure]].filter((value) => value !== undefined);
    if (values.length > 0) combined[measure] = choose(...values);
  }
  return combined;
}

/** Reads a baseline as JSON. Throws where it is none. */
export function parseBaseline(text: string): GuardFigures {
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null) throw new Error("the baseline is not an object");
  const entries = Object.entries(value);
  for (const [name, figure] of entries) {
    if (!(name in GUARD_MEASURES)) throw new Error(`the baseline has an unknown member ${name}`);
    if (!(typeof figure === "number" && figure > 0)) throw new Error(`the baseline's ${name} is not a number above 0`);
  }
  return Object.fromEntries(entries) as GuardFigures;
}
