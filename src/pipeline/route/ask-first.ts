import type { AttemptSummary, RoutingRecord } from "../../core/attempt-summary.ts";
import { type Failure, toFailure } from "../../core/errors.ts";
import type { FirstAttempt } from "../../routing/engine/route.ts";
import type { JudgedAnswer, Reply } from "../attempt/attempt.ts";
import type { BranchEvents } from "../attempt/attempt-parts.ts";
import type { AdmittedRequest, Answer, RequestRoute } from "../stage.ts";
import { answerFurther } from "./answer-routed.ts";
import { boundTotal, judgedAs } from "./ask-deployment.ts";
import { freeKept } from "./free-kept.ts";
import { isJudged } from "./further-route.ts";
import { judgeAtOnce, type JudgedAs, judgeReply, type JudgeProgress } from "./judge-reply.ts";
import type { RouteStageParts } from "./route-parts.ts";
import { blamedFor, withTried } from "./routed-failure.ts";
import { type FirstAttemptReport, triedOf } from "./routing-headers.ts";
import { withHeaders } from "./with-headers.ts";

/**
 * Asks a deployment as `provider/model` is asked, with its timeouts, its permits, and its part in the health of the
 * deployment, and looks at the answer if somebody else may still be asked. What routing needs beside that is made only if
 * the attempt fails. By way of an `Exchange` from the beginning, a small request of two deployments takes 11 to 19 %
 * more CPU time than the same by `provider/model`; `bun run bench guard` says what it takes so.
 * Not `async`: while the provider thinks, such a function would keep the body.
 * @param attempt that has begun
 */
export function askFirst(
  parts: RouteStageParts,
  admitted: AdmittedRequest,
  route: RequestRoute,
  attempt: FirstAttempt,
  next: Answer,
  report: FirstAttemptReport,
): Promise<Reply> {
  const first = new First(parts, admitted, route, attempt, next, report);
  return first.begin(admitted).then(
    (reply) => first.answered(reply),
    (error: unknown) => first.failed(error),
  );
}

/**
 * The first attempt of such a request, its end, and its log: one instance for each. Holds the request while another one
 * may follow.
 */
class First implements RoutingRecord, BranchEvents, JudgeProgress {
  readonly queuedMs = undefined;
  hasContent = true;
  readonly #parts: RouteStageParts;
  readonly #route: RequestRoute;
  readonly #attempts: AdmittedRequest["attempts"];
  readonly #attempt: FirstAttempt;
  readonly #next: Answer;
  readonly #report: FirstAttemptReport;
  #judgedAs: JudgedAs | undefined;
  #admitted: AdmittedRequest | undefined;

  constructor(
    parts: RouteStageParts,
    admitted: AdmittedRequest,
    route: RequestRoute,
    attempt: FirstAttempt,
    next: Answer,
    report: FirstAttemptReport,
  ) {
    const { attempts } = admitted;
    const { options } = route.route.model;
    const { deployment, model } = attempt;
    this.#parts = parts;
    this.#route = route;
    this.#attempts = attempts;
    this.#attempt = attempt;
    this.#next = next;
    this.#report = report;
    boundTotal(attempts, options);
    if (options.retries.attempts > 1) {
      this.#admitted = admitted;
      attempts.keptBytes = attempts.context.heldBytes;
    }
    attempts.timeouts = deployment.timeouts;
    attempts.listen(this);
    attempts.context.routed(this);
    attempts.context.selected(deployment.provider.id, model, deployment);
  }

  get alias(): string | undefined {
    return this.#route.alias;
  }

  get tried(): readonly AttemptSummary[] {
    return this.#attempt.failure ? [triedOf(this.#attempt)] : this.#report.answered;
  }

  begin(admitted: AdmittedRequest): Promise<Reply> {
    const { deployment, model } = this.#attempt;
    const { likely, route } = this.#route;
    try {
      const isLikely = deployment === likely;
      const asked = isLikely ? admitted : { ...admitted, ...this.#route.wayOf(deployment, model) };
      if (isJudged(route.model.options)) this.#judgedAs = judgedAs(asked);
      return this.#next(asked);
    } catch (error) {
      return Promise.reject(toFailure(error));
    }
  }

  answered(reply: Reply): Reply | Promise<Reply> {
    const as = this.#judgedAs;
    const at = this.#attempts.context.responseHeaderAt;
    if (!as) return this.#take(reply, at);
    try {
      const judged = judgeAtOnce(reply, as);
      if (judged) return this.#take(reply, at, judged);
    } catch (error) {
      return this.failed(error);
    }
    return judgeReply(this.#parts, this.#attempts, reply, as, this).then(
      (good) => this.#take(good, undefined),
      (error: unknown) => this.failed(error),
    );
  }

  /** @throws Failure unless somebody else is asked, and answers */
  failed(error: unknown): Promise<Reply> {
    const admitted = this.#admitted;
    const failure = this.#attempt.refused(this.#attempts.explain(error));
    this.#attempts.giveUp(failure);
    this.#attempts.context.attemptFailed();
    if (!admitted || this.#attempt.isLast) {
      this.#letGo();
      throw withTried(failure, this.#report.headers, this.alias === undefined ? undefined : this.tried);
    }
    this.#admitted = undefined;
    return answerFurther(this.#parts, admitted, this.#route, this.#next, this.#attempt);
  }

  onClose(failure: Failure | undefined): void {
    const { context } = this.#attempts;
    this.#attempt.settle(context.usage, blamedFor(failure, context));
  }

  /** @param at when its first content came, if that is known */
  #take(reply: Reply, at: number | undefined, judged?: JudgedAnswer): Reply {
    this.#attempts.answerer = this.#attempt.deployment.provider;
    this.#attempt.answered();
    if (this.hasContent) this.#attempt.firstToken(at);
    this.#letGo();
    return withHeaders(reply, this.#report.headers, judged);
  }

  #letGo(): void {
    if (!this.#admitted) return;
    this.#admitted = undefined;
    freeKept(this.#parts.memory, this.#attempts);
  }
}
