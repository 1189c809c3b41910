import type { Failure } from "../../../core/errors.ts";
import { factsOf } from "../../../formats/form/model-facts.ts";
import { isWire } from "../../../formats/wires.ts";
import { toTokenUsage } from "../../../formats/form/token-usage.ts";
import type { Lease, Routed, RoutedRequest, Router } from "../../../routing/engine/route.ts";
import type { Deployment } from "../../../routing/models/deployment.ts";
import type { ResponseBody } from "../../../upstream/transport.ts";
import type { Reply } from "../../attempt/attempt.ts";
import type { BranchEvents } from "../../attempt/attempt-parts.ts";
import type { Attempts } from "../../attempt/attempts.ts";
import type { AdmittedRequest } from "../../stage.ts";
import { answerFailure } from "../../translate/answer-failure.ts";
import { freeKept } from "../free-kept.ts";
import { blamedFor } from "../routed-failure.ts";
import type { Continuation, ContinuationParts, ContinuedAnswer } from "./continuation.ts";
import { prepareContinuation } from "./prepare-continuation.ts";
import { ResumedBody } from "./resumed-body.ts";
import type { ResumableRequest } from "./resumable.ts";
import { isOfProvider, routeOn } from "./route-on.ts";
import { SaidSoFar } from "./said-so-far.ts";
import type { StreamPart } from "./stream-part.ts";

export interface ResumptionParts extends ContinuationParts {
  readonly router: Pick<Router, "run" | "find">;
}

interface Opened {
  readonly answer: ContinuedAnswer;
  readonly branch: Attempts;
}

/** Goes on with the stream of a request: holds all that is needed for that, until the stream is over or nobody can go on. */
export class Resumption implements BranchEvents {
  readonly #parts: ResumptionParts;
  readonly #request: ResumableRequest;
  readonly #attempts: Attempts;
  readonly #said: SaidSoFar;
  #admitted: AdmittedRequest | undefined;
  #lease: Lease | undefined;
  #branch: Attempts;
  #deployment: Deployment;
  #answer: ContinuedAnswer | undefined;
  #continuation: Continuation | undefined;

  /** @param attempts all of the request */
  private constructor(parts: ResumptionParts, request: ResumableRequest, attempts: Attempts, said: SaidSoFar) {
    this.#parts = parts;
    this.#request = request;
    this.#attempts = attempts;
    this.#said = said;
    this.#admitted = request.admitted;
    this.#lease = request.lease;
    this.#branch = request.branch;
    this.#deployment = request.deployment;
  }

  /** The same answer, which goes on elsewhere if it breaks off. */
  static async open(
    parts: ResumptionParts,
    request: ResumableRequest,
    attempts: Attempts,
    reply: Reply,
  ): Promise<Reply> {
    const { admitted, deployment, branch, weight, model } = request;
    const { api } = admitted.format;
    const { body } = reply.response;
    if (!body || !isWire(api)) return reply;
    attempts.keptBytes = weight;
    const mayKeep = (bytes: number): boolean => {
      attempts.keptBytes = weight + bytes;
      return parts.memory.tryHold(attempts.context, attempts.keptBytes);
    };
    const wire = await parts.load.wire(api);
    const reader = wire.readStream({ provider: deployment.provider.id, model, facts: factsOf(model) });
    const resumption = new Resumption(parts, request, attempts, new SaidSoFar(reader, mayKeep, api === "responses"));
    resumption.#listen(branch);
    return resumption.#wrap(reply, body);
  }

  /** Tools run: what they do is known to nobody else. */
  onCommit(): void {
    this.#letGo();
    this.onClose(undefined);
  }

  onClose(failure: Failure | undefined): void {
    const { context } = this.#attempts;
    const usage = this.#answer ? toTokenUsage(this.#answer.usage()) : context.usage;
    this.#lease?.settle(usage, blamedFor(failure, context));
    this.#lease = undefined;
  }

  #wrap({ response, call, usageInjected, usage, headers }: Reply, body: ResponseBody): Reply {
    const { format } = this.#request.admitted;
    const first = { provider: this.#deployment.provider.id, body, call, onBegun() {} };
    const resumed = new ResumedBody(first, {
      ...{ format, said: this.#said },
      failureOf: (error) => answerFailure(error, { provider: this.#deployment.provider, format }),
      next: (failure) => this.#next(failure),
    });
    const used = (): Reply["usage"] => {
      const all = this.#continuation?.told;
      return all ? () => toTokenUsage(all) : usage;
    };
    return {
      response: { status: response.status, headers: response.headers, body: resumed },
      call: this.#attempts,
      ...{ usageInjected, headers },
      get usage() {
        return used();
      },
    };
  }

  /** Asks for the rest, of one deployment after another, as often as the model allows. */
  async #next(failure: Failure): Promise<StreamPart | undefined> {
    let part: StreamPart | undefined;
    try {
      if (this.#said.canGoOn && isOfProvider(failure) && !this.#isOver) part = await this.#ask(failure);
    } finally {
      if (!part) this.#letGo();
    }
    return part;
  }

  /** Nobody waits for the answer any more. */
  get #isOver(): boolean {
    return this.#attempts.isClosed || this.#attempts.signal().aborted;
  }

  /** It may be closed already, as the client may have left at any time. */
  #listen(branch: Attempts): void {
    if (branch.isClosed) this.onClose(undefined);
    else branch.listen(this);
  }

  async #ask(failure: Failure): Promise<StreamPart | undefined> {
    const { records } = this.#request;
    if (!this.#admitted) return undefined;
    this.#continuation ??= await prepareContinuation(this.#parts, this.#admitted, this.#said);
    if (!this.#continuation) return undefined;
    // What it has is free for the others.
    this.#branch.close(failure);
    for (;;) {
      const route = routeOn(this.#parts.router, this.#request, this.#continuation);
      const before = records.length;
      if (!route) return undefined;
      try {
        return this.#partOf(await this.#parts.router.run(route, this.#asRequest(this.#continuation)));
      } catch {
        // The stream ends with why it broke off; the log has why nobody goes on.
        if (records.length === before || this.#isOver) return undefined;
      }
    }
  }

  #partOf({ reply: { answer, branch }, deployment, model, lease }: Routed<Opened>): StreamPart {
    this.#attempts.context.selected(deployment.provider.id, model, deployment);
    this.#deployment = deployment;
    this.#branch = branch;
    this.#answer = answer;
    this.#lease = lease;
    this.#listen(branch);
    const { attempt, body } = answer;
    return { provider: deployment.provider.id, body, call: attempt.call, onBegun: () => lease.firstToken() };
  }

  #asRequest(continuation: Continuation): RoutedRequest<Opened> {
    const { exchange, route } = this.#request;
    const { stickyKey, estimatedTokens, until } = exchange;
    return {
      ...{ stickyKey, estimatedTokens, until, isFurther: true },
      signal: () => exchange.signal(),
      attempted: (record) => exchange.attempted(record),
      queued: (milliseconds) => exchange.queued(milliseconds),
      begin: (deployment, model, kind) => {
        const branch = this.#attempts.branch(deployment.timeouts, model, kind === "first" ? "retry" : kind);
        const answer = continuation.ask(route, deployment, model, branch).then(
          (opened) => ({ answer: opened, branch }),
          (error: unknown) => {
            const failure = branch.explain(error);
            branch.close(failure);
            throw failure;
          },
        );
        return { answer, cancel: (reason) => branch.abort(reason) };
      },
    };
  }

  /** Nobody goes on: what the request holds is given back. */
  #letGo(): void {
    if (!this.#admitted) return;
    this.#admitted = undefined;
    this.#said.lose();
    freeKept(this.#parts.memory, this.#attempts);
  }
}
