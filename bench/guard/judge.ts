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
  choiceCpu: "CPU time of a small request by a name with two deployments, x one by provider/model",
  choiceObjects: "objects for it, x those for one by provider/model",
  metricsCpu: "CPU time of a small request that is counted in metrics, x one that is not",
  metricsObjects: "objects for it, x those for one that is not",
} as const;
export type GuardMeasure = keyof typeof GUARD_MEASURES;

/** Multiples of the bare proxy's; NaN for what cannot be measured on a platform. */
export type GuardFigures = Readonly<Record<GuardMeasure, number>>;

/** How far above its baseline a figure may be, as a share of it; as far below it, the baseline is out of date. */
export const TOLERANCE = 0.25;

/** What some may be at most, whatever their baseline: a healthy name costs 5 % more than a provider's model, as do metrics. */
const LIMITS: Partial<GuardFigures> = { aliasCpu: 1.05, choiceCpu: 1.1, metricsCpu: 1.05 };
const MEASURES = Object.keys(GUARD_MEASURES) as GuardMeasure[];

/** `slower` fails the guard, as does `unknown`: a figure without a baseline. */
function outcomeOf(baseline: number | undefined, measured: number, limit = (baseline ?? NaN) * (1 + TOLERANCE)) {
  if (Number.isNaN(measured)) return "unmeasured";
  if (baseline === undefined) return "unknown";
  if (measured > limit) return "slower";
  return measured < baseline * (1 - TOLERANCE) ? "faster" : "fine";
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

/** Every ratio that was measured so far, of all attempts. */
export type GuardSamples = Readonly<Record<GuardMeasure, number[]>>;

export const noSamples = () => Object.fromEntries(MEASURES.map((name) => [name, [] as number[]])) as GuardSamples;

/** The middle of all ratios: no lucky moment counts, and no disturbed one. */
export const figuresOf = (samples: GuardSamples) =>
  Object.fromEntries(MEASURES.map((name) => [name, median(samples[name]) ?? NaN])) as GuardFigures;

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
