/** So many different reasons are told; how many more there are is said. */
const MAX_REASONS = 10;

/** Of a name in a reason. */
const MAX_CHARACTERS = 100;

/** Why points of a request were not taken. */
export class Reasons {
  readonly #told = new Set<string>();
  #lastMetric: string | undefined;
  #lastFault: string | undefined;
  #refused = 0;
  #isCut = false;

  /** @param metric its name, which the pusher may have made up. @param fault undefined if there is no such metric */
  refuse(count: number, metric: string, fault: string | undefined): void {
    this.#refused += count;
    // Usually all are refused for the same reason.
    if (metric === this.#lastMetric && fault === this.#lastFault) return;
    this.#lastMetric = metric;
    this.#lastFault = fault;
    const shown = metric.length > MAX_CHARACTERS ? `${metric.slice(0, MAX_CHARACTERS)}…` : metric;
    const quoted = JSON.stringify(shown.toWellFormed());
    const reason = fault === undefined ? `unsupported metric ${quoted}` : `metric ${quoted}: ${fault}`;
    if (this.#told.has(reason)) return;
    if (this.#told.size < MAX_REASONS) this.#told.add(reason);
    else this.#isCut = true;
  }

  /** How many points. */
  get refused(): number {
    return this.#refused;
  }

  /** In one line; empty if all were taken. */
  toString(): string {
    return [...this.#told, ...(this.#isCut ? ["and more"] : [])].join("; ");
  }
}
