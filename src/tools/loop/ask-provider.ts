import type { Failure } from "../../core/errors.ts";
import type { Attempt, Reply } from "../../pipeline/attempt/attempt.ts";
import type { Attempts } from "../../pipeline/attempt/attempts.ts";
import type { RelayParts } from "../../pipeline/relay.ts";
import type { JudgedAs } from "../../pipeline/route/judge-reply.ts";
import type { AdmittedRequest, FurtherAnswer, StepReply } from "../../pipeline/stage.ts";
import type { Provider } from "../../providers/provider.ts";
import { withoutIdempotencyKey } from "../../providers/api-request.ts";
import type { GrowingRequest } from "./growing-request.ts";

export type { StepReply };

export type AskProviderParts = Pick<RelayParts, "requestHeaders">;

/** What is asked in one step. */
export interface AskedStep<Choice> {
  /** Replaces the client's unless it is undefined. */
  readonly toolChoice: Choice | undefined;
  /** What the request goes on holding in the budget. */
  readonly keptBytes: number;
  readonly isFirst: boolean;
}

/** A deployment, as the steps of a request ask it. */
export interface StepProvider<Choice> {
  /** What its answers are judged by if somebody else may be asked. */
  readonly as: JudgedAs;
  /** Asks once, with all that was said so far. */
  ask(attempts: Attempts, step: AskedStep<Choice>): Promise<Reply>;
}

/** One that is asked in its own API. */
export interface DirectProvider<Choice> extends StepProvider<Choice> {
  ask(attempts: Attempts, step: AskedStep<Choice>): Promise<Attempt>;
}

/** Asks whoever answers the steps of one request. */
export interface AskProvider<Choice, Side extends StepProvider<Choice>> {
  /** Who has answered last; at first, who is asked. */
  readonly current: Side;
  /**
   * Asks with the body of one step. Every attempt has its own deadlines. Of a request that several deployments could
   * answer, later steps are asked of the one that has answered last, and of others as its model allows.
   * @throws Failure if nobody can be reached, or all answer with errors
   */
  ask(step: AskedStep<Choice>): Promise<StepReply>;
}

export interface AskProviderOptions<First, Side> {
  /** Who is asked in the first step. */
  readonly first: First;
  /** How another deployment is asked, which has the request in its own way. */
  readonly openOther: (other: AdmittedRequest) => Promise<Side>;
  /** What becomes of an answer of a later step before anybody looks at it. */
  readonly receive?: (reply: Reply, provider: Provider) => Reply;
}

/** Creates what asks the providers of one request. */
export function createAskProvider<Choice, First extends DirectProvider<Choice>, Side extends StepProvider<Choice>>(
  { attempts, again }: Pick<AdmittedRequest, "attempts" | "again">,
  { first, openOther, receive = (reply) => reply }: AskProviderOptions<First, Side>,
): AskProvider<Choice, First | Side> {
  const endAll = (reason: Failure): void => attempts.abort(reason);
  let current: First | Side = first;

  const watched = (reply: StepReply): StepReply => {
    reply.call.onAbort(endAll);
    return reply;
  };

  const askOn = (side: First | Side, on: Attempts, step: AskedStep<Choice>): Promise<FurtherAnswer> =>
    side.ask(on, step).then((reply) => ({
      reply: receive(reply, side.as.provider),
      as: side.as,
      taken: () => void (current = side),
    }));

  // Not `async`: such a function would keep what it asks with while the provider thinks.
  return {
    get current() {
      return current;
    },
    ask: (step) =>
      step.isFirst || !again
        ? first.ask(attempts, step).then(watched)
        : again
            .ask((on, other) =>
              other ? openOther(other).then((side) => askOn(side, on, step)) : askOn(current, on, step),
            )
            .then(watched),
  };
}

/** How a provider is asked in its own API. */
export function sendTo<Choice>(
  { requestHeaders }: AskProviderParts,
  { attempts, target: { provider }, url, wire }: AdmittedRequest,
  request: Pick<GrowingRequest<Choice>, "body">,
): DirectProvider<Choice>["ask"] {
  const headers = requestHeaders(provider, attempts.request.headers, wire);
  return (on, { toolChoice, keptBytes, isFirst }) =>
    on
      .begin(provider, {
        url,
        method: "POST",
        body: request.body(toolChoice),
        keptBytes,
        // To the client all steps are one request; to a provider each has its own body, which one key cannot identify.
        headers: isFirst ? headers : withoutIdempotencyKey(headers),
      })
      .answered();
}
