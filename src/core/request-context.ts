import type { LinkedListNode } from "./linked-list.ts";
import type { Failure, FailureCode } from "./errors.ts";
import type { MemoryHolder } from "./memory/budget.ts";

/** What a provider says a call used, in tokens; a member that it did not say is absent. */
export interface TokenUsage {
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  readonly totalTokens?: number;
  /** The part of the input that the provider had cached. */
  readonly cachedInputTokens?: number;
}

/** Who sent a request: the holder of a static key, by the key's name, or the subject of a token. */
export interface Principal {
  readonly kind: "key" | "token";
  readonly name: string;
}

/**
 * How an exchange ended.
 * `answered`: the client was sent a whole answer, errors of the provider included; `failed`: the gateway answered with a
 * failure of its own; `cut`: the answer had begun and broke off; `client_gone`: the client left before the end.
 */
export type Outcome = "answered" | "failed" | "cut" | "client_gone";

/** Whatever can end an exchange that is still in flight; the reason reaches the client where its answer can still carry it. */
export interface Interruptible {
  abort(reason: Failure): void;
}

/** One request in flight and what becomes known of it; mutable until it is settled. */
export interface RequestContext extends LinkedListNode<RequestContext>, MemoryHolder {
  /** The `X-Request-Id` of the response. */
  readonly id: string;
  readonly method: string;
  /** The route's template, e.g. `/v1/chat/completions`; never the path with its values. */
  readonly route: string;
  /** Milliseconds of the monotonic clock. */
  readonly startedAt: number;
  principal: Principal | undefined;
  provider: string | undefined;
  /** The model as the provider is asked for it. */
  model: string | undefined;
  /** HTTP status sent to the client; 0 before there is one. */
  status: number;
  streaming: boolean;
  /** Bytes of the request body, decoded. */
  bytesIn: number;
  /** Bytes of the response body handed to the client's connection. */
  bytesOut: number;
  /** When the first byte of the provider's body arrived, milliseconds of the monotonic clock. */
  firstByteAt: number | undefined;
  usage: TokenUsage | undefined;
  /** How often tools were run and the model asked again; undefined where the gateway's tools had no part in it. */
  toolRounds: number | undefined;
  /** How many calls of tools the gateway ran. */
  toolCalls: number | undefined;
  /** What failed, where something did. */
  failure: FailureCode | undefined;
  /** The underlying error, for the log only. */
  cause: unknown;
  outcome: Outcome | undefined;
  /** What can end it early, once there is something. */
  call: Interruptible | undefined;
}

/** Notified once per exchange, when it is over. Must not throw and must not keep the exchange. */
export type RequestObserver = (context: RequestContext, settledAt: number) => void;
