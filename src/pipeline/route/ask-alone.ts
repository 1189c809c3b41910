import type { AttemptSummary, RoutingRecord } from "../../core/attempt-summary.ts";
import { type Failure, toFailure } from "../../core/errors.ts";
import { nameOfTimeout } from "../../core/timeouts.ts";
import type { LoneAttempt, RoutedModel } from "../../routing/engine/route.ts";
import type { Reply } from "../attempt.ts";
import type { BranchEvents } from "../attempt-parts.ts";
import type { AdmittedRequest, Answer, RequestRoute } from "../stage.ts";
import { isJudged } from "./further-route.ts";
import { blamedFor, withTried } from "./routed-failure.ts";
import { triedOf } from "./told.ts";
import { withHeaders } from "./with-headers.ts";

/** Whether a model has one deployment, which is asked once, and whose answer nobody looks at before the client. */
export const isAlone = ({ options, deployments }: RoutedModel): boolean =>
  deployments.length === 1 && !isJudged(options);

/**
 * Asks the one deployment of a model, once, as `provider/model` is asked: with its timeouts, its permits, and its part in
 * the health of the deployment. Everything else that routing does is for a choice that this request has not got; without
 * this way its CPU time is 9 to 20 % more than that of the same request by `provider/model`, and with it 1 to 4 %
 * (`bun run bench guard`).
 * Not `async`: while the provider thinks, such a function would keep the body.
 * @param attempt that has begun
 * @param headers with which the client is told who answers
 */
export function askAlone(
  admitted: AdmittedRequest,
  { alias, route }: RequestRoute,
  attempt: LoneAttempt,
  next: Answer,
  headers: Readonly<Record<string, string>>,
): Promise<Reply> {
  const { attempts } = admitted;
  const { deployment } = attempt;
  const { totalMs } = route.model.options.timeouts;
  if (totalMs !== undefined) {
    attempts.endWithin(totalMs, nameOfTimeout("totalMs", `model ${route.model.options.name}`));
  }
  const alone = new Alone(admitted, alias, attempt, headers);
  attempts.timeouts = deployment.timeouts;
  attempts.answerer = deployment.provider;
  attempts.listen(alone);
  attempts.context.routed(alone);
  return begin(next, admitted).then(
    (reply) => alone.answered(reply),
    (error: unknown) => alone.refuse(error),
  );
}

/** The end of such a request, and its log: one instance for each. */
class Alone implements RoutingRecord, BranchEvents {
  readonly alias: string | undefined;
  readonly queuedMs = undefined;
  readonly #attempts: AdmittedRequest["attempts"];
  readonly #attempt: LoneAttempt;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(
    { attempts }: AdmittedRequest,
    alias: string | undefined,
    attempt: LoneAttempt,
    headers: Readonly<Record<string, string>>,
  ) {
    this.alias = alias;
    this.#attempts = attempts;
    this.#attempt = attempt;
    this.#headers = headers;
  }

  get tried(): readonly AttemptSummary[] {
    return [triedOf(this.#attempt)];
  }

  answered(reply: Reply): Reply {
    this.#attempt.answered();
    this.#attempt.firstToken();
    return withHeaders(reply, this.#headers);
  }

  refuse(error: unknown): never {
    const { context } = this.#attempts;
    const failure = this.#attempt.refused(this.#attempts.explain(error));
    context.attemptFailed();
    throw withTried(failure, this.#headers, this.alias === undefined ? undefined : this.tried);
  }

  onClose(failure: Failure | undefined): void {
    const { context } = this.#attempts;
    this.#attempt.settle(context.usage, blamedFor(failure, context));
  }
}

function begin(next: Answer, admitted: AdmittedRequest): Promise<Reply> {
  try {
    return next(admitted);
  } catch (error) {
    return Promise.reject(toFailure(error));
  }
}
