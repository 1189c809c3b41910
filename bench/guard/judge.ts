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
  everythingCpu: "CPU time of a small request with metrics, history, keys, policy and limits, x one without",
  everythingStreamCpu: "CPU time of an event of a paced stream with all these, x one without",
} as const;
export type GuardMeasure = keyof typeof GUARD_MEASURES;

/** Multiples of the bare proxy's. */
export type GuardFigures = Readonly<Record<GuardMeasure, number>>;
/** Every one that was measured so far, of all attempts. */
export type GuardSamples = Readonly<Record<GuardMeasure, number[]>>;

/** How far above its baseline a figure may be, as a share of it; as far below it, the baseline is out of date. */
export const TOLERANCE = 0.25;

/** What some may be at most, whatever their baseline: a healthy name 5 % more than a model of a provider, all at once a quarter. */
const LIMITS: Partial<GuardFigures> = {
  ...{ aliasCpu: 1.05, choiceCpu: 1.1, metricsCpu: 1.05 },
  ...{ everythingCpu: 1.25, everythingStreamCpu: 1.15 },
};
const MEASURES = Object.keys(GUARD_MEASURES) as GuardMeasure[];

export const noSamples = () => Object.fromEntries(MEASURES.map((name) => [name, [] as number[]])) as GuardSamples;

/** In how many standard errors what is measured is at least so much: 95 of 100 times. */
const CERTAIN = 1.645;

/**
 * What the middle of ever more samples would be at least, by the sign test: on a quiet machine hardly less than the middle of
 * these; less if they differ widely, so that chance fails nobody. The lowest of a few.
 */
export function leastOf(samples: readonly number[]): number {
  const place = Math.floor((samples.length - CERTAIN * Math.sqrt(samples.length)) / 2);
  return samples.toSorted((one, other) => one - other)[Math.max(0, place)] ?? NaN;
}

/** `slower` fails the guard, as does `unknown`: a figure without a baseline. */
function outcomeOf(baseline: number | undefined, measured: number, atLeast: number, limit: number) {
  if (Number.isNaN(measured)) return "unmeasured";
  if (baseline === undefined) return "unknown";
  if (atLeast > limit) return "slower";
  return measured < baseline * (1 - TOLERANCE) ? "faster" : "fine";
}

/** Compares the middle of what was measured with the baseline, a verdict for each measure; NaN for what was not. */
export const judge = (baseline: Partial<GuardFigures>, samples: GuardSamples) =>
  MEASURES.map((measure) => {
    const [before, measured, atLeast] = [baseline[measure], median(samples[measure]) ?? NaN, leastOf(samples[measure])];
    const limit = LIMITS[measure] ?? (before ?? NaN) * (1 + TOLERANCE);
    /** How far the figure is above the baseline, as a share of it. */
    const change = before === undefined ? undefined : measured / before - 1;
    return {
      measure,
      baseline: before,
      measured,
      atLeast,
      change,
      outcome: outcomeOf(before, measured, atLeast, limit),
    };
  });
export type GuardVerdict = ReturnType<typeof judge>[number];

/** Whether the guard lets this pass. */
export const passes = (verdicts: readonly GuardVerdict[]): boolean =>
  verdicts.every(({ outcome }) => outcome !== "slower" && outcome !== "unknown");

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
