import type { ClientSignal } from "../core/client-request.ts";
import { Failure } from "../core/errors.ts";
import type { Deadline } from "../core/deadlines.ts";
import type { Credential } from "../providers/credentials/credential.ts";
import { authorizeRequest } from "./authorized-request.ts";
import type { OpenUpstreamCall, UpstreamCall, UpstreamParts } from "./call.ts";
import {
  type CallLimits,
  type CallPhase,
  createCallLimits,
  endOfStream,
  expiredLimit,
  isStream,
  nextLimit,
  timeoutFailure,
} from "./call-limits.ts";
import type { Endpoint } from "./endpoint.ts";
import { toUpstreamFailure } from "./errors.ts";
import type { UpstreamResponse, PendingResponse, WireRequest } from "./transport.ts";

/** A deadline this late means that the whole process was stopped, and has yet to see what came meanwhile. */
const STOOD_STILL_MS = 100;

export function createUpstream(parts: UpstreamParts): OpenUpstreamCall {
  const { plain, with: limitsWith } = createCallLimits(parts.limits);
  return (endpoint, client, timeouts) => new Call(parts, timeouts ? limitsWith(timeouts) : plain, endpoint, client);
}

/** Whether an endpoint is called by the gateway's own sockets: by what it asks for, or by the only one that can reach it. */
export const usesSocket = (endpoint: Endpoint, isDirect: UpstreamParts["isDirect"]): boolean =>
  endpoint.transport === "socket" ||
  (endpoint.transport === "auto" && !endpoint.http2 && (isDirect === undefined || isDirect(endpoint)));

/** A class instead of closures: one instance for each request, whose methods are not made anew. */
class Call implements UpstreamCall, Deadline {
  expiresAt = 0;
  previous: Deadline | undefined;
  next: Deadline | undefined;
  awaitsContent: boolean;
  readonly #parts: UpstreamParts;
  readonly #limits: CallLimits;
  readonly #endpoint: Endpoint;
  readonly #client: ClientSignal;
  #phase: CallPhase = "unsent";
  /** What an abort must end: the wait for a credential, then the request. */
  #sending: Pick<PendingResponse, "abort"> | undefined;
  #sentAt = 0;
  /** When a stream is over its time, however it moves. */
  #endsAt = Number.POSITIVE_INFINITY;
  #reason: Failure | undefined;
  #listener: ((reason: Failure) => void) | undefined;
  #closed = false;
  /** The process was stopped when a time was over, and has had some more since. */
  #hadMoreTime = false;

  constructor(parts: UpstreamParts, limits: CallLimits, endpoint: Endpoint, client: ClientSignal) {
    this.#parts = parts;
    this.#limits = limits;
    this.awaitsContent = limits.firstTokenMs < Number.POSITIVE_INFINITY;
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
    const { deadlines, socket, fetch, isDirect } = this.#parts;
    const { connectMs, untilConnectedMs, untilHeaderMs } = this.#limits;
    this.#phase = "connecting";
    try {
      const send = usesSocket(this.#endpoint, isDirect) ? socket : fetch;
      const sending = (this.#sending = send(this.#endpoint, request, () => this.#onConnected(), connectMs));
      // A connection that was kept is there at once.
      deadlines.move(this, this.#sentAt + (this.#isConnecting() ? untilConnectedMs : untilHeaderMs));
      return this.#receive(sending);
    } catch (error) {
      return Promise.reject(this.explain(error));
    }
  }

  /** The wait for a credential is a part of connecting. */
  #sendAuthorized(credential: Credential, request: WireRequest): Promise<UpstreamResponse> {
    const { findAuthorize, deadlines } = this.#parts;
    this.#phase = "authorizing";
    deadlines.move(this, this.#sentAt + this.#limits.untilConnectedMs);
    const pending = (this.#sending = authorizeRequest(findAuthorize, credential, request));
    return pending.ready.then(
      (authorized) =>
        this.#reason || this.#closed ? Promise.reject(this.explain(undefined)) : this.#transmit(authorized),
      (error: unknown) => Promise.reject(this.explain(error)),
    );
  }

  #receive({ response: answer }: PendingResponse): Promise<UpstreamResponse> {
    return answer.then(
      (received) => {
        this.#phase = "answered";
        this.expiresAt = this.#sentAt + this.#limits.totalMs;
        return received;
      },
      (error: unknown) => {
        throw this.explain(error);
      },
    );
  }

  becomeStream(): void {
    this.#phase = "opened";
    // Its time may be over, which is not to look as if the process had stood still.
    this.#endsAt = Math.max(this.#parts.now(), this.#sentAt + endOfStream(this.#limits, this.awaitsContent));
    if (!this.#closed) this.#parts.deadlines.move(this, this.#endOfSilence());
  }

  contentBegan(): void {
    this.awaitsContent = false;
    if (!isStream(this.#phase)) return;
    this.#endsAt = this.#sentAt + endOfStream(this.#limits, false);
    this.expiresAt = this.#endOfSilence();
  }

  touch(time?: number): void {
    this.#phase = "streaming";
    this.expiresAt = this.#endOfSilence(time);
  }

  awaitClient(): void {
    this.touch();
    this.#phase = "unread";
  }

  #endOfSilence(time: number = this.#parts.now()): number {
    return Math.min(time + this.#limits.streamIdleMs, this.#endsAt);
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
    const { deadlines, now } = this.#parts;
    const time = now();
    const expired = expiredLimit(this.#phase, time - this.#sentAt, this.#limits, this.awaitsContent);
    if (expired && time - this.expiresAt > STOOD_STILL_MS && !this.#hadMoreTime) {
      // Once, because a process with too much to do is late every time.
      this.#hadMoreTime = true;
      const moreMs = expired === "connect_timeout" ? this.#limits.connectMs / 2 : STOOD_STILL_MS;
      return deadlines.move(this, time + moreMs);
    }
    if (expired) {
      return this.abort(timeoutFailure(expired, this.#phase, this.#limits, this.#endpoint.id));
    }
    deadlines.move(this, this.#sentAt + nextLimit(this.#phase, this.#limits));
  }

  #isConnecting(): boolean {
    return this.#phase === "connecting";
  }

  #onConnected(): void {
    if (this.#isConnecting()) this.#phase = "connected";
  }
}
