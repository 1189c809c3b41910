import type { AttemptSummary, RoutingRecord } from "../../core/attempt-summary.ts";
import { Failure } from "../../core/errors.ts";
import type {
  Answering,
  AttemptKind,
  AttemptRecord,
  FirstAttempt,
  Lease,
  OpenAttempt,
  Routed,
  RoutedRequest,
} from "../../routing/engine/route.ts";
import type { Route } from "../../routing/models/routed-model.ts";
import type { Deployment } from "../../routing/models/deployment.ts";
import type { ModelOptions } from "../../routing/models/model-options.ts";
import type { Reply } from "../attempt/attempt.ts";
import type { BranchEvents } from "../attempt/attempt-parts.ts";
import type { Attempts } from "../attempt/attempts.ts";
import type { AdmittedRequest, Answer, AskOnce, RequestRoute } from "../stage.ts";
import { type AnsweredAgain, askAgain } from "./ask-again.ts";
import { Asking, boundTotal, type FurtherAnswers } from "./ask-deployment.ts";
import { freeKept } from "./free-kept.ts";
import { hasOthers, isJudged } from "./further-route.ts";
import { mayResume, type ResumableRequest } from "./resume/resumable.ts";
import { Resumption } from "./resume/resumption.ts";
import { estimateTokens, stickyKeyOf, traitsOf } from "./request-traits.ts";
import type { RouteStageParts } from "./route-parts.ts";
import { blamedFor, recordOf, withTried } from "./routed-failure.ts";
import { headersOf, triedOf } from "./routing-headers.ts";
import { withHeaders } from "./with-headers.ts";

/** One request, as its router sees it, and its log: keeps it as long as a further deployment may be asked. */
export class Exchange implements RoutedRequest<Asking>, RoutingRecord, BranchEvents, FurtherAnswers {
  readonly alias: string | undefined;
  readonly stickyKey: string | undefined;
  readonly prefers: Deployment | undefined;
  readonly estimatedTokens: number;
  readonly until: number;
  queuedMs: number | undefined;
  readonly #parts: RouteStageParts;
  readonly #attempts: Attempts;
  readonly #route: RequestRoute;
  readonly #next: Answer;
  readonly #isJudged: boolean;
  readonly #records: AttemptRecord[] = [];
  readonly #weight: number;
  #admitted: AdmittedRequest | undefined;
  #left: number;
  /** It may take further answers, which others may give as well. */
  readonly #mayMove: boolean;
  #lease: Lease | undefined;

  /** @param made a first attempt that was made before, and for which the request is kept */
  constructor(
    parts: RouteStageParts,
    admitted: AdmittedRequest,
    route: RequestRoute,
    next: Answer,
    made?: FirstAttempt,
  ) {
    const { options } = route.route.model;
    const { attempts } = admitted;
    this.#parts = parts;
    this.#attempts = attempts;
    this.#route = route;
    this.#next = next;
    this.#admitted = admitted;
    this.#weight = made ? attempts.keptBytes : attempts.context.heldBytes;
    if (made) this.#records.push(made);
    this.#isJudged = isJudged(options);
    this.#left = options.retries.attempts - this.#records.length;
    this.#mayMove = parts.hasTools && this.#isJudged && hasOthers(route);
    this.alias = route.alias;
    this.stickyKey = route.stickyKey;
    this.prefers = route.giver?.deployment;
    this.estimatedTokens = estimateTokens(admitted.body);
    boundTotal(attempts, options);
    this.until = attempts.until;
    attempts.context.routed(this);
  }

  get tried(): readonly AttemptSummary[] {
    return this.#records.map(triedOf);
  }

  signal(): AbortSignal {
    return this.#attempts.signal();
  }

  narrow(route: Route): Route | undefined {
    return this.#route.narrow(route);
  }

  stickyKeyFor({ sticky }: ModelOptions): string | undefined {
    const isSame = sticky?.by === this.#route.route.model.options.sticky?.by;
    return isSame || !this.#admitted ? this.stickyKey : stickyKeyOf(sticky, traitsOf(this.#admitted));
  }

  attempted(record: AttemptRecord): void {
    this.#records.push(record);
  }

  queued(milliseconds: number): void {
    this.queuedMs = (this.queuedMs ?? 0) + milliseconds;
  }

  begin(deployment: Deployment, model: string, kind: AttemptKind): OpenAttempt<Asking> {
    const admitted = this.#admitted;
    if (!admitted) throw new Failure("internal", { cause: new Error("more attempts than the model allows") });
    const isLikely = kind === "first" && deployment === this.#route.likely;
    const way = isLikely ? undefined : this.#route.wayOf(deployment, model);
    this.#left -= 1;
    const attempts = this.#attempts.branch(deployment.timeouts, model, kind);
    const again = new Asking({ deployment, model }, attempts, this);
    const asked: AdmittedRequest = { ...admitted, ...way, route: undefined, attempts, again };
    if (this.#left <= 0 && !this.#mayMove) this.#letGo();
    else this.#attempts.keptBytes = this.#weight;
    return again.begin(this.#parts, asked, this.#next, this.#isJudged);
  }

  /** Somebody answers: the request is theirs, and the answer is known to be good. */
  take(routed: Routed<Asking>): Reply | Promise<Reply> {
    const { reply: asking, deployment, model, lease } = routed;
    const { branch, hasContent, reply } = asking;
    this.#attempts.answerer = deployment.provider;
    this.#attempts.context.selected(deployment.provider.id, model, deployment);
    if (hasContent) lease.firstToken();
    const headers = headersOf(deployment, model, this.#records.length);
    const resumable = this.#route.route.model.options.resumes && reply && this.#resumable(routed, reply);
    if (resumable) return Resumption.open(this.#parts, resumable, this.#attempts, withHeaders(reply, headers));
    if (!this.#mayMove || this.#attempts.context.toolRounds === undefined) this.#letGo();
    this.#lease = lease;
    // What follows once tools have run has leases of its own.
    if (branch.isClosed || asking.isCommitted) this.onClose(undefined);
    else branch.listen(this);
    if (reply) return withHeaders(reply, headers);
    return asking.whole().then(
      (whole) => withHeaders(whole, this.#headersOf(asking.answering)),
      (error: unknown) => this.refuse(error, asking.answering),
    );
  }

  #headersOf({ deployment, model }: Answering): Readonly<Record<string, string>> {
    return headersOf(deployment, model, this.#records.length);
  }

  /** What the request needs is kept until its stream is over, which may go on elsewhere; undefined if it may not. */
  #resumable(
    { reply: { branch, isCommitted }, deployment, model, lease }: Routed<Asking>,
    reply: Reply,
  ): ResumableRequest | undefined {
    const admitted = this.#admitted;
    if (!admitted || isCommitted || !mayResume(admitted, reply)) return undefined;
    this.#admitted = undefined;
    return {
      ...{ admitted, route: this.#route, records: this.#records, weight: this.#weight, exchange: this },
      ...{ lease, branch, deployment, model },
    };
  }

  onCommit(): void {
    this.onClose(undefined);
  }

  /** The answer is over, or the first one of several. */
  onClose(failure: Failure | undefined): void {
    const { context } = this.#attempts;
    this.#lease?.settle(context.usage, blamedFor(failure, context));
    this.#lease = undefined;
  }

  /**
   * Nobody answers.
   * @param answering who has, if tools have run since
   */
  refuse(error: unknown, answering?: Answering): never {
    this.#letGo();
    const failure = this.#attempts.explain(error);
    const failed = this.#records.filter((record) => record.failure !== undefined);
    const told = recordOf(failed, failure) ?? answering;
    const isAlone = this.#records.length < 2 && this.#route.alias === undefined;
    if (told) this.#attempts.context.selected(told.deployment.provider.id, told.model);
    throw withTried(failure, told ? this.#headersOf(told) : {}, isAlone ? undefined : failed.map(triedOf));
  }

  async again(answering: Answering, attempts: Attempts, once: AskOnce): Promise<AnsweredAgain> {
    const onTried = (records: readonly AttemptRecord[]): void => void this.#records.push(...records);
    const options = { route: this.#route, answering, admitted: this.#admitted, request: this, attempts, onTried };
    const answered = await askAgain(this.#parts, options, once);
    const { deployment, model } = answered;
    this.#attempts.answerer = deployment.provider;
    this.#attempts.context.selected(deployment.provider.id, model, deployment);
    return answered;
  }

  #letGo(): void {
    if (this.#admitted) freeKept(this.#parts.memory, this.#attempts);
    this.#admitted = undefined;
  }
}
