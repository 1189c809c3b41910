import { toDollars } from "../../core/picodollars.ts";
import type { FailureCode } from "../../core/errors.ts";
import type { CallKind, TokenUsage } from "../../core/request-context.ts";
import type { MetricStore } from "./metric-store.ts";
import type { LabelValues } from "./series.ts";

/** What is counted of tokens, and as which type. */
const TOKEN_TYPES = [
  ["inputTokens", "input"],
  ["outputTokens", "output"],
  ["cachedInputTokens", "cache_read"],
  ["cacheCreationInputTokens", "cache_creation"],
  ["reasoningTokens", "reasoning"],
] as const satisfies readonly (readonly [keyof TokenUsage, string])[];

/** What makes series of a model differ, as it is recorded. */
export interface ModelIdentity {
  readonly team: string;
  readonly operation: string;
  readonly provider: string;
  /** The name that was asked for. */
  readonly asked: string;
  /** The provider's model that answers. */
  readonly model: string;
}

/** Numbers of series with these labels, each looked up when it is first needed. */
export class ModelSeries {
  readonly identity: ModelIdentity;
  readonly #store: MetricStore;
  readonly #labels: LabelValues;
  readonly #tokens: number[] = [];
  readonly #failed = { requestDuration: new Map<string, number>(), operationDuration: new Map<string, number>() };
  readonly #attempts = new Map<string, number>();
  #cost: number | undefined;
  #unpriced: number | undefined;
  #firstAttempt = -1;
  #timeToFirstToken = -1;
  #timePerOutputToken = -1;
  #timeToFirstChunk = -1;
  #requestDuration = -1;
  #operationDuration = -1;

  /** @param labels those of all series of a model, in their order */
  constructor(store: MetricStore, identity: ModelIdentity, labels: LabelValues) {
    this.#store = store;
    this.identity = identity;
    this.#labels = labels;
  }

  /** The labels of a tool that was run for it. */
  toolLabels(name: string, error: string | undefined): LabelValues {
    return [...this.#labels, error, name, "mcp"];
  }

  get timeToFirstToken(): number {
    if (this.#timeToFirstToken < 0) this.#timeToFirstToken = this.#store.timeToFirstToken.slot(this.#labels);
    return this.#timeToFirstToken;
  }

  get timePerOutputToken(): number {
    if (this.#timePerOutputToken < 0) this.#timePerOutputToken = this.#store.timePerOutputToken.slot(this.#labels);
    return this.#timePerOutputToken;
  }

  get timeToFirstChunk(): number {
    if (this.#timeToFirstChunk < 0) this.#timeToFirstChunk = this.#store.timeToFirstChunk.slot(this.#labels);
    return this.#timeToFirstChunk;
  }

  requestDuration(failure: FailureCode | undefined): number {
    if (failure !== undefined) return this.#withError("requestDuration", failure);
    if (this.#requestDuration < 0) this.#requestDuration = this.#store.requestDuration.slot(this.#withoutError());
    return this.#requestDuration;
  }

  operationDuration(failure: FailureCode | undefined): number {
    if (failure !== undefined) return this.#withError("operationDuration", failure);
    if (this.#operationDuration < 0) this.#operationDuration = this.#store.operationDuration.slot(this.#withoutError());
    return this.#operationDuration;
  }

  /** Of a call that was made for this reason. */
  attempt(kind: CallKind, failure: FailureCode | undefined): number {
    if (kind !== "first" || failure !== undefined) return this.#furtherAttempt(kind, failure);
    if (this.#firstAttempt < 0) this.#firstAttempt = this.#furtherAttempt(kind, failure);
    return this.#firstAttempt;
  }

  #furtherAttempt(kind: CallKind, failure: FailureCode | undefined): number {
    const key = `${kind} ${failure ?? ""}`;
    let slot = this.#attempts.get(key);
    if (slot === undefined) {
      const { provider, model } = this.identity;
      this.#attempts.set(key, (slot = this.#store.attempts.slot([provider, model, kind, failure])));
    }
    return slot;
  }

  /** Counts what it cost. @param cost in picodollars; null if the price is not known */
  paid(cost: bigint | null): void {
    const { cost: costs, unpriced } = this.#store;
    if (cost === null) return unpriced.add((this.#unpriced ??= unpriced.slot(this.#labels)), 1);
    costs.add((this.#cost ??= costs.slot(this.#labels)), toDollars(cost));
  }

  /** Counts what was used, each type as a value of its own. */
  used(usage: TokenUsage): void {
    const { tokenUsage } = this.#store;
    for (let index = 0; index < TOKEN_TYPES.length; index++) {
      const [member, type] = TOKEN_TYPES[index] as (typeof TOKEN_TYPES)[number];
      const tokens = usage[member];
      // No cache and no thought is what most requests have: they are not counted as ones of 0.
      if (tokens === undefined || !(tokens > 0 || (index < 2 && tokens === 0))) continue;
      this.#tokens[index] ??= tokenUsage.slot([...this.#labels, type]);
      tokenUsage.observe(this.#tokens[index] as number, tokens);
    }
  }

  #withoutError(): LabelValues {
    return [...this.#labels, undefined];
  }

  #withError(family: "requestDuration" | "operationDuration", failure: FailureCode): number {
    let slot = this.#failed[family].get(failure);
    if (slot === undefined)
      this.#failed[family].set(failure, (slot = this.#store[family].slot([...this.#labels, failure])));
    return slot;
  }
}
