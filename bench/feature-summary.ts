import { FEATURES, PLAIN_NAME } from "./features.ts";
import type { Sample } from "./measure-load.ts";
import { cpuPerUnit, cpuRatios } from "./sample-ratios.ts";
import type { Scenario } from "./scenarios.ts";
import { median } from "./statistics.ts";

/** What one feature costs under one load. */
export interface FeatureCost {
  readonly scenario: string;
  /** CPU time for one request or event, in microseconds. */
  readonly cpuMicroseconds: number | undefined;
  /** CPU time as a multiple of the plain gateway's in the same repeat: the median, the least and the greatest. */
  readonly toPlain: number | undefined;
  readonly least: number | undefined;
  readonly greatest: number | undefined;
}

/** What one feature costs, a member for each load that it was measured under. */
export interface FeatureRow {
  readonly feature: string;
  readonly title: string;
  readonly costs: readonly FeatureCost[];
  readonly errors: number;
  readonly reasons: readonly string[];
}

/** Puts the runs of each feature together; the plain gateway is the first row. */
export function summariseFeatures(scenarios: readonly Scenario[], samples: readonly Sample[]): FeatureRow[] {
  const cost = ({ name: scenario, unit }: Scenario, feature: string): FeatureCost => {
    const loaded = samples.filter((sample) => sample.scenario === scenario);
    const ratios = cpuRatios(loaded, feature, PLAIN_NAME, unit);
    const own = loaded.filter((sample) => sample.target === feature);
    return {
      scenario,
      cpuMicroseconds: median(own.map((sample) => cpuPerUnit(sample, unit))),
      toPlain: median(ratios),
      least: ratios.length === 0 ? undefined : Math.min(...ratios),
      greatest: ratios.length === 0 ? undefined : Math.max(...ratios),
    };
  };
  return [{ name: PLAIN_NAME, title: "none of these" }, ...FEATURES].flatMap(({ name, title }) => {
    const own = samples.filter((sample) => sample.target === name);
    if (own.length === 0) return [];
    return {
      feature: name,
      title,
      costs: scenarios.map((scenario) => cost(scenario, name)),
      errors: own.reduce((sum, { load }) => sum + load.errors, 0),
      reasons: [...new Set(own.flatMap(({ load }) => load.reasons))],
    };
  });
}
