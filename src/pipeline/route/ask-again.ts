import type { Failure } from "../../core/errors.ts";
import type { TokenUsage } from "../../core/request-context.ts";
import type { AttemptRecord, OpenAttempt, Route, Router, RoutedRequest } from "../../routing/engine/route.ts";
import type { Deployment } from "../../routing/models/deployment.ts";
import type { Attempt } from "../attempt.ts";
import type { Attempts } from "../attempts.ts";
import type { StepReply } from "../stage.ts";
import { blamedFor } from "./routed-failure.ts";

export interface AgainOptions {
  readonly router: Pick<Router, "run">;
  /** The model that was asked for. */
  readonly route: Route;
  readonly deployment: Deployment;
  readonly request: Pick<RoutedRequest<unknown>, "stickyKey" | "estimatedTokens" | "until">;
  /** Those of the request. */
  readonly attempts: Attempts;
  /** Told of attempts that failed. */
  readonly onFailed: (records: readonly AttemptRecord[]) => void;
  readonly onQueued: (milliseconds: number) => void;
}

interface Opened {
  readonly attempt: Attempt;
  readonly branch: Attempts;
}

/**
 * Asks one deployment for a further answer that a request takes, once it has given the first: with a lease of its own, and
 * again if one fails at once.
 * @param once asks once, with the attempts that it is given
 */
export async function askAgain(
  { router, route, deployment, request, attempts, onFailed, onQueued }: AgainOptions,
  once: (attempts: Attempts) => Promise<Attempt>,
): Promise<StepReply> {
  const { context } = attempts;
  const records: AttemptRecord[] = [];
  const before = context.usage;
  try {
    const { reply, lease } = await router.run<Opened>(pinned(route, deployment), {
      ...request,
      signal: () => attempts.signal(),
      begin: (_, model, kind) => openOnce(attempts.branch(undefined, model, kind === "first" ? "step" : kind), once),
      attempted: (record) => void records.push(record),
      queued: onQueued,
    });
    const { attempt, branch } = reply;
    lease.firstToken();
    branch.listen({
      onClose: (failure) => lease.settle(usageSince(before, context.usage), blamedFor(failure, context)),
    });
    return stepOf(attempt, branch);
  } finally {
    onFailed(records.filter(({ failure }) => failure !== undefined));
  }
}

/** The same model with one deployment, and nothing to fall back to. */
function pinned({ model, star }: Route, deployment: Deployment): Route {
  const { hedge: _, ...options } = model.options;
  const none = { fallbacks: [], contextFallbacks: [], contentFallbacks: [] };
  return { model: { options: { ...options, ...none }, deployments: [deployment] }, star };
}

function openOnce(branch: Attempts, ask: (attempts: Attempts) => Promise<Attempt>): OpenAttempt<Opened> {
  const answer = ask(branch).then(
    (attempt) => ({ attempt, branch }),
    (error: unknown) => {
      branch.close();
      throw branch.explain(error);
    },
  );
  return { answer, cancel: (reason: Failure) => branch.abort(reason) };
}

const stepOf = (attempt: Attempt, branch: Attempts): StepReply => ({
  response: attempt.response,
  call: attempt.call,
  get isClosed() {
    return attempt.isClosed;
  },
  close() {
    attempt.close();
    branch.close();
  },
});

/** What was used since then. */
function usageSince(before: TokenUsage | undefined, now: TokenUsage | undefined): TokenUsage | undefined {
  if (!before || !now) return now;
  const since = (name: keyof TokenUsage): TokenUsage => {
    const count = now[name];
    return count === undefined ? {} : { [name]: Math.max(0, count - (before[name] ?? 0)) };
  };
  return {
    ...since("inputTokens"),
    ...since("outputTokens"),
    ...since("totalTokens"),
    ...since("cachedInputTokens"),
    ...since("cacheCreationInputTokens"),
    ...since("reasoningTokens"),
  };
}
