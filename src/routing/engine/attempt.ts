import { type Failure, toFailure } from "../../core/errors.ts";
import type { TokenUsage } from "../../core/request-context.ts";
import type { Permit } from "../limits/gates.ts";
import type { Deployment } from "../models/deployment.ts";
import { classifyFailure, type Verdict } from "../health/classify-failure.ts";
import { finalFailure } from "./final-failure.ts";
import type { ModelCandidate } from "./prepare-model.ts";
import type { AttemptKind, AttemptRecord, FirstAttempt, OpenAttempt, Routed, RoutedRequest } from "./route.ts";
import { modelFor } from "../models/routed-model.ts";

export interface AttemptParts {
  /** Milliseconds of the monotonic clock. */
  readonly now: () => number;
}

/** When the reason is that the provider was late, not that it failed. */
const LATE: ReadonlySet<string> = new Set(["timeout", "first_token"]);

/**
 * One attempt, from its permits until they are given back: its record, its part in the health of its deployment, and the
 * lease of its answer. One object for all of that, because every request makes one.
 */
export class Attempt<Reply> implements FirstAttempt {
  readonly kind: AttemptKind;
  readonly candidate: ModelCandidate;
  readonly model: string;
  readonly startedAt: number;
  endedAt: number | undefined;
  failure: Failure | undefined;
  /** What the failure means. */
  verdict: Verdict | undefined;
  /** What it has answered with, until somebody takes it. */
  reply: { readonly value: Reply } | undefined;
  readonly #parts: AttemptParts;
  readonly #permit: Permit | undefined;
  readonly #trial: number;
  #open: OpenAttempt<Reply> | undefined;
  #hasFirstToken = false;
  #hasAnswered = false;

  /** @param permit undefined if the deployment has no gates */
  constructor(
    parts: AttemptParts,
    kind: AttemptKind,
    candidate: ModelCandidate,
    star: string,
    permit: Permit | undefined,
    now: number,
  ) {
    this.#parts = parts;
    this.kind = kind;
    this.candidate = candidate;
    this.model = modelFor(candidate.deployment, star);
    this.startedAt = now;
    this.#permit = permit;
    this.#trial = candidate.state.enter(now);
  }

  get deployment(): Deployment {
    return this.candidate.deployment;
  }

  get isLast(): boolean {
    return this.verdict?.next === "nobody";
  }

  /** Somebody else sends the request, and tells what comes of it. */
  beginElsewhere(): void {
    this.candidate.state.attempts += 1;
  }

  /** Sends the request. @returns the answer; rejects with anything, which {@link failed} is to be told */
  begin(request: RoutedRequest<Reply>): Promise<Reply> {
    this.candidate.state.attempts += 1;
    request.attempted?.(this);
    try {
      this.#open = request.begin(this.candidate.deployment, this.model, this.kind);
    } catch (error) {
      return Promise.reject(toFailure(error));
    }
    return this.#open.answer;
  }

  /** It is good: from now on it is a lease. */
  answered(): void {
    const { state } = this.candidate;
    this.#hasAnswered = true;
    state.requests += 1;
    // Reading the clock costs a tenth of all that is done here.
    if (state.coolingUntil !== 0) state.answered(this.startedAt, this.#parts.now());
  }

  /**
   * It has failed; a second call does nothing.
   * @param usedTokens by an answer that broke off, as far as that is known
   * @returns the failure that counts
   */
  failed(error: unknown, usedTokens?: number): Failure {
    if (this.endedAt !== undefined) return this.failure ?? toFailure(error);
    const failure = toFailure(error);
    const verdict = classifyFailure(failure);
    const { state, cooldown } = this.candidate;
    const now = this.#parts.now();
    this.failure = failure;
    this.verdict = verdict;
    if (verdict.reasons.some((reason) => LATE.has(reason))) state.firstToken.observeAtLeast(now - this.startedAt);
    this.endedAt = now;
    // First, so that its place is not given to the next one if it begins to cool.
    state.failed(verdict, cooldown, this.startedAt, now);
    // What was never sent, or was answered with an error in place of an answer, has used nothing.
    const isUnused = verdict.status !== undefined || (verdict.next !== "nobody" && !verdict.requestSent);
    this.#leave(isUnused && !this.#hasAnswered ? 0 : usedTokens);
    return failure;
  }

  refused(error: unknown): Failure {
    const failure = this.failed(error);
    return finalFailure([this], this.#parts.now()) ?? failure;
  }

  /** It is not needed any more, or nobody waits for it: says nothing of its deployment, but that it was not faster. */
  cancel(reason: Failure): void {
    if (this.endedAt !== undefined) return;
    this.failure = reason;
    this.verdict = classifyFailure(reason);
    const now = this.#parts.now();
    if (reason.code === "answered_elsewhere") this.candidate.state.firstToken.observeAtLeast(now - this.startedAt);
    this.endedAt = now;
    this.#leave(undefined);
    this.#open?.cancel(reason);
  }

  firstToken(at?: number): void {
    if (this.#hasFirstToken) return;
    this.#hasFirstToken = true;
    this.candidate.state.firstToken.observe((at ?? this.#parts.now()) - this.startedAt);
  }

  settle(usage: TokenUsage | undefined, failure?: Failure): void {
    if (this.endedAt !== undefined) return;
    if (failure) {
      this.failed(failure, tokensOf(usage));
      return;
    }
    const now = this.#parts.now();
    this.endedAt = now;
    this.candidate.state.succeeded(now);
    this.#leave(tokensOf(usage));
  }

  /** @param attempts all of the request, this one last */
  toRouted(reply: Reply, attempts: readonly AttemptRecord[]): Routed<Reply> {
    return { reply, deployment: this.candidate.deployment, model: this.model, lease: this, attempts };
  }

  #leave(usedTokens: number | undefined): void {
    this.reply = undefined;
    this.candidate.state.leave(this.#trial);
    this.#permit?.release(usedTokens);
  }
}

function tokensOf(usage: TokenUsage | undefined): number | undefined {
  if (usage?.totalTokens !== undefined) return usage.totalTokens;
  const { inputTokens, outputTokens } = usage ?? {};
  return inputTokens === undefined && outputTokens === undefined ? undefined : (inputTokens ?? 0) + (outputTokens ?? 0);
}
