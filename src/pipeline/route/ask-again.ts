import type { Failure } from "../../core/errors.ts";
import { subtractUsage } from "../../core/token-usage.ts";
import type {
  Answering,
  AttemptRecord,
  Lease,
  OpenAttempt,
  Router,
  RoutedRequest,
} from "../../routing/engine/route.ts";
import type { Route } from "../../routing/models/routed-model.ts";
import type { Deployment } from "../../routing/models/deployment.ts";
import type { Reply } from "../attempt/attempt.ts";
import type { Attempts } from "../attempt/attempts.ts";
import type { AdmittedRequest, AskOnce, FurtherAnswer, RequestRoute, StepReply } from "../stage.ts";
import { furtherRoute, isJudged, onlyRoute } from "./further-route.ts";
import { type JudgeParts, type JudgeProgress, judgeReply } from "./judge-reply.ts";
import { blamedFor, withTried } from "./routed-failure.ts";
import { triedOf } from "./routing-headers.ts";

export interface AgainParts extends JudgeParts {
  readonly router: Pick<Router, "run" | "find">;
}

export interface AgainOptions {
  /** What was asked for. */
  readonly route: RequestRoute;
  /** Who has answered last. */
  readonly answering: Answering;
  /** The client's request; undefined if nobody else may be asked. */
  readonly admitted: AdmittedRequest | undefined;
  readonly request: Omit<RoutedRequest<unknown>, "begin">;
  /** Those of the request. */
  readonly attempts: Attempts;
  /** Told of the attempts, if it was more than one, or another one than that which has answered last was made. */
  readonly onTried: (records: readonly AttemptRecord[]) => void;
}

/** A further answer, and who gives it. */
export interface AnsweredAgain extends Answering {
  readonly reply: StepReply;
}

interface Opened {
  readonly answer: FurtherAnswer;
  readonly reply: Reply;
  readonly branch: Attempts;
}

/**
 * Asks for a further answer that a request takes, once it has been given the first: the deployment that has answered last,
 * and another one if that fails, cools or has no room. Each has a lease of its own.
 */
export async function askAgain(parts: AgainParts, options: AgainOptions, once: AskOnce): Promise<AnsweredAgain> {
  const { route, answering, admitted, request, attempts, onTried } = options;
  const { context } = attempts;
  const records: AttemptRecord[] = [];
  const before = context.usage;
  const isLookedAt = isJudged(route.route.model.options);
  const asked: Route = admitted ? furtherRoute(parts.router, route, answering) : onlyRoute(route, answering);
  try {
    const {
      reply: opened,
      lease,
      deployment,
      model,
    } = await parts.router.run<Opened>(asked, {
      stickyKey: request.stickyKey,
      estimatedTokens: request.estimatedTokens,
      until: request.until,
      queued: (milliseconds) => request.queued?.(milliseconds),
      narrow: (other) => request.narrow?.(other),
      stickyKeyFor: (model) => request.stickyKeyFor?.(model),
      prefers: answering.deployment,
      signal: () => attempts.signal(),
      begin(one, name, kind) {
        const branch = attempts.branch(one.timeouts, name, kind === "first" ? "step" : kind);
        const isSame = one === answering.deployment && name === answering.model;
        const other = isSame || !admitted ? undefined : asOther(admitted, route, one, name, branch);
        return openOnce(parts, once(branch, other), branch, isLookedAt);
      },
      attempted: (record) => void records.push(record),
    });
    const { answer, reply, branch } = opened;
    answer.taken();
    lease.firstToken();
    settleAtEnd(lease, branch, before);
    if (records.length > 1 || deployment !== answering.deployment) onTried(records);
    return { deployment, model, reply: stepOf(reply, branch) };
  } catch (error) {
    onTried(records);
    throw withTried(attempts.explain(error), {}, records.map(triedOf));
  }
}

/** The client's request as another deployment is asked it. */
function asOther(
  admitted: AdmittedRequest,
  route: RequestRoute,
  deployment: Deployment,
  model: string,
  attempts: Attempts,
): AdmittedRequest {
  const way = route.wayOf(deployment, model);
  return { ...admitted, ...way, route: undefined, again: undefined, isFurther: true, attempts };
}

/** Not `async`: such a function would keep what it asks with. */
function openOnce(
  parts: AgainParts,
  asking: Promise<FurtherAnswer>,
  branch: Attempts,
  isLookedAt: boolean,
): OpenAttempt<Opened> {
  const judge = (answer: FurtherAnswer): Promise<Opened> =>
    judgeReply(judgedBy(parts, branch), branch, answer.reply, answer.as, alone()).then((reply) => ({
      answer,
      reply,
      branch,
    }));
  const judged = isLookedAt
    ? asking.then(judge)
    : asking.then((answer): Opened => ({ answer, reply: answer.reply, branch }));
  const answer = judged.catch((error: unknown): never => {
    const failure = branch.explain(error);
    branch.close(failure);
    branch.context.attemptFailed(true);
    throw failure;
  });
  return { answer, cancel: (reason: Failure) => branch.abort(reason) };
}

/** A client whose stream has begun gets its signs of life there. */
const judgedBy = ({ memory, deadlines, heartbeat }: JudgeParts, { context }: Attempts): JudgeParts => ({
  memory,
  deadlines,
  heartbeat: context.streaming ? undefined : heartbeat,
});

/** Nothing but its own content makes an attempt the last one. A promise of its own, as one for all would keep who waits. */
const alone = (): JudgeProgress => ({ hasContent: true, whenCommitted: () => new Promise(() => {}) });

function settleAtEnd(lease: Lease, branch: Attempts, before: Attempts["context"]["usage"]): void {
  const { context } = branch;
  const onClose = (failure: Failure | undefined): void => {
    const { usage } = context;
    lease.settle(usage && subtractUsage(usage, before), blamedFor(failure, context));
  };
  if (branch.isClosed) onClose(undefined);
  else branch.listen({ onClose });
}

const stepOf = ({ response, call }: Reply, branch: Attempts): StepReply => ({
  response,
  call,
  get isClosed() {
    return branch.isClosed;
  },
  close: () => branch.close(),
});
