import type { AttemptSummary, RoutingRecord } from "../../core/attempt-summary.ts";
import { Failure, toFailure } from "../../core/errors.ts";
import { nameOfTimeout } from "../../core/timeouts.ts";
import type {
  AttemptKind,
  AttemptRecord,
  OpenAttempt,
  Route,
  Routed,
  RoutedRequest,
  Router,
} from "../../routing/engine/route.ts";
import type { Deployment } from "../../routing/models/deployment.ts";
import type { Reply } from "../attempt.ts";
import type { Attempts } from "../attempts.ts";
import type { AdmittedRequest, Answer, AskAgain, RequestRoute } from "../stage.ts";
import { createAskAgain } from "./ask-again.ts";
import { type AskParts, type Answered, askDeployment, isJudged } from "./ask-deployment.ts";
import { blamedFor, withTried } from "./routed-failure.ts";
import { headersOf, triedOf } from "./told.ts";

export interface RouteStageParts extends AskParts {
  readonly router: Pick<Router, "run">;
}

/** One request, as its router sees it, and its log: keeps it as long as a further deployment may be asked. */
export class Exchange implements RoutedRequest<Answered>, RoutingRecord {
  readonly stickyKey: string | undefined;
  readonly estimatedTokens: number;
  readonly until: number;
  queuedMs: number | undefined;
  readonly #parts: RouteStageParts;
  readonly #attempts: Attempts;
  readonly #route: RequestRoute;
  readonly #next: Answer;
  readonly #isJudged: boolean;
  readonly #records: AttemptRecord[] = [];
  /** Bytes of the budget that the body and its value take. */
  readonly #weight: number;
  #admitted: AdmittedRequest | undefined;
  #left: number;

  constructor(parts: RouteStageParts, admitted: AdmittedRequest, route: RequestRoute, next: Answer) {
    const { options } = route.route.model;
    const { attempts } = admitted;
    this.#parts = parts;
    this.#attempts = attempts;
    this.#route = route;
    this.#next = next;
    this.#admitted = admitted;
    this.#weight = attempts.context.heldBytes;
    this.#isJudged = isJudged(options);
    this.#left = options.retries.attempts + (options.hedge ? 1 : 0);
    this.stickyKey = route.stickyKey;
    this.estimatedTokens = route.estimatedTokens;
    const { totalMs } = options.timeouts;
    if (totalMs !== undefined) attempts.endWithin(totalMs, nameOfTimeout("totalMs", `model ${options.name}`));
    this.until = attempts.until;
    attempts.context.routed(this);
  }

  get alias(): string | undefined {
    return this.#route.alias;
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

  attempted(record: AttemptRecord): void {
    this.#records.push(record);
  }

  queued(milliseconds: number): void {
    this.queuedMs = (this.queuedMs ?? 0) + milliseconds;
  }

  begin(deployment: Deployment, model: string, kind: AttemptKind): OpenAttempt<Answered> {
    const admitted = this.#admitted;
    if (!admitted) throw new Failure("internal", { cause: new Error("more attempts than the model allows") });
    const { likely, wayOf } = this.#route;
    const way = kind === "first" && deployment === likely ? undefined : wayOf(deployment, model);
    this.#left -= 1;
    const attempts = this.#attempts.branch(deployment.timeouts);
    const asked: AdmittedRequest = {
      ...admitted,
      ...way,
      route: undefined,
      attempts,
      again: this.#again(deployment, attempts),
    };
    if (this.#left <= 0) this.#letGo();
    else this.#attempts.keptBytes = this.#weight;
    return askDeployment(this.#parts, asked, this.#next, this.#isJudged);
  }

  /** Somebody answers: the request is theirs, and the answer is known to be good. */
  async take({ reply, deployment, model, lease }: Routed<Answered>): Promise<Reply> {
    const { branch, hasContent } = reply;
    const { context } = this.#attempts;
    this.#letGo();
    this.#attempts.answerer = deployment.provider;
    context.selected(deployment.provider.id, model, deployment);
    // What was said before.
    const settle = (failure?: Failure): void => {
      branch.listen({});
      lease.settle(context.usage, blamedFor(failure, context));
    };
    // What follows once tools have run has leases of its own.
    if (branch.isClosed || reply.isCommitted()) settle();
    else branch.listen({ onClose: settle, onCommit: settle });
    if (hasContent) lease.firstToken();
    const headers = headersOf(deployment, model, this.#records.length);
    try {
      const { response, call, usageInjected, usage, headers: told } = await reply.reply();
      return { response, call, usageInjected, ...(usage && { usage }), headers: { ...told, ...headers } };
    } catch (error) {
      throw withTried(this.#attempts.explain(error), headers, undefined);
    }
  }

  /** Nobody answers. */
  refuse(error: unknown): never {
    this.#letGo();
    const failure = toFailure(error);
    const last = this.#records.at(-1);
    const isAlone = this.#records.length < 2 && this.#route.alias === undefined;
    const headers = last ? headersOf(last.deployment, last.model, this.#records.length) : {};
    throw withTried(failure, headers, isAlone ? undefined : this.tried);
  }

  /** Made when it is needed: most requests take one answer. */
  #again(deployment: Deployment, attempts: Attempts): AskAgain {
    return (ask) => {
      const { stickyKey, estimatedTokens, until } = this;
      const again = createAskAgain({
        router: this.#parts.router,
        route: this.#route.route,
        ...{ deployment, attempts },
        request: { stickyKey, estimatedTokens, until },
        onFailed: (failed) => {
          this.#records.push(...failed);
        },
        onQueued: (milliseconds) => this.queued(milliseconds),
      });
      return again(ask);
    };
  }

  /** Nobody else can be asked: what the request holds is given back. */
  #letGo(): void {
    if (!this.#admitted) return;
    const { keptBytes, context } = this.#attempts;
    this.#admitted = undefined;
    if (keptBytes === 0) return;
    this.#attempts.keptBytes = 0;
    this.#parts.memory.tryHold(context, Math.max(0, context.heldBytes - keptBytes));
  }
}
