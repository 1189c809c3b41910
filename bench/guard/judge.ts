import { median } from "../measure/statistics.ts";

/** What the guard measures, each as a multiple of what the bare proxy spends in the same run, objects on a request. */
export const GUARD_MEASURES = {
  chatCpu: "CPU time of a chat request, x the bare proxy's",
  streamCpu: "CPU time of an event of a paced stream, x the bare proxy's",
  chatObjects: "objects for a chat request, x the bare proxy's",
  streamObjects: "objects for an event, x the bare proxy's for a request",
  translatedCpu: "CPU time of a small request that is translated, x a relayed one's",
  translatedStreamCpu: "CPU time of an event of a paced stream that is translated, x a relayed one's",
  aliasCpu: "CPU time of a small request by a name of the gateway's own, x one by provider/model",
  aliasObjects: "objects for it, x those for one by provider/model",
  metricsCpu: "CPU time of a small request that is counted in metrics, x one that is not",
  metricsObjects: "objects for it, x those for one that is not",
} as const;
export type GuardMeasure = keyof typeof GUARD_MEASURES;

/** Multiples of the bare proxy's; NaN for what cannot be measured on a platform. */
export type GuardFigures = Readonly<Record<GuardMeasure, number>>;

/** How far above its baseline a figure may be, as a share of it; as far below it, the baseline is out of date. */
export const TOLERANCE = 0.25;

/** What some may be at most, whatever their baseline: a healthy name costs 5 % more than a provider's model, as do metrics. */
const LIMITS: Partial<GuardFigures> = { aliasCpu: 1.05, metricsCpu: 1.05 };
const MEASURES = Object.keys(GUARD_MEASURES) as GuardMeasure[];

/** `slower` fails the guard, as does `unknown`: a figure without a baseline. */
function outcomeOf(baseline: number | undefined, measured: number, limit = (baseline ?? NaN) * (1 + TOLERANCE)) {
  if (Number.isNaN(measured)) return "unmeasured";
  if (baseline === undefined) return "unknown";
  if (measured > limit) return "slower";
  return measured < baseline * (1 - TOLERANCE) ? "faster" : "fine";
}

/**
 * One series as a multiple of another that was measured in turn with it: by the least of each, or by the middle of the ratios of
 * neighbours, whichever is lower. Each is thrown off by other disturbances, and only code that became dearer raises both.
 * @returns NaN if there is nothing to compare
 */
export function steadyRatio(values: readonly number[], others: readonly number[]): number {
  const byLeast = Math.min(...values) / Math.min(...others);
  return Math.min(byLeast, median(values.map((value, index) => value / (others[index] ?? NaN))) ?? NaN);
}

/** Compares figures with the baseline, a verdict for each measure. */
export const judge = (baseline: Partial<GuardFigures>, figures: GuardFigures) =>
  MEASURES.map((measure) => {
    const [before, measured] = [baseline[measure], figures[measure]];
    /** How far the figure is above the baseline, as a share of it. */
    const change = before === undefined ? undefined : measured / before - 1;
    return { measure, baseline: before, measured, change, outcome: outcomeOf(before, measured, LIMITS[measure]) };
  });
export type GuardVerdict = ReturnType<typeof judge>[number];

/** Whether the guard lets this pass. */
export const passes = (verdicts: readonly GuardVerdict[]): boolean =>
  verdicts.every(({ outcome }) => outcome !== "slower" && outcome !== "unknown");

/**
 * The lower figure of two attempts, measure by measure: neighbours on the machine make code look slower, never faster.
 * For a new baseline it is the higher one, so that no lucky moment becomes what all others are held to.
 */
export function combine(first: GuardFigures, second: GuardFigures, choose: (...values: number[]) => number) {
  return Object.fromEntries(MEASURES.map((name) => [name, choose(first[name], second[name])])) as GuardFigures;
}

/** Reads a baseline as JSON. Throws if it is none. */
export function parseBaseline(text: string): Partial<GuardFigures> {
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null) throw new Error("the baseline is not an object");
  for (const [name, figure] of Object.entries(value)) {
    if (!(name in GUARD_MEASURES)) throw new Error(`the baseline has an unknown member ${name}`);
    if (!(typeof figure === "number" && figure > 0)) throw new Error(`the baseline's ${name} is not a number above 0`);
  }
  return value;
}
