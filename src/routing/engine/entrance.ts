import { Failure, FAILURES, toFailure } from "../../core/errors.ts";
import type { GateRefusal } from "../limits/gates.ts";
import type { Attempt } from "./attempt.ts";
import { enter, enterOne, type EnterParts } from "./enter.ts";
import { retryAfterHeader } from "./final-failure.ts";
import type { Filter, Plan } from "./plan.ts";
import type { Target } from "./prepare-model.ts";
import type { AttemptKind, RoutedRequest } from "./route.ts";
import type { Waiting } from "./waiting.ts";

/**
 * Where a request gets the permits for its next attempt, and why it does not. Every attempt that comes from here has begun.
 */
export class Entrance<Reply> {
  readonly #parts: EnterParts;
  readonly #request: RoutedRequest<Reply>;
  readonly #plan: Plan<Reply>;
  readonly #waiting: Waiting;
  readonly #begin: (attempt: Attempt<Reply>) => void;
  #queueFailure: Failure | undefined;
  #refusal: GateRefusal | undefined;

  constructor(
    parts: EnterParts,
    request: RoutedRequest<Reply>,
    plan: Plan<Reply>,
    waiting: Waiting,
    begin: (attempt: Attempt<Reply>) => void,
  ) {
    this.#parts = parts;
    this.#request = request;
    this.#plan = plan;
    this.#waiting = waiting;
    this.#begin = begin;
  }

  /** Goes through the models, from where the round is, to a deployment that does not cool and has room. */
  async seek(filter: Filter): Promise<Attempt<Reply> | undefined> {
    const plan = this.#plan;
    for (; plan.at < plan.chain.length; plan.at++) {
      const { target } = plan;
      const entered = this.#enterHealthy(target, filter) ?? (await this.#queue(target, filter));
      if (entered) return entered;
    }
    return undefined;
  }

  #enterHealthy(target: Target, filter: Filter): Attempt<Reply> | undefined {
    return this.enter(target, filter, this.#plan.kindFor(target));
  }

  /** Waits for room: in the queue of the model, or for a moment if it has none. */
  async #queue(target: Target, filter: Filter): Promise<Attempt<Reply> | undefined> {
    const { gates, now } = this.#parts;
    const { name } = target.model.options;
    const waiting = this.#plan.candidates(target, filter, now());
    if (waiting.length === 0) return undefined;
    let entered: Attempt<Reply> | undefined;
    const tryAgain = (): boolean => {
      if (this.#waiting.ending) return false;
      // If all of them cool by now, there is nothing to wait for here.
      if (this.#plan.candidates(target, filter, now()).length === 0) return true;
      entered ??= this.#enterHealthy(target, filter);
      return entered !== undefined;
    };
    const since = now();
    try {
      const deployments = waiting.map(({ deployment }) => deployment);
      await gates.wait(name, deployments, this.#waiting.signal(), tryAgain);
    } catch (error) {
      this.#queueFailure = toFailure(error);
    }
    const waited = now() - since;
    if (waited > 0) this.#request.queued?.(waited);
    if (this.#waiting.ending) throw this.#waiting.ending;
    return entered;
  }

  /** All of a model's deployments cool, and nobody else can be asked: the one that cools least long. */
  leastBad(filter: Filter): Attempt<Reply> | undefined {
    const now = this.#parts.now();
    for (const [at, target] of this.#plan.chain.entries()) {
      for (const candidate of this.#plan.leastBad(target, filter, now)) {
        const entry = { kind: this.#plan.kindFor(target), now, onRefusal: this.#refused };
        const entered = enterOne<Reply>(this.#parts, target.star, this.#request.estimatedTokens, candidate, entry);
        if (!entered) continue;
        this.#plan.at = at;
        this.#begin(entered);
        return entered;
      }
    }
    return undefined;
  }

  /** Of a model, one that does not cool and has room. */
  enter(target: Target, filter: Filter, kind: AttemptKind): Attempt<Reply> | undefined {
    const now = this.#parts.now();
    const entry = { kind, now, onRefusal: this.#refused };
    const candidates = this.#plan.candidates(target, filter, now);
    const preferred = this.#plan.elsewhere(candidates);
    const entered =
      enter(this.#parts, target, this.#request, preferred, entry) ??
      enter(this.#parts, target, this.#request, candidates, entry);
    if (entered) this.#begin(entered);
    return entered;
  }

  readonly #refused = (refusal: GateRefusal): void => {
    const { retryAfterMs = Number.POSITIVE_INFINITY } = refusal;
    if (!this.#refusal || retryAfterMs < (this.#refusal.retryAfterMs ?? Number.POSITIVE_INFINITY))
      this.#refusal = refusal;
  };

  /** Why nobody could be asked. */
  failure(): Failure {
    const now = this.#parts.now();
    if (this.#queueFailure && this.#queueFailure.code !== "at_limit") return this.#queueFailure;
    if (this.#refusal) {
      const { limit, retryAfterMs = 0 } = this.#refusal;
      const message = `${FAILURES.at_limit.message}: ${limit}`;
      return new Failure("at_limit", { message, headers: retryAfterHeader(retryAfterMs) });
    }
    const cooling = this.#plan.chain.flatMap(({ model }) => model.candidates.map(({ state }) => state.coolingUntil));
    const first = Math.min(...cooling.filter((until) => until > 0));
    return new Failure("deployments_cooling", Number.isFinite(first) ? { headers: retryAfterHeader(first - now) } : {});
  }
}
