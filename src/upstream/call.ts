import { Failure } from "../core/errors.ts";
import type { Credential, FindAuthorize } from "../providers/credentials/credential.ts";
import type { Endpoint } from "./endpoint.ts";
import type { UpstreamResponse, PendingResponse, Transport, WireRequest } from "./transport.ts";
import type { Deadline, Deadlines } from "../core/deadlines.ts";
import {
  type CallPhase,
  expiredLimit,
  type ExpiredLimit,
  nextLimit,
  phaseOfError,
  type UpstreamLimits,
} from "./call-limits.ts";
import { authorizeRequest } from "./authorized-request.ts";
import { toUpstreamFailure, UpstreamError, UpstreamFailure } from "./errors.ts";

/** One call to a provider. Whoever opens it must `close` it, on every exit. */
export interface UpstreamCall {
  /** Sends the request and resolves with the answer once its header is there. Throws a {@link Failure}. */
  send(request: WireRequest): Promise<UpstreamResponse>;
  /** From now on the call is a stream: each read has its own deadline, the whole has none. */
  becomeStream(): void;
  /** Notes that a stream moved. */
  touch(): void;
  /** From now on, until it is touched, a stream waits for the client and not for the provider. */
  awaitClient(): void;
  /** Ends the call early; the first reason counts. */
  abort(reason: Failure): void;
  /** Called at most once, when the call is aborted, with the reason; replaces the listener of before. */
  onAbort(listener: (reason: Failure) => void): void;
  /** What the error means with which a body broke off: the reason of the abort if there was one. */
  explain(error: unknown): Failure;
  /** Frees the deadline, releases the client, and gives up what has not come of the answer. */
  close(): void;
}

export interface UpstreamParts {
  readonly transport: Transport;
  readonly deadlines: Deadlines;
  /** Milliseconds of the monotonic clock. */
  readonly now: () => number;
  readonly limits: UpstreamLimits;
  /** Finds what authorizes the requests to endpoints that have a credential. */
  readonly findAuthorize?: FindAuthorize | undefined;
}

/** A deadline this late means that the whole process was stopped, and has yet to see what came meanwhile. */
const STOOD_STILL_MS = 100;

/** Opens a call that ends when `client` aborts. */
export type OpenUpstreamCall = (endpoint: Endpoint, client: AbortSignal) => UpstreamCall;

export function createUpstream(parts: UpstreamParts): OpenUpstreamCall {
  return (endpoint, client) => new Call(parts, endpoint, client);
}

/** A class instead of closures: one instance for each request, whose methods are not made anew. */
class Call implements UpstreamCall, Deadline {
  expiresAt = 0;
  previous: Deadline | undefined;
  next: Deadline | undefined;
  readonly #parts: UpstreamParts;
  readonly #endpoint: Endpoint;
  readonly #client: AbortSignal;
  #phase: CallPhase = "unsent";
  /** What an abort must end: the wait for a credential, then the request. */
  #sending: Pick<PendingResponse, "abort"> | undefined;
  #sentAt = 0;
  #reason: Failure | undefined;
  #listener: ((reason: Failure) => void) | undefined;
  #closed = false;
  /** The process was stopped when the time to connect was over, and has had some more since. */
  #hadMoreTime = false;

  constructor(parts: UpstreamParts, endpoint: Endpoint, client: AbortSignal) {
    this.#parts = parts;
    this.#endpoint = endpoint;
    this.#client = client;
    client.addEventListener("abort", this);
    if (client.aborted) this.handleEvent();
  }

  /** Not `async`: such a function keeps its arguments, and with them the request's body, until it is over. */
  send(request: WireRequest): Promise<UpstreamResponse> {
    if (this.#reason) return Promise.reject(this.#reason);
    this.#sentAt = this.#parts.now();
    const { credential } = this.#endpoint;
    return credential === undefined ? this.#transmit(request) : this.#sendAuthorized(credential, request);
  }

  #transmit(request: WireRequest): Promise<UpstreamResponse> {
    const { transport, deadlines, limits } = this.#parts;
    this.#phase = "connecting";
    try {
      const sending = (this.#sending = transport(this.#endpoint, request, () => this.#onConnected()));
      deadlines.move(this, this.#sentAt + nextLimit(this.#phase, limits));
      return this.#receive(sending);
    } catch (error) {
      return Promise.reject(this.explain(error));
    }
  }

  /** The wait for a credential is a part of connecting. */
  #sendAuthorized(credential: Credential, request: WireRequest): Promise<UpstreamResponse> {
    const { findAuthorize, deadlines, limits } = this.#parts;
    this.#phase = "authorizing";
    deadlines.move(this, this.#sentAt + nextLimit(this.#phase, limits));
    const pending = (this.#sending = authorizeRequest(findAuthorize, credential, request));
    return pending.ready.then(
      (authorized) =>
        this.#reason || this.#closed ? Promise.reject(this.explain(undefined)) : this.#transmit(authorized),
      (error: unknown) => Promise.reject(this.explain(error)),
    );
  }

  async #receive({ response: answer }: PendingResponse): Promise<UpstreamResponse> {
    try {
      const received = await answer;
      this.#phase = "answered";
      this.expiresAt = this.#sentAt + this.#parts.limits.totalMs;
      return received;
    } catch (error) {
      throw this.explain(error);
    }
  }

  becomeStream(): void {
    this.#phase = "opened";
    const { deadlines, now, limits } = this.#parts;
    if (!this.#closed) deadlines.move(this, now() + limits.streamIdleMs);
  }

  touch(): void {
    this.#phase = "streaming";
    this.expiresAt = this.#parts.now() + this.#parts.limits.streamIdleMs;
  }

  awaitClient(): void {
    this.touch();
    this.#phase = "unread";
  }

  abort(reason: Failure): void {
    if (this.#reason || this.#closed) return;
    this.#reason = reason;
    this.#sending?.abort(reason);
    this.#listener?.(reason);
  }

  onAbort(listener: (reason: Failure) => void): void {
    this.#listener = listener;
  }

  explain(error: unknown): Failure {
    return this.#reason ?? toUpstreamFailure(error, this.#endpoint.id);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#parts.deadlines.release(this);
    // Nobody reads what of the answer may still come.
    this.#sending?.abort(undefined);
    this.#client.removeEventListener("abort", this);
  }

  /** Hears that the client is gone. */
  handleEvent(): void {
    this.abort(new Failure("client_gone"));
  }

  /** The deadline has come: a time is over, or it is to be looked at again later. */
  onExpire(): void {
    if (this.#closed) return;
    const { deadlines, now, limits } = this.#parts;
    const time = now();
    const expired = expiredLimit(this.#phase, time - this.#sentAt, limits);
    if (expired === "connect_timeout" && time - this.expiresAt > STOOD_STILL_MS && !this.#hadMoreTime) {
      // Once, because a process with too much to do is late every time.
      this.#hadMoreTime = true;
      return deadlines.move(this, time + limits.connectMs / 2);
    }
    if (expired) return this.abort(this.#timeout(expired));
    deadlines.move(this, this.#sentAt + nextLimit(this.#phase, limits));
  }

  #timeout(expired: ExpiredLimit): Failure {
    // The endpoint is not at fault.
    if (expired === "client_stalled") return new Failure(expired, { provider: this.#endpoint.id });
    const phase = phaseOfError(this.#phase);
    return new UpstreamFailure(
      new UpstreamError(expired, { phase, requestSent: phase !== "connect" }),
      this.#endpoint.id,
    );
  }

  #onConnected(): void {
    if (this.#phase === "connecting") this.#phase = "connected";
  }
}
