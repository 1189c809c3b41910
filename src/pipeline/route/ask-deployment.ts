import { toFailure } from "../../core/errors.ts";
import type { OpenAttempt } from "../../routing/engine/route.ts";
import type { ModelOptions } from "../../routing/models/model-options.ts";
import type { Reply } from "../attempt.ts";
import type { Attempts } from "../attempts.ts";
import type { AdmittedRequest, Answer } from "../stage.ts";
import { type Judged, type JudgedAs, type JudgeParts, judgeReply } from "./judge-reply.ts";

export interface AskParts extends JudgeParts {
  /** Milliseconds of the monotonic clock. */
  readonly now: () => number;
}

/** An answer that is known to be good, or that nobody else may be asked for any more. */
export interface Answered {
  /** The answer itself, which may have to be waited for while tools run. */
  reply(): Promise<Reply>;
  /** Closed when the answer is over. */
  readonly branch: Attempts;
  readonly hasContent: boolean;
  /** Tools run, or have run. */
  isCommitted(): boolean;
}

/** Whether answers are looked at before the client gets them, because somebody else may still be asked. */
export const isJudged = (options: ModelOptions): boolean => {
  const { retries, fallbacks, contextFallbacks, contentFallbacks, hedge, timeouts } = options;
  const further = fallbacks.length + contextFallbacks.length + contentFallbacks.length;
  return retries.attempts > 1 || further > 0 || hedge !== undefined || timeouts.firstTokenMs !== undefined;
};

/**
 * Asks one deployment, on a branch of the request's attempts, which is closed if it fails.
 * Not `async`: such a function would keep the request.
 * @param isLooked see {@link isJudged}
 */
export function askDeployment(
  parts: AskParts,
  admitted: AdmittedRequest,
  next: Answer,
  isLooked: boolean,
): OpenAttempt<Answered> {
  const { attempts: branch, format, target, wire, body, isArray = false } = admitted;
  const { provider } = target;
  const as: JudgedAs = {
    ...{ format, provider, isArray },
    streamAsked: body.value["stream"] === true,
    isTranslated: wire !== format.api || admitted.counter !== undefined,
  };
  const answered = Promise.withResolvers<Answered>();
  const commitment = Promise.withResolvers<void>();
  let isCancelled = false;
  let isCommitted = false;

  const fail = (error: unknown): void => {
    const failure = branch.explain(error);
    branch.close(failure);
    if (!isCancelled) branch.context.attemptFailed();
    answered.reject(failure);
  };

  const asking = ask(next, admitted);
  const judging: Promise<Judged> = asking.then((reply) =>
    isLooked ? judgeReply(parts, branch, reply, as, commitment.promise) : { reply, hasContent: true },
  );
  judging.then(({ reply, hasContent }) => {
    answered.resolve({ reply: () => Promise.resolve(reply), branch, hasContent, isCommitted: () => isCommitted });
  }, fail);
  branch.listen({
    onCommit() {
      isCommitted = true;
      const reply = (): Promise<Reply> => judging.then((judged) => judged.reply);
      answered.resolve({ reply, branch, hasContent: true, isCommitted: () => isCommitted });
      commitment.resolve();
    },
  });
  return {
    answer: answered.promise,
    cancel(reason) {
      isCancelled = true;
      branch.abort(reason);
      fail(reason);
    },
  };
}

function ask(next: Answer, admitted: AdmittedRequest): Promise<Reply> {
  try {
    return next(admitted);
  } catch (error) {
    return Promise.reject(toFailure(error));
  }
}
