/** What the points of a metric are. Only sums and histograms are counted. */
export type PushedKind = "sum" | "histogram" | "other" | "none";

/** A metric as it is pushed, without its points. */
export interface PushedMetric {
  readonly name: string;
  readonly unit: string;
  readonly kind: PushedKind;
  readonly isDelta: boolean;
  /** Of a sum. */
  readonly isMonotonic: boolean;
  /** What its resource calls itself. */
  readonly serviceName: string;
}

/** A point of a sum or of a histogram: the same object for each of a request, so that many cost little. */
export class PushedPoint {
  /** The attributes that are looked at; of those with one name, the last. */
  readonly attributes = new Map<string, string>();
  /** What a sum has grown by, or the number of observations; undefined if it is not said. */
  value: number | undefined;
  /** Of a histogram's observations; undefined if it is not said. */
  sum: number | undefined;
  /** Of a histogram: how many observations are in which range, and the upper ends of all ranges but the last. */
  readonly counts: number[] = [];
  readonly bounds: number[] = [];
  /** It says of itself that nothing was recorded. */
  isEmpty = false;
  /** It has more ranges than are looked at. */
  isTooLong = false;

  clear(): void {
    this.attributes.clear();
    this.value = undefined;
    this.sum = undefined;
    this.counts.length = 0;
    this.bounds.length = 0;
    this.isEmpty = false;
    this.isTooLong = false;
  }
}

/** What is done with a request as it is read. */
export interface PushSink {
  /** A metric begins. @returns whether its points are to be read; else they are only counted */
  begin(metric: PushedMetric): boolean;
  /** A point of the metric that has begun, which is gone after this. */
  take(point: PushedPoint): void;
  /** So many points of the metric that has begun were not read. */
  refuse(count: number): void;
}

/** Reads a request, and stops now and then so that others can have a turn. @throws Failure `malformed_body` */
export type ReadPush = Generator<undefined, void>;

/** So many steps, each of them a field or a member at least, take less than a millisecond. */
export const STEPS_OF_TURN = 2048;

/** Counts the steps that are done in a turn. */
export class TurnSteps {
  #count = 0;

  /** A step begins. @returns whether it is to wait for the next turn, because this one had enough */
  isTurnOver(): boolean {
    this.#count += 1;
    if (this.#count < STEPS_OF_TURN) return false;
    this.#count = 0;
    return true;
  }

  /** What is done now is as much work as so many more steps. */
  add(steps: number): void {
    this.#count += steps;
  }
}

/** Ranges of a histogram of which a point is refused that has more. SDKs make up to 160. */
export const MAX_RANGES = 1024;

/** What is looked at of a point. An attribute whose value is no text is not there. */
export const READ_ATTRIBUTES: ReadonlySet<string> = new Set([
  ...["source", "team", "phase", "action", "guardrail.phase", "guardrail.action", "error.type"],
  ...["gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.system", "gen_ai.request.model"],
  ...["gen_ai.response.model", "gen_ai.token.type", "gen_ai.tool.name", "gen_ai.tool.type"],
]);

/** Longest name of an attribute that is looked at, in bytes. */
export const LONGEST_ATTRIBUTE = Math.max(...[...READ_ATTRIBUTES].map(({ length }) => length));

/** `AGGREGATION_TEMPORALITY_DELTA` */
export const DELTA = 1;

/** `DATA_POINT_FLAGS_NO_RECORDED_VALUE_MASK` */
export const NO_RECORDED_VALUE = 1;
