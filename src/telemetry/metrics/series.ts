import type { Family } from "./family.ts";

/** The values of a family's labels, in its order; one that is undefined is not shown. */
export type LabelValues = readonly (string | undefined)[];

/** An observation that can be looked up: its trace. */
export interface Exemplar {
  readonly traceId: string;
  readonly value: number;
  /** Seconds since the epoch. */
  readonly at: number;
}

/** All series of a family as they are at one time, for another process. */
export interface SeriesCopy {
  readonly rows: readonly LabelValues[];
  readonly values: Float64Array;
  /** By the index of the range in `values`. */
  readonly exemplars?: ReadonlyMap<number, Exemplar>;
}

/** More series than this a family does not get: what differs in names is then counted together. */
export const MAX_SERIES = 1000;

/** In place of a name for which there is no room, or that nobody but a client has made known. */
export const OTHER = "other";

/** Whose requests the gateway itself has seen; others are told to it. */
export const OWN_SOURCE = "gateway";

/**
 * So many series of a family are of other sources, which have room of their own: whoever pushes metrics must not take that
 * of the gateway.
 */
export const MAX_PUSHED_SERIES = 500;

/** Labels whose values the gateway itself makes up, so that there are few. */
const FEW_VALUES: ReadonlySet<string> = new Set([
  ...["source", "gen_ai_operation_name", "gen_ai_token_type", "gen_ai_tool_type", "error_type"],
  ...["outcome", "status", "kind", "state"],
]);

const FIRST_CAPACITY = 4;

/**
 * The series of one family. Whoever records looks a series up once, by its labels, and keeps its number: from then on a
 * record is an addition in an array, and allocates nothing. A class, whose methods are compiled once for all families.
 */
export class Series {
  readonly family: Family;
  /** Numbers of one series: of a histogram one for each range, one for what is above, and the sum. */
  readonly width: number;
  readonly rows: LabelValues[] = [];
  readonly #slots = new Map<string, number>();
  readonly #buckets: Float64Array;
  #values: Float64Array;
  #exemplars: Map<number, Exemplar> | undefined;
  #pushed = 0;

  constructor(family: Family) {
    this.family = family;
    this.#buckets = Float64Array.from(family.buckets ?? []);
    this.width = family.kind === "histogram" ? this.#buckets.length + 2 : 1;
    this.#values = new Float64Array(FIRST_CAPACITY * this.width);
  }

  /** The number of the series with these labels, or of the one that stands for it. */
  slot(labels: LabelValues): number {
    const key = JSON.stringify(labels);
    const known = this.#slots.get(key);
    if (known !== undefined) return known;
    // Halves of surrogate pairs, which are written so, are all shown as the same character.
    if (key.includes("\\ud") && labels.some((value) => value?.isWellFormed() === false)) {
      return this.slot(labels.map((value) => value?.toWellFormed()));
    }
    const isPushed = this.family.labels[0] === "source" && labels[0] !== OWN_SOURCE;
    if (isPushed ? this.#pushed >= MAX_PUSHED_SERIES : this.rows.length - this.#pushed >= MAX_SERIES) {
      const together = labels.map((value, index) => this.#common(this.family.labels[index] ?? "", value, isPushed));
      // If this is the one that stands for others, there are few.
      if (JSON.stringify(together) !== key) return this.slot(together);
    }
    const slot = this.rows.push(labels) - 1;
    if (isPushed) this.#pushed += 1;
    this.#slots.set(key, slot);
    if (this.rows.length * this.width > this.#values.length) {
      const larger = new Float64Array(this.#values.length * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    return slot;
  }

  /** @param isPushed nothing of it is made up by the gateway, not even which labels it has */
  #common(label: string, value: string | undefined, isPushed: boolean): string | undefined {
    if (isPushed) return value === undefined && label === "error_type" ? value : OTHER;
    return value === undefined || FEW_VALUES.has(label) ? value : OTHER;
  }

  /** One number of a series. */
  valueAt(slot: number, index = 0): number {
    return this.#values[slot * this.width + index] ?? 0;
  }

  exemplarAt(slot: number, index: number): Exemplar | undefined {
    return this.#exemplars?.get(slot * this.width + index);
  }

  /** To one number of a series: to one of a histogram's ranges, or to its sum, which is the last. */
  addAt(slot: number, index: number, amount: number): void {
    const at = slot * this.width + index;
    this.#values[at] = (this.#values[at] as number) + amount;
  }

  /** Of a counter or a gauge. */
  add(slot: number, amount: number): void {
    this.#values[slot] = (this.#values[slot] as number) + amount;
  }

  set(slot: number, value: number): void {
    this.#values[slot] = value;
  }

  /** Of a histogram. @returns the index of the value's range, for {@link exemplify} */
  observe(slot: number, value: number): number {
    const buckets = this.#buckets;
    const last = buckets.length;
    const start = slot * this.width;
    let index = 0;
    while (index < last && value > (buckets[index] as number)) index++;
    const values = this.#values;
    values[start + index] = (values[start + index] as number) + 1;
    values[start + last + 1] = (values[start + last + 1] as number) + value;
    return index;
  }

  /** Names the trace of what was just observed. */
  exemplify(slot: number, index: number, exemplar: Exemplar): void {
    (this.#exemplars ??= new Map()).set(slot * this.width + index, exemplar);
  }

  /** Forgets all series: of gauges, which are as they are now. */
  clear(): void {
    this.rows.length = 0;
    this.#slots.clear();
    this.#pushed = 0;
    this.#values.fill(0);
    this.#exemplars = undefined;
  }

  /** Begins to count anew. The series stay. */
  zero(): void {
    this.#values.fill(0);
  }

  copy(): SeriesCopy {
    return {
      rows: [...this.rows],
      values: this.#values.slice(0, this.rows.length * this.width),
      ...(this.#exemplars && { exemplars: this.#exemplars }),
    };
  }

  /** Adds what was counted elsewhere, series by series and range by range. */
  merge({ rows, values, exemplars }: SeriesCopy): void {
    const { width } = this;
    for (const [row, labels] of rows.entries()) {
      const slot = this.slot(labels);
      for (let index = 0; index < width; index++) {
        this.addAt(slot, index, values[row * width + index] ?? 0);
        const exemplar = exemplars?.get(row * width + index);
        if (exemplar) this.exemplify(slot, index, exemplar);
      }
    }
  }
}
