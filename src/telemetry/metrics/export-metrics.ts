import { openTurns } from "../../core/event-loop.ts";
import type { Attributes, OpenAttributes } from "../otlp/attributes.ts";
import { writeJson } from "../otlp/json.ts";
import type { MessageValue } from "../otlp/message.ts";
import { EXPORT_METRICS, RESOURCE_METRICS } from "../otlp/messages.ts";
import type { WriteExport } from "../otlp/periodic-export.ts";
import { writeProtobuf } from "../otlp/protobuf.ts";
import { FAMILY_ROWS, type FamilyName } from "./families.ts";
import type { Family } from "./family.ts";
import type { StoreCopy } from "./metric-store.ts";
import { attributeOf, OTEL_METRICS } from "./otel-names.ts";
import type { LabelValues, SeriesCopy } from "./series.ts";

export interface ExportMetricsOptions {
  readonly resource: Attributes;
  readonly scope: { readonly name: string; readonly version: string };
  readonly isJson: boolean;
  /** Each export says what was counted since the last one that the collector took; else since the start. */
  readonly isDelta: boolean;
}

/** `AGGREGATION_TEMPORALITY_…` */
const DELTA = 1;
const CUMULATIVE = 2;

/** So many points are written in one piece, between which others have their turn. */
const POINTS_OF_PIECE = 200;

/** What the points of an export have in common. */
interface Period {
  /** Milliseconds since the epoch: when it began to count, and now. */
  readonly startTimeUnixNano: number;
  readonly timeUnixNano: number;
  /** Exemplars of before were sent already. */
  readonly lastAt: number;
  /** What is not told again; undefined if all is. */
  readonly before: StoreCopy | undefined;
}

/**
 * Writes all series in OTLP, as of one process.
 * @param copy all series as they are now, whose numbers stay those of the same labels
 * @param clock milliseconds since the epoch
 */
export function createWriteMetrics(
  { resource, scope, isJson, isDelta }: ExportMetricsOptions,
  copy: () => StoreCopy,
  clock: () => number,
): WriteExport {
  const openedAt = clock();
  let takenAt = openedAt;
  let taken: StoreCopy | undefined;

  return async () => {
    const now = clock();
    const current = copy();
    const startTimeUnixNano = isDelta ? takenAt : openedAt;
    const period = { startTimeUnixNano, timeUnixNano: now, lastAt: takenAt, before: isDelta ? taken : undefined };
    const pieces: Buffer[] = [];
    const turns = openTurns();
    for (const metrics of piecesOf(current, period)) {
      const group: MessageValue = {
        resource: { attributes: resource },
        scopeMetrics: [{ scope, metrics: metrics.map((each) => withTemporality(each, isDelta ? DELTA : CUMULATIVE)) }],
      };
      // Messages of protobuf in a row are one message, whose lists are joined.
      pieces.push(
        isJson
          ? Buffer.from(`${pieces.length === 0 ? "" : ","}${writeJson(RESOURCE_METRICS, group)}`)
          : Buffer.from(writeProtobuf(EXPORT_METRICS, { resourceMetrics: [group] })),
      );
      if (turns.isOver()) await turns.next();
    }
    const parts = isJson ? [Buffer.from('{"resourceMetrics":['), ...pieces, Buffer.from("]}")] : pieces;
    return {
      body: new Uint8Array(Buffer.concat(parts)),
      taken() {
        takenAt = now;
        taken = current;
      },
    };
  };
}

/** Some points of a family. */
interface FamilyPoints {
  readonly name: FamilyName;
  readonly family: Family;
  readonly points: readonly MessageValue[];
}

/** All points, so many at a time; a family of many is in several pieces. */
function* piecesOf(copy: StoreCopy, period: Period): Generator<readonly FamilyPoints[], void> {
  let piece: FamilyPoints[] = [];
  let count = 0;
  for (const [name, family] of FAMILY_ROWS) {
    const series = copy[name];
    const before = family.kind === "gauge" ? undefined : period.before?.[name];
    let points: MessageValue[] = [];
    for (let row = 0; row < series.rows.length; row++) {
      const point = pointOf(family, OTEL_METRICS[name][1], series, row, before, period);
      if (point && points.push(point) + count >= POINTS_OF_PIECE) {
        yield [...piece, { name, family, points }];
        [piece, points, count] = [[], [], 0];
      }
    }
    if (points.length > 0) piece.push({ name, family, points });
    count += points.length;
  }
  if (piece.length > 0) yield piece;
}

function withTemporality({ name, family: { kind, help }, points }: FamilyPoints, temporality: number): MessageValue {
  const [metric, unit] = OTEL_METRICS[name];
  const known = { name: metric, description: help, unit };
  const data = { dataPoints: points, aggregationTemporality: temporality };
  if (kind === "gauge") return { ...known, gauge: { dataPoints: points } };
  return kind === "counter" ? { ...known, sum: { ...data, isMonotonic: true } } : { ...known, histogram: data };
}

/** @returns undefined if nothing was counted since `before` */
function pointOf(
  { kind, labels, buckets = [] }: Family,
  unit: string,
  { rows, values, exemplars }: SeriesCopy,
  row: number,
  before: SeriesCopy | undefined,
  { startTimeUnixNano, timeUnixNano, lastAt }: Period,
): MessageValue | undefined {
  const width = kind === "histogram" ? buckets.length + 2 : 1;
  const valueAt = (index: number): number =>
    (values[row * width + index] ?? 0) - (before?.values[row * width + index] ?? 0);
  const times = kind === "gauge" ? { timeUnixNano } : { startTimeUnixNano, timeUnixNano };
  const point = { ...times, attributes: attributesOf(labels, rows[row] ?? []) };
  if (kind !== "histogram") {
    const value = valueAt(0);
    if (before && value === 0) return undefined;
    // What has no whole numbers by its nature never has them by chance either.
    const isWhole = Number.isSafeInteger(value) && unit !== "s" && unit !== "USD";
    return { ...point, ...(isWhole ? { asInt: value } : { asDouble: value }) };
  }
  const bucketCounts = Array.from({ length: buckets.length + 1 }, (_, index) => valueAt(index));
  const count = bucketCounts.reduce((sum, each) => sum + each, 0);
  if (before && count === 0) return undefined;
  const latest = bucketCounts.flatMap((_, index) => exemplars?.get(row * width + index) ?? []);
  return {
    ...point,
    count,
    sum: valueAt(buckets.length + 1),
    bucketCounts,
    explicitBounds: buckets,
    exemplars: latest.flatMap(({ traceId, value, at }) =>
      at * 1000 > lastAt && at * 1000 <= timeUnixNano ? [{ timeUnixNano: at * 1000, asDouble: value, traceId }] : [],
    ),
  };
}

/** A label that is empty says nothing. */
function attributesOf(labels: readonly string[], values: LabelValues): OpenAttributes {
  const attributes: OpenAttributes = {};
  for (const [index, label] of labels.entries()) {
    const value = values[index];
    if (value !== undefined && value !== "") attributes[attributeOf(label)] = value;
  }
  return attributes;
}
