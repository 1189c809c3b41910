import { Failure, FAILURES, toFailure } from "../../core/errors.ts";
import type { AnswerWait, GateRefusal } from "../limits/gates.ts";
import type { Attempt } from "./attempt.ts";
import { enter, enterOne, type EnterParts, type Entry } from "./enter.ts";
import { retryAfterHeader } from "./final-failure.ts";
import { ANY, type Filter, type Plan } from "./plan.ts";
import type { ChainLink, ModelCandidate } from "./prepare-model.ts";
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
  /** Those that were not waited for, because they cooled. */
  readonly #passedOver = new Set<ChainLink>();
  #queueFailure: Failure | undefined;
  #refusal: GateRefusal | undefined;
  /** Of all waits of the request; undefined before the first. */
  #answers: AnswerWait | undefined;
  /** Other processes are being asked whether the deployment that was chosen last is at a limit. */
  #isAsking = false;

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
      const entered = await this.seekIn(plan.link, filter);
      if (entered) return entered;
    }
    return undefined;
  }

  /** In one model. */
  async seekIn(link: ChainLink, filter: Filter): Promise<Attempt<Reply> | undefined> {
    return this.enter(link, filter) ?? (await this.#queue(link, filter));
  }

  /** As {@link seek}, from the first model on, and without waiting for room. */
  enterAtOnce(filter: Filter): Attempt<Reply> | undefined {
    const plan = this.#plan;
    for (plan.at = 0; plan.at < plan.chain.length; plan.at++) {
      const entered = this.enter(plan.link, filter);
      if (entered) return entered;
    }
    return undefined;
  }

  /** Waits for room: in the queue of the model, or for a moment if it has none. */
  async #queue(link: ChainLink, filter: Filter): Promise<Attempt<Reply> | undefined> {
    const { now } = this.#parts;
    const waiting = this.#plan.candidates(link, filter, now());
    this.#passedOver.add(link);
    if (waiting.length === 0) return undefined;
    const entered = await this.#wait(link, waiting, () => {
      if (this.#plan.candidates(link, filter, now()).length > 0) return this.enter(link, filter);
      // All of them cool by now: there is nothing to wait for here, and it is not their limits that refuse.
      this.#refusal = undefined;
      return "over";
    });
    if (entered === undefined) this.#passedOver.delete(link);
    return entered === "over" ? undefined : entered;
  }

  async #wait(
    link: ChainLink,
    candidates: readonly ModelCandidate[],
    tryEnter: () => Attempt<Reply> | "over" | undefined,
  ): Promise<Attempt<Reply> | "over" | undefined> {
    const { gates, now } = this.#parts;
    let entered: Attempt<Reply> | "over" | undefined;
    const tryAgain = (): boolean => {
      if (this.#waiting.ending) return false;
      entered ??= tryEnter();
      return entered !== undefined;
    };
    // Whoever is refused at once has waited for nothing.
    let since: number | undefined;
    const onWait = (): void => void (since ??= now());
    try {
      const deployments = candidates.map(({ deployment }) => deployment);
      this.#answers ??= { waitedMs: 0 };
      const { name } = link.model.options;
      await gates.wait(name, deployments, this.#waiting.signal(), tryAgain, onWait, this.#answers);
    } catch (error) {
      this.#queueFailure = toFailure(error);
    }
    const waited = since === undefined ? 0 : now() - since;
    if (waited > 0) this.#request.queued?.(waited);
    if (this.#waiting.ending) throw this.#waiting.ending;
    return entered;
  }

  /**
   * Nobody does not cool and has room: asks whoever cools least long. If all that may be tried are at their limits, they
   * are waited for as if they did not cool. By now one may have recovered.
   */
  async leastBad(filter: Filter): Promise<Attempt<Reply> | undefined> {
    const { chain } = this.#plan;
    for (const at of chain.keys()) {
      const entered = this.#enterAny(at, filter);
      if (entered) return entered;
    }
    for (const [at, link] of chain.entries()) {
      if (!this.#passedOver.has(link)) continue;
      const now = this.#parts.now();
      const waiting = [...this.#plan.candidates(link, filter, now), ...this.#plan.leastBad(link, filter, now)];
      if (waiting.length === 0) continue;
      const entered = await this.#wait(link, waiting, () => this.#enterAny(at, filter));
      if (entered && entered !== "over") return entered;
    }
    return undefined;
  }

  #enterAny(at: number, filter: Filter): Attempt<Reply> | undefined {
    const link = this.#plan.chain[at];
    if (!link) return undefined;
    this.#plan.at = at;
    return this.enter(link, filter) ?? this.#enterLeastBad(link, filter);
  }

  #enterLeastBad(link: ChainLink, filter: Filter): Attempt<Reply> | undefined {
    const now = this.#parts.now();
    for (const candidate of this.#plan.leastBad(link, filter, now)) {
      const entered = enterOne<Reply>(this.#parts, link.star, candidate, this.#entryFor(this.#plan.kindFor(link), now));
      if (!entered) continue;
      this.#begin(entered);
      return entered;
    }
    return undefined;
  }

  /** Of a model, one that does not cool and has room. */
  enter(link: ChainLink, filter: Filter, kind: AttemptKind = this.#plan.kindFor(link)): Attempt<Reply> | undefined {
    const now = this.#parts.now();
    const entry = this.#entryFor(kind, now);
    const candidates = this.#plan.candidates(link, filter, now);
    const preferred = this.#plan.elsewhere(candidates);
    this.#isAsking = false;
    let entered = enter<Reply>(this.#parts, link, this.#request, preferred, entry);
    if (!this.#isAsking) entered ??= enter<Reply>(this.#parts, link, this.#request, candidates, entry);
    if (entered) this.#begin(entered);
    return entered;
  }

  #entryFor(kind: AttemptKind, now: number): Entry {
    return { kind, now, estimatedTokens: this.#request.estimatedTokens, onRefusal: this.#refused };
  }

  readonly #refused = (refusal: GateRefusal): void => {
    this.#isAsking = refusal.isAsking;
    const { retryAfterMs = Number.POSITIVE_INFINITY } = refusal;
    if (!this.#refusal || retryAfterMs < (this.#refusal.retryAfterMs ?? Number.POSITIVE_INFINITY))
      this.#refusal = refusal;
  };

  /** How long it is until somebody who was not asked may take the request, in milliseconds, as far as is known; 1 for soon. */
  msUntilOthers(): number {
    const waits = this.#plan.left(ANY).map(({ state }) => state.coolingUntil - this.#parts.now());
    return Math.min(...waits.map((wait) => (wait > 0 ? wait : (this.#refusal?.retryAfterMs ?? 1))));
  }

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
