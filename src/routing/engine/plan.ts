import type { Provider } from "../../providers/provider.ts";
import type { Deployment } from "../models/deployment.ts";
import type { Attempt } from "./attempt.ts";
import type { Verdict } from "../health/classify-failure.ts";
import type { RetryBudget } from "../health/retry-budget.ts";
import { availableOf, type ChainLink, type ModelCandidate } from "./prepare-model.ts";
import type { AttemptKind } from "./route.ts";
import { modelFor } from "../models/routed-model.ts";

/** Whoever says that it is to be asked again only after a longer time is not waited for. */
const LONGEST_WAIT_MS = 60_000;

/** Which of the candidates of a link may be asked, beside what their circuits say. */
export type Filter = (candidate: ModelCandidate, link: ChainLink) => boolean;

export const ANY: Filter = () => true;

/** Deployments of the same provider that have another key. */
export const otherKeyOf =
  (provider: Provider): Filter =>
  ({ deployment: { provider: other } }) =>
    other.id === provider.id && other !== provider && (provider.key === undefined || other.key !== provider.key);

/** Finds the link of a name. */
export type LinkOf = (name: string) => ChainLink | undefined;

/** A link, followed by those to which it falls back, and they in turn; each once. */
function chainOf(first: readonly ChainLink[], linkOf: LinkOf): readonly ChainLink[] {
  const chain = new Map<string, ChainLink>();
  const visit = (link: ChainLink): void => {
    const { name, fallbacks } = link.model.options;
    const key = `${name} ${link.star}`;
    if (chain.has(key)) return;
    chain.set(key, link);
    for (const fallback of fallbacks) {
      const next = linkOf(fallback);
      if (next) visit(next);
    }
  };
  first.forEach(visit);
  return [...chain.values()];
}

/**
 * Where a request may be sent next: a round asks each deployment at most once, those of the model first, then those of its
 * fallbacks; the next round begins after a while.
 */
export class Plan<Reply> {
  readonly asked: ChainLink;
  chain: readonly ChainLink[];
  /** Where in the chain the round is. */
  at = 0;
  round = 1;
  readonly #attempts: readonly Attempt<Reply>[];
  readonly #linkOf: LinkOf;
  readonly #tried = new Set<string>();

  constructor(asked: ChainLink, attempts: readonly Attempt<Reply>[], linkOf: LinkOf) {
    this.asked = asked;
    this.#attempts = attempts;
    this.#linkOf = linkOf;
    this.chain = asked.model.options.fallbacks.length === 0 ? [asked] : chainOf([asked], linkOf);
    for (const attempt of attempts) this.tried(attempt);
  }

  /** The model that is asked. */
  get link(): ChainLink {
    return this.chain[Math.min(this.at, this.chain.length - 1)] ?? this.asked;
  }

  /** Of all requests of the model that is asked. */
  get budget(): RetryBudget {
    return this.asked.model.state.budget;
  }

  kindFor(link: ChainLink): AttemptKind {
    if (link !== this.asked) return "fallback";
    return this.#attempts.length === 0 ? "first" : "retry";
  }

  /** An attempt begins. */
  tried({ deployment, model }: Attempt<Reply>): void {
    this.#tried.add(keyOf(deployment, model));
  }

  /** Those of a link that may be asked at once. */
  candidates(link: ChainLink, filter: Filter, now: number): readonly ModelCandidate[] {
    const available = availableOf(link.model, now);
    const mayAsk = (each: ModelCandidate): boolean => !this.#isTried(each, link) && filter(each, link);
    return available.every(mayAsk) ? available : available.filter(mayAsk);
  }

  /** Those that were not asked in this round, for whatever reason. */
  left(filter: Filter): readonly ModelCandidate[] {
    return this.chain.flatMap((link) =>
      link.model.candidates.filter((each) => !this.#isTried(each, link) && filter(each, link)),
    );
  }

  #isTried({ deployment }: ModelCandidate, { star }: ChainLink): boolean {
    return this.#tried.has(keyOf(deployment, modelFor(deployment, star)));
  }

  /**
   * Those that another server stands behind than the ones that have failed, or that are being asked: what is wrong with a
   * server is wrong for all of its keys.
   */
  elsewhere(candidates: readonly ModelCandidate[]): readonly ModelCandidate[] {
    const endpoints = this.#attempts
      .filter(({ verdict, endedAt }) => endedAt === undefined || verdict?.blame === "failure")
      .map(({ deployment }) => deployment.provider.endpointKey);
    return candidates.filter(({ deployment }) => !endpoints.includes(deployment.provider.endpointKey));
  }

  /** Those of a link that would have to be asked while they cool, the one that cools least long first. */
  leastBad(link: ChainLink, filter: Filter, now: number): readonly ModelCandidate[] {
    const { options, candidates } = link.model;
    if (options.cooldown.whenAll === "refuse" || candidates.some(({ state }) => state.isAvailable(now))) return [];
    return candidates
      .filter((each) => filter(each, link))
      .sort((one, other) => one.state.coolingUntil - other.state.coolingUntil);
  }

  /** Whether an attempt may follow one that failed so, whoever is asked. */
  allows({ next, reasons, requestSent }: Verdict): boolean {
    const { retries } = this.asked.model.options;
    if (next === "nobody" || this.#attempts.length >= retries.attempts) return false;
    return (
      next !== "any" || (reasons.some((reason) => retries.on.has(reason)) && (!requestSent || retries.repeatsSent))
    );
  }

  /**
   * Turns to the models for what the last one cannot take: those that it names, or else the model that was asked for.
   * @returns false if there are none of which a deployment is left
   */
  turnTo(list: "contextFallbacks" | "contentFallbacks"): boolean {
    const names = [this.link, this.asked].flatMap(({ model }) => model.options[list]);
    const left = names.flatMap((name) => this.#linkOf(name) ?? []).filter((link) => this.#hasLeft(link));
    if (left.length === 0) return false;
    this.chain = chainOf(left, this.#linkOf);
    this.at = 0;
    return true;
  }

  /** Whether not all deployments of a link were asked. */
  #hasLeft({ model, star }: ChainLink): boolean {
    return model.candidates.some(({ deployment }) => !this.#lastOf(deployment, modelFor(deployment, star)));
  }

  /** Everybody may be asked once more. */
  nextRound(): void {
    this.round += 1;
    this.at = 0;
    this.#tried.clear();
  }

  /**
   * When one that has failed may be asked again: when its provider said, or after a back-off, which is exponential with
   * full jitter. https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
   * @param random from 0 to 1
   * @returns milliseconds of the monotonic clock; undefined if asking again does not help, or only too late
   */
  askAgainAt(now: number, until: number, random: number): number | undefined {
    const { backoffMs, maxBackoffMs } = this.asked.model.options.retries;
    const backoff = Math.min(maxBackoffMs, backoffMs * 2 ** (this.round - 1)) * random;
    let earliest = Number.POSITIVE_INFINITY;
    for (const attempt of this.#attempts) {
      if (this.#lastOf(attempt.deployment, attempt.model) !== attempt || !attempt.verdict?.again) continue;
      earliest = Math.min(earliest, readyAt(attempt) ?? now + backoff);
    }
    const at = Math.max(now, earliest);
    return at - now <= LONGEST_WAIT_MS && at < until ? at : undefined;
  }

  /** In a further round: not those that cannot do better, and none before the time that its provider said. */
  mayAskAgain({ deployment }: ModelCandidate, { star }: ChainLink, now: number): boolean {
    const last = this.#lastOf(deployment, modelFor(deployment, star));
    return !last || (last.verdict?.again === true && (readyAt(last) ?? now) <= now);
  }

  #lastOf({ key }: Deployment, model: string): Attempt<Reply> | undefined {
    return this.#attempts.findLast((attempt) => attempt.deployment.key === key && attempt.model === model);
  }
}

const keyOf = ({ key }: Deployment, model: string): string => `${key} ${model}`;

/** When a provider that answered with an error wants to be asked again. */
function readyAt<Reply>({ endedAt = 0, verdict }: Attempt<Reply>): number | undefined {
  return verdict?.retryAfterMs === undefined ? undefined : endedAt + verdict.retryAfterMs;
}
