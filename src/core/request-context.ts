import type { LinkedListNode } from "./linked-list.ts";
import type { Failure, FailureCode } from "./errors.ts";
import type { MemoryHolder } from "./memory/budget.ts";
import type { RequestTrace } from "./request-trace.ts";
import type { AskedDeployment, RoutingRecord } from "./attempt-summary.ts";
import type { TokenUsage, UsageSource } from "./token-usage.ts";

export type { TokenUsage, UsageSource };

/** Who sent a request: the holder of a static key, by the key's name, or the subject of a token. */
export interface Principal {
  readonly kind: "key" | "token";
  readonly name: string;
  /** The hash of a key that is only named by its place in the list, which another one may have tomorrow. */
  readonly fingerprint?: string;
  /** Of a token; each issuer has subjects of its own. */
  readonly issuer?: string;
  /** The team that the issuer says the holder of a token is in; absent if it says none, or nobody wants to know. */
  readonly team?: string;
}

/** From where a request came, as the log has it. */
export interface ClientDescription {
  /** The IP address; undefined if the connection has none. */
  readonly address: string | undefined;
  readonly userAgent: string | undefined;
}

/**
 * How a request ended.
 * `answered`: the client was sent a whole answer, errors of the provider included; `failed`: the gateway answered with a
 * failure of its own; `cut`: the answer had begun and broke off; `client_gone`: the client left before the end.
 */
export type Outcome = "answered" | "failed" | "cut" | "client_gone";

/** Whatever can end a request in flight; the reason reaches the client if its response can still carry it. */
export interface Interruptible {
  abort(reason: Failure): void;
}

/** One call of a tool that the gateway ran, when it is over. */
export interface ToolRun {
  /** The tool's own; never one that only a model has made up. */
  readonly name: string;
  /** Milliseconds of the monotonic clock. */
  readonly startedAt: number;
  readonly endedAt: number;
  readonly hasFailed: boolean;
}

/** Why a provider was called: as routing has it, or as a further step after tools. */
export type CallKind = "first" | "retry" | "fallback" | "hedge" | "step";

/** One call of a provider for a request. */
export interface CallRecord {
  readonly context: RequestRecord;
  /** Id of the provider. */
  readonly provider: { readonly id: string };
  /** In the provider's naming; undefined if none is known. */
  readonly model: string | undefined;
  readonly kind: CallKind;
  /** Milliseconds of the monotonic clock. */
  readonly startedAt: number;
  /** Of the provider's answer; undefined if there is none. */
  readonly status: number | undefined;
  /** Why it came to nothing, if that is so. */
  readonly failure: FailureCode | undefined;
}

/** Notified of every call of a provider. Must not throw and must not keep the record. */
export interface CallObserver {
  /** One has begun. */
  began(): void;
  /** It is over, now. */
  ended(call: CallRecord, endedAt: number): void;
}

/** What is known of a request; only the recording methods of {@link RequestContext} change it. */
export interface RequestRecord {
  /** The `X-Request-Id` of the response. */
  readonly id: string;
  readonly method: string;
  /** The route's template, e.g. `/v1/chat/completions`; never the path with its values. */
  readonly route: string;
  /** Milliseconds of the monotonic clock, as all times here. */
  readonly startedAt: number;
  readonly principal: Principal | undefined;
  /** Undefined unless the log is to have it. */
  readonly client: ClientDescription | undefined;
  readonly provider: string | undefined;
  /** The model as the provider is asked for it. */
  readonly model: string | undefined;
  /** What of several was asked; undefined if there is one provider, with one key, to be asked. */
  readonly deployment: AskedDeployment | undefined;
  /** Undefined unless several deployments could answer. */
  readonly routing: RoutingRecord | undefined;
  /** HTTP status sent to the client; 0 before there is one. */
  readonly status: number;
  readonly streaming: boolean;
  /** Bytes of the request body, decoded. */
  readonly bytesIn: number;
  /** How many of these are media, in Base64: as far as they were looked for. */
  readonly mediaBytesIn: number;
  /** Bytes of the response body handed to the client's connection. */
  readonly bytesOut: number;
  /** When the head of the provider's response had come; of the first response, if tools made it several. */
  readonly responseHeaderAt: number | undefined;
  /** When the first byte of its body came; undefined if it has none. */
  readonly firstByteAt: number | undefined;
  /** Of the answer that the client got; attempts that failed or were too late are no part of it, but of `routing`. */
  readonly usage: TokenUsage | undefined;
  /** Undefined if no model was asked. */
  readonly usageSource: UsageSource | undefined;
  /** In picodollars, see core/picodollars.ts: null if a price is not known; undefined without usage, or if costs are off. */
  readonly cost: bigint | null | undefined;
  /** How often tools were run and the model asked again; undefined if the gateway's tools had no part in it. */
  readonly toolRounds: number | undefined;
  /** How many calls of tools the gateway ran. */
  readonly toolCalls: number | undefined;
  /** Each of them that is over; undefined if there was none. */
  readonly toolRuns: readonly ToolRun[] | undefined;
  /** Undefined if requests are not traced. */
  readonly trace: RequestTrace | undefined;
  /** What failed, if something did. */
  readonly failure: FailureCode | undefined;
  /** The underlying error, for the log only. */
  readonly cause: unknown;
  readonly outcome: Outcome | undefined;
  /** What can end it early, once there is something. */
  readonly call: Interruptible | undefined;
  /** A provider was called for it: until then provider and model are only what the client names. */
  readonly hasCalled: boolean;
  /**
   * How long it has waited for others until then, in milliseconds; always 0 unless that is measured.
   * @param time of the monotonic clock
   */
  waitedUntil(time: number): number;
}

/** One request in flight: every fact about it is recorded here, by its own method. */
export interface RequestContext extends RequestRecord, LinkedListNode<RequestContext>, MemoryHolder {
  /** From where it came, for the log. */
  cameFrom(client: ClientDescription): void;
  /** Its credential is good. */
  admitted(principal: Principal | undefined): void;
  /** Who is to answer it; a later choice replaces the one of before. */
  selected(provider: string, model?: string | undefined, deployment?: AskedDeployment): void;
  /** Several deployments could answer it: who knows what is tried. */
  routed(routing: RoutingRecord): void;
  /** So many more bytes of its body came. */
  received(bytes: number): void;
  /** So many of them are media. */
  carriesMedia(bytes: number): void;
  /** Names what can end it early; forgotten when it is finished. */
  interruptibleBy(call: Interruptible): void;
  /** A provider is called for it. */
  called(): void;
  /** The head of the provider's response has come. The first call counts. */
  responseHeader(): void;
  /** Bytes of the body of the provider's response have come. The first call counts. */
  firstByte(): void;
  /** What was recorded of a response, and that it is an error, is of no use: another may come. A further one takes back only the error. */
  attemptFailed(isFurther?: boolean): void;
  /** The client is answered with this status. */
  answered(status: number): void;
  /** The answer is a stream. */
  streamed(): void;
  /** So many more bytes of the answer were handed to the client's connection. */
  sent(bytes: number): void;
  /** What the provider says it used, or says so far: members said before stay unless they are said anew. */
  used(usage: TokenUsage | undefined): void;
  /** What it seems to have used, of which the provider did not say all. */
  seemsToHaveUsed(usage: TokenUsage): void;
  /** What was used is known: whoever needs the cost before the end calls this; `finish` does. */
  settle(): void;
  /** The gateway's tools are offered with it. */
  toolsOffered(): void;
  /** The gateway runs so many more calls of its tools. */
  toolsCalled(count: number): void;
  /** The model is asked once more, with the results of tools. */
  toolStep(): void;
  /** One of them is over. */
  toolRan(run: ToolRun): void;
  /**
   * From now on it waits for others: for its client, a provider or a tool. Waits may overlap.
   * @param at the time now, if that is known
   */
  waits(at?: number): void;
  /** One of these waits is over. */
  waited(at?: number): void;
  /** Why it failed. */
  failed(failure: Failure): void;
  /** It is over: notifies the observers. Further calls do nothing, so every exit may call it. */
  finish(outcome: Outcome): void;
  /** Like `finish`, for an answer that had begun: `failure` is why it broke off, undefined if it came to its end. */
  finishBody(failure: Failure | undefined): void;
}

/** Notified once per request, when it is over. Must not throw and must not keep the record. */
export type RequestObserver = (request: RequestContext, finishedAt: number) => void;
