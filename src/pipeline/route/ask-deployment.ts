import { type Failure, toFailure } from "../../core/errors.ts";
import { nameOfTimeout } from "../../core/timeouts.ts";
import type { Answering, OpenAttempt } from "../../routing/engine/route.ts";
import type { ModelOptions } from "../../routing/models/model-options.ts";
import type { Reply } from "../attempt/attempt.ts";
import type { BranchEvents } from "../attempt/attempt-parts.ts";
import type { Attempts } from "../attempt/attempts.ts";
import { memberOf } from "../body/received-body.ts";
import type { AdmittedRequest, Answer, AskAgain, AskOnce, StepReply } from "../stage.ts";
import type { AnsweredAgain } from "./ask-again.ts";
import { type JudgedAs, type JudgeParts, judgeReply, type JudgeProgress } from "./judge-reply.ts";

export interface AskParts extends JudgeParts {
  /** Milliseconds of the monotonic clock. */
  readonly now: () => number;
}

/** Bounds a request by the total of its model, from the first call on. */
export function boundTotal(attempts: Attempts, { name, timeouts: { totalMs } }: ModelOptions): void {
  if (totalMs !== undefined) attempts.endWithin(totalMs, nameOfTimeout("totalMs", `model ${name}`));
}

/** Asks for the further answers that a request takes. */
export interface FurtherAnswers {
  /** @param answering who has answered last */
  again(answering: Answering, attempts: Attempts, once: AskOnce): Promise<AnsweredAgain>;
}

/**
 * One deployment that is asked, on a branch of the request's attempts, which is closed if it fails. It has answered when
 * its answer is known to be good, or when nobody else may be asked any more. A class: one instance for each attempt.
 */
export class Asking implements OpenAttempt<Asking>, BranchEvents, AskAgain, JudgeProgress {
  readonly branch: Attempts;
  hasContent = true;
  /** Tools run, or have run. */
  isCommitted = false;
  /** The answer, once it is there. */
  reply: Reply | undefined;
  /** This one, or who has answered since, as tools have run. */
  answering: Answering;
  readonly #further: FurtherAnswers;
  readonly #answered = Promise.withResolvers<Asking>();
  #replying: Promise<Reply> | undefined;
  #committed: PromiseWithResolvers<void> | undefined;
  #isCancelled = false;

  constructor(answering: Answering, branch: Attempts, further: FurtherAnswers) {
    this.answering = answering;
    this.branch = branch;
    this.#further = further;
    branch.listen(this);
  }

  get answer(): Promise<Asking> {
    return this.#answered.promise;
  }

  /**
   * Sends the request. Not `async`: such a function would keep it.
   * @param isLooked see `isJudged`
   */
  begin(parts: AskParts, admitted: AdmittedRequest, next: Answer, isLooked: boolean): this {
    const asking = ask(next, admitted);
    this.#replying = isLooked ? this.#judge(parts, asking, judgedAs(admitted)) : asking;
    this.#replying.then(
      (reply) => {
        this.reply = reply;
        this.#answered.resolve(this);
      },
      (error: unknown) => this.#fail(error),
    );
    return this;
  }

  /** The answer, which may have to be waited for while tools run. */
  whole(): Promise<Reply> {
    if (!this.#replying) throw new Error("nothing was asked");
    return this.#replying;
  }

  whenCommitted(): Promise<void> {
    this.#committed ??= Promise.withResolvers<void>();
    if (this.isCommitted) this.#committed.resolve();
    return this.#committed.promise;
  }

  onCommit(): void {
    this.isCommitted = true;
    this.#answered.resolve(this);
    this.#committed?.resolve();
  }

  ask(once: AskOnce): Promise<StepReply> {
    return this.#further.again(this.answering, this.branch, once).then(({ deployment, model, reply }) => {
      this.answering = { deployment, model };
      return reply;
    });
  }

  cancel(reason: Failure): void {
    this.#isCancelled = true;
    this.branch.abort(reason);
    this.#fail(reason);
  }

  /** A closure of its own, which holds nothing of the request. */
  #judge(parts: AskParts, asking: Promise<Reply>, as: JudgedAs): Promise<Reply> {
    return asking.then((reply) => judgeReply(parts, this.branch, reply, as, this));
  }

  #fail(error: unknown): void {
    const failure = this.branch.explain(error);
    this.branch.close(failure);
    if (!this.#isCancelled) this.branch.context.attemptFailed();
    this.#answered.reject(failure);
  }
}

/** What the answer to a request is judged by. */
export const judgedAs = ({ format, target, wire, body, counter, isArray = false }: AdmittedRequest): JudgedAs => ({
  format,
  provider: target.provider,
  isArray,
  streamAsked: memberOf(body, "stream") === true,
  isTranslated: wire !== format.api || counter !== undefined,
});

function ask(next: Answer, admitted: AdmittedRequest): Promise<Reply> {
  try {
    return next(admitted);
  } catch (error) {
    return Promise.reject(toFailure(error));
  }
}
