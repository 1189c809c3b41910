import type { Deadlines } from "../../core/deadlines.ts";
import { callEach } from "../../core/faults.ts";
import { Failure } from "../../core/errors.ts";
import type { Attempt } from "./attempt.ts";
import type { Verdict } from "../health/classify-failure.ts";
import type { EnterParts } from "./enter.ts";
import { Entrance } from "./entrance.ts";
import { finalFailure } from "./final-failure.ts";
import { enterPassedOver } from "./passed-over.ts";
import { ANY, type Filter, otherKeyOf, Plan } from "./plan.ts";
import type { ChainLink, ModelCandidate } from "./prepare-model.ts";
import type { Routed, RoutedRequest } from "./route.ts";
import { createWaiting, type Waiting } from "./waiting.ts";

export interface RunParts extends EnterParts {
  /** From 0 to 1, 1 excluded. */
  readonly random: () => number;
  readonly deadlines: Deadlines;
  /** @param request narrows what is found */
  readonly linkOf: (name: string, request: Pick<RoutedRequest<unknown>, "narrow">) => ChainLink | undefined;
}

/**
 * A request that is more than one attempt at a deployment that has room: it waits for room, is hedged, or its first
 * attempt has failed. A class, whose state every step changes.
 */
export class Run<Reply> {
  readonly #parts: RunParts;
  readonly #request: RoutedRequest<Reply>;
  readonly #attempts: Attempt<Reply>[];
  readonly #plan: Plan<Reply>;
  readonly #waiting: Waiting;
  readonly #entrance: Entrance<Reply>;
  #hasHedged = false;

  /** @param failed its first attempt, if it was made */
  constructor(parts: RunParts, asked: ChainLink, request: RoutedRequest<Reply>, failed?: Attempt<Reply>) {
    this.#parts = parts;
    this.#request = request;
    this.#attempts = failed ? [failed] : [];
    this.#plan = new Plan(asked, this.#attempts, (name) => parts.linkOf(name, request));
    this.#waiting = createWaiting(parts.deadlines, request.signal(), request.until, (reason) => {
      callEach(this.#attempts, (attempt) => attempt.cancel(reason));
    });
    this.#entrance = new Entrance(parts, request, this.#plan, this.#waiting, (attempt) => this.#begin(attempt));
  }

  /** @throws Failure see `Router.run` */
  async answer(): Promise<Routed<Reply>> {
    try {
      this.#goOn();
      let attempt = this.#attempts.length > 0 ? await this.#further() : await this.#first();
      for (;;) {
        const winner = await this.#contest(attempt);
        if (winner) return winner;
        attempt = await this.#further();
      }
    } finally {
      this.#waiting.close();
    }
  }

  async #first(): Promise<Attempt<Reply>> {
    return (await this.#entrance.seek(ANY)) ?? (await this.#entrance.leastBad(ANY)) ?? this.#giveUp();
  }

  /** Waits for one of the attempts that are open, beside which another one may be made. */
  async #contest(first: Attempt<Reply>): Promise<Routed<Reply> | undefined> {
    const contestants = [first];
    const link = this.#plan.link;
    let hedgeAt = this.#hedgeAt(first, link);
    for (;;) {
      this.#goOn();
      const winner = contestants.find(({ reply }) => reply !== undefined);
      if (winner?.reply) return this.#win(winner, winner.reply.value, contestants);
      if (contestants.every(({ endedAt }) => endedAt !== undefined)) return undefined;
      if (hedgeAt !== undefined && this.#parts.now() >= hedgeAt) {
        hedgeAt = undefined;
        const hedge = this.#hedge(link);
        if (hedge) contestants.push(hedge);
      }
      await this.#waiting.next(hedgeAt);
    }
  }

  #win(winner: Attempt<Reply>, reply: Reply, contestants: readonly Attempt<Reply>[]): Routed<Reply> {
    winner.reply = undefined;
    const reason = contestants.length > 1 ? new Failure("answered_elsewhere") : undefined;
    for (const other of contestants) if (reason && other !== winner) other.cancel(reason);
    const others = this.#attempts.filter((attempt) => attempt !== winner);
    return winner.toRouted(reply, [...others, winner]);
  }

  #hedgeAt({ startedAt, candidate }: Attempt<Reply>, { model }: ChainLink): number | undefined {
    const { hedge } = model.options;
    if (!hedge || this.#hasHedged || model.candidates.length < 2) return undefined;
    const after = hedge.after === "p95" ? candidate.state.firstToken.percentile95() : hedge.after;
    return after === undefined ? undefined : startedAt + after;
  }

  #hedge(link: ChainLink): Attempt<Reply> | undefined {
    if (this.#attempts.length >= this.#plan.asked.model.options.retries.attempts || !this.#hasBudget) return undefined;
    const hedge = this.#entrance.enter(link, ANY, "hedge");
    this.#hasHedged = hedge !== undefined;
    return hedge;
  }

  /** The next attempt, after one that failed. */
  async #further(): Promise<Attempt<Reply>> {
    this.#goOn();
    const failed = this.#decisive();
    const verdict = failed.verdict;
    if (!verdict || !this.#plan.allows(verdict)) this.#giveUp();
    switch (verdict.next) {
      case "context":
        return this.#turnTo("contextFallbacks");
      case "content":
        return this.#turnTo("contentFallbacks");
      case "key":
        return this.#withOtherKey(failed.candidate);
      case "other":
        return (await this.#entrance.seek(ANY)) ?? this.#giveUp();
      default:
        if (!this.#hasBudget) this.#giveUp();
        return (await this.#entrance.seek(ANY)) ?? (await this.#again()) ?? this.#giveUp();
    }
  }

  /** Of those that failed side by side, one after which nobody may be asked wins. */
  #decisive(): Attempt<Reply> {
    const last = this.#attempts.slice(this.#hasHedged ? -2 : -1);
    const decisive = last.find(({ verdict }) => verdict && !this.#plan.allows(verdict)) ?? last.at(-1);
    return decisive ?? this.#giveUp();
  }

  async #turnTo(list: "contextFallbacks" | "contentFallbacks"): Promise<Attempt<Reply>> {
    if (!this.#plan.turnTo(list)) this.#giveUp();
    return (await this.#entrance.seek(ANY)) ?? (await this.#entrance.leastBad(ANY)) ?? this.#giveUp();
  }

  /** A key that is refused says nothing of the others of the same provider. */
  async #withOtherKey({ deployment: { provider } }: ModelCandidate): Promise<Attempt<Reply>> {
    if (!this.#hasBudget) this.#giveUp();
    return (await this.#entrance.seekIn(this.#plan.link, otherKeyOf(provider))) ?? this.#giveUp();
  }

  /** After everybody was asked: the same ones, after a while; or meanwhile one that was passed over. */
  async #again(): Promise<Attempt<Reply> | undefined> {
    const { now, random } = this.#parts;
    const at = this.#plan.askAgainAt(now(), this.#request.until, random());
    if (at === undefined) return undefined;
    const mayAsk: Filter = (candidate, link) => this.#plan.mayAskAgain(candidate, link, now());
    const entered = await enterPassedOver(at, {
      ...{ now, waiting: this.#waiting, isLeft: () => this.#plan.left(mayAsk).length > 0 },
      enter: () => (this.#hasBudget ? this.#entrance.enterAtOnce(mayAsk) : undefined),
    });
    if (entered || !this.#hasBudget) return entered;
    this.#plan.nextRound();
    return (await this.#entrance.seek(mayAsk)) ?? (await this.#entrance.leastBad(mayAsk));
  }

  /** As soon as it has its permits: while they wait, their deployment may begin to cool. */
  #begin(attempt: Attempt<Reply>): void {
    const attempts = this.#attempts;
    if (this.#waiting.ending) return attempt.cancel(this.#waiting.ending);
    const next: Verdict["next"] | undefined = attempts.at(-1)?.verdict?.next;
    // What no other deployment of the model can take costs no provider more than it would have otherwise.
    if (attempts.length > 0 && next !== "context" && next !== "content") this.#plan.budget.take(attempt.startedAt);
    attempts.push(attempt);
    this.#plan.tried(attempt);
    void attempt.begin(this.#request).then(
      (value) => {
        // It may have been cancelled since, and then its owner has closed it.
        if (attempt.endedAt === undefined) {
          attempt.answered();
          attempt.reply = { value };
        }
        this.#waiting.wake();
      },
      (error: unknown) => {
        attempt.failed(error);
        this.#waiting.wake();
      },
    );
  }

  /** One more attempt may be made, for all requests of the model together. */
  get #hasBudget(): boolean {
    return this.#plan.budget.hasRoom(this.#parts.now());
  }

  /** @throws Failure what ends the request, if it has ended */
  #goOn(): void {
    if (this.#waiting.ending) throw this.#waiting.ending;
  }

  #giveUp(): never {
    throw finalFailure(this.#attempts, this.#parts.now(), this.#entrance.msUntilOthers()) ?? this.#entrance.failure();
  }
}
