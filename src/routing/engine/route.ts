import type { Failure } from "../../core/errors.ts";
import type { TokenUsage } from "../../core/request-context.ts";
import type { Deployment } from "../models/deployment.ts";
import type { ModelOptions } from "../models/model-options.ts";
import type { Route, RoutedModel } from "../models/routed-model.ts";

/** Who has answered a request so far. */
export interface Answering {
  readonly deployment: Deployment;
  /** As it is asked for it. */
  readonly model: string;
}

/** Why an attempt was made. */
export type AttemptKind = "first" | "retry" | "fallback" | "hedge";

/** One attempt, as the log, errors and accounting have it. */
export interface AttemptRecord {
  readonly kind: AttemptKind;
  readonly deployment: Deployment;
  /** In the provider's naming. */
  readonly model: string;
  /** Milliseconds of the monotonic clock. */
  readonly startedAt: number;
  endedAt: number | undefined;
  /** Undefined while it is open, and if it answered well. */
  failure: Failure | undefined;
}

/** One attempt under way. It ends with its request by itself: `answer` rejects with the reason that is in the signal. */
export interface OpenAttempt<Reply> {
  /** Resolves when it is known to be good: with its first content, or as a whole. Rejects with a {@link Failure}; it is closed then. */
  readonly answer: Promise<Reply>;
  /** Gives it up: `answer` rejects with the reason. If it has resolved, and nobody took the reply, that is closed. */
  cancel(reason: Failure): void;
}

/** What of a request says who is asked, beside what it will use. */
export interface AskedRequest {
  /** What belongs together, for `sticky`; undefined if nothing does. */
  readonly stickyKey?: string | undefined;
  /** The same for a model that it falls back to, which may go by something else; absent if that is the same for all. */
  stickyKeyFor?(model: ModelOptions): string | undefined;
  /** Whoever is asked first, if it may be and has room; the strategy chooses among the others. */
  readonly prefers?: Deployment | undefined;
}

/** A request, as whoever routes it sees it. */
export interface RoutedRequest<Reply> extends AskedRequest {
  /** What it will use, as far as can be said before. */
  readonly estimatedTokens: number;
  /** It goes on with an answer that has begun: all of its attempts are further ones, in the retry budget too. */
  readonly isFurther?: boolean;
  /** When it must be over, in milliseconds of the monotonic clock: it ends itself then. Nothing later is waited for. */
  readonly until: number;
  /** Aborted with the {@link Failure} that ends the request, such as a client that left. Asked for only if something waits. */
  signal(): AbortSignal;
  /** Begins an attempt. What it throws is a failure of that attempt. */
  begin(deployment: Deployment, model: string, kind: AttemptKind): OpenAttempt<Reply>;
  /** What of a route may be asked that the first one falls back to; undefined if nothing. Absent if all of it. */
  narrow?(route: Route): Route | undefined;
  /** Told of each attempt when it begins; the record is kept up to date. */
  attempted?(record: AttemptRecord): void;
  /** It waited so many milliseconds in a queue. */
  queued?(milliseconds: number): void;
}

/** The deployment that answers holds its permits until this is settled, which its owner does on every exit. */
export interface Lease {
  /**
   * The first content has come, or the whole answer.
   * @param at when, in milliseconds of the monotonic clock; now unless given
   */
  firstToken(at?: number): void;
  /**
   * The answer is over. A second call does nothing.
   * @param failure why it broke off, if the provider is to blame
   */
  settle(usage: TokenUsage | undefined, failure?: Failure): void;
}

/** Who answered. */
export interface Routed<Reply> {
  readonly reply: Reply;
  readonly deployment: Deployment;
  readonly model: string;
  readonly lease: Lease;
  /** All that was tried, the one that answered last. */
  readonly attempts: readonly AttemptRecord[];
}

/** The first attempt of a request, which whoever has it makes: it is told what came of it. */
export interface FirstAttempt extends AttemptRecord, Lease {
  /** It has failed so that nobody else may be asked. */
  readonly isLast: boolean;
  /** The answer is good, or nobody asks whether it is. */
  answered(): void;
  /** @param error with which it failed. @returns the failure that the client is told if nobody else answers */
  refused(error: unknown): Failure;
}

/** Chooses who answers, and asks again. One for each configuration; what it knows of deployments outlives it. */
export interface Router {
  /** What a name means; undefined if it is none of the gateway's own. */
  find(name: string): Route | undefined;
  /** What `provider/model` means if that provider has several keys, or limits; undefined if it is simply to be called. */
  forProvider(providerId: string, model: string): Route | undefined;
  /** The models that have names without a `*`, in the operator's order. */
  readonly models: readonly RoutedModel[];
  /** The deployment that is likely to be asked first: for what must be decided before. Takes no turn. */
  likely(route: Route, stickyKey?: string): Deployment;
  /**
   * Begins the first attempt of a request.
   * @param estimatedTokens see {@link RoutedRequest.estimatedTokens}
   * @returns undefined if nobody can be asked at once, or two may be: {@link goOn} says what then happens
   */
  enterFirst(route: Route, asked: AskedRequest, estimatedTokens: number): FirstAttempt | undefined;
  /** Goes on as `run` does, after a first attempt that has failed, or could not be made. */
  goOn<Reply>(route: Route, request: RoutedRequest<Reply>, failed: FirstAttempt | undefined): Promise<Routed<Reply>>;
  /**
   * Asks deployments until one answers.
   * @throws Failure that of the last attempt that says the most; `at_limit`, `queue_full`, `queue_timeout`,
   * `deployments_cooling`, if none was made; or the reason of the request's signal
   */
  run<Reply>(route: Route, request: RoutedRequest<Reply>): Promise<Routed<Reply>>;
}
