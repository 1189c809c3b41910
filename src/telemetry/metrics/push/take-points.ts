import { FAMILIES, type FamilyName } from "../families.ts";
import type { MetricStore } from "../metric-store.ts";
import { OTEL_METRICS } from "../otel-names.ts";
import type { LabelValues, Series } from "../series.ts";
import { estimateSum, findNumberFault, findRangeFault, mergeRanges, rangeOf } from "./merge-ranges.ts";
import type { PushedNames } from "./pushed-names.ts";
import type { PushedMetric, PushedPoint, PushSink } from "./pushed-request.ts";
import type { Reasons } from "./reasons.ts";

/** The families that others may add to. */
const PUSHED: readonly FamilyName[] = [
  ...(["tokenUsage", "requestDuration", "timeToFirstToken", "timePerOutputToken", "operationDuration"] as const),
  ...(["timeToFirstChunk", "toolDuration", "toolCalls", "guardrails"] as const),
];

const FAMILY_OF: ReadonlyMap<string, FamilyName> = new Map(PUSHED.map((name) => [OTEL_METRICS[name][0], name]));

export interface TakePointsParts {
  /** What is pushed is added to it. */
  readonly store: MetricStore;
  readonly names: PushedNames;
  /** Of who pushes, if the issuer says it. */
  readonly team: string | undefined;
  readonly reasons: Reasons;
}

/** Adds the points of a request to series, and refuses those that cannot be added. */
export class TakePoints implements PushSink {
  readonly #parts: TakePointsParts;
  #metric = "";
  #kind = "";
  #serviceName = "";
  /** Why none of the metric's points is taken; undefined if nobody knows the metric. */
  #fault: string | undefined;
  #series: Series | undefined;

  constructor(parts: TakePointsParts) {
    this.#parts = parts;
  }

  begin(metric: PushedMetric): boolean {
    const { name, kind, serviceName } = metric;
    const family = FAMILY_OF.get(name);
    this.#metric = name;
    this.#kind = kind;
    this.#serviceName = serviceName;
    this.#series = undefined;
    const fault = family === undefined ? undefined : findMetricFault(metric, family);
    if (family === undefined || fault !== undefined) {
      this.#fault = fault;
      return false;
    }
    this.#series = this.#parts.store[family];
    return true;
  }

  refuse(count: number): void {
    this.#parts.reasons.refuse(count, this.#metric, this.#fault);
  }

  take(point: PushedPoint): void {
    if (point.isEmpty) return;
    const fault = this.#kind === "sum" ? findSumFault(point) : findHistogramFault(point);
    if (fault !== undefined) return this.#parts.reasons.refuse(1, this.#metric, fault);
    const series = this.#series;
    if (!series || point.value === undefined || (this.#kind === "histogram" && point.value === 0)) return;
    const slot = series.slot(this.#labelsOf(series, point));
    if (this.#kind === "histogram") addHistogram(series, slot, point, point.value);
    // The conventions have an observation for each operation: a sum of one push counts as one.
    else if (series.family.kind === "histogram") series.observe(slot, point.value);
    else series.add(slot, point.value);
  }

  #labelsOf({ family: { labels } }: Series, { attributes }: PushedPoint): LabelValues {
    const { names, team } = this.#parts;
    return labels.map((label) => names.labelOf(label, attributes, this.#serviceName, team));
  }
}

/** Why no point of a metric can be added; undefined if they can. */
function findMetricFault({ kind, unit, isDelta, isMonotonic }: PushedMetric, family: FamilyName): string | undefined {
  const isCounter = FAMILIES[family].kind === "counter";
  if (isCounter && kind !== "sum") return "only sum data is supported";
  if (kind !== "histogram" && !(kind === "sum" && (isCounter || family === "tokenUsage"))) {
    return family === "tokenUsage" ? "only sum and histogram data are supported" : "only histogram data is supported";
  }
  if (!isDelta) return "only delta temporality is supported";
  if (isCounter && !isMonotonic) return "only monotonic sums are supported";
  // Of others there are many names for "so many".
  if (OTEL_METRICS[family][1] === "s" && unit !== "" && unit !== "s") return "its unit must be s";
  return undefined;
}

function findSumFault({ value }: PushedPoint): string | undefined {
  return value === undefined ? "a point has no value" : findNumberFault(value, "a value");
}

function findHistogramFault(point: PushedPoint): string | undefined {
  const { value = 0, sum } = point;
  const fault =
    findNumberFault(value, "its count") ??
    (Number.isInteger(value) ? undefined : "its count is not whole") ??
    (sum === undefined ? undefined : findNumberFault(sum, "its sum")) ??
    findRangeFault(point);
  if (fault !== undefined || value === 0) return fault;
  return sum === undefined && point.bounds.length === 0 ? "it has neither a sum nor ranges" : undefined;
}

function addHistogram(series: Series, slot: number, point: PushedPoint, count: number): void {
  const { buckets = [] } = series.family;
  const sum = point.sum ?? estimateSum(point);
  // One that says nothing of how its observations are spread has them where their mean is.
  if (point.bounds.length === 0) series.addAt(slot, rangeOf(sum / count, buckets), count);
  else mergeRanges(point, buckets, (range, added) => series.addAt(slot, range, added));
  series.addAt(slot, buckets.length + 1, sum);
}
