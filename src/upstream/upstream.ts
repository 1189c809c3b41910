import { Failure, type FailureCode } from "../failure/failure.ts";
import type { Provider } from "../providers/provider.ts";
import type { Answer, Sending, Transport, WireRequest } from "../transport/transport.ts";
import type { Deadline, Deadlines } from "./deadlines.ts";
import { readFetchError } from "./read-fetch-error.ts";

/** How long each part of a call to a provider may take, in milliseconds. */
export interface UpstreamLimits {
  readonly connectMs: number;
  readonly responseHeaderMs: number;
  /** A whole call that is not streamed. */
  readonly totalMs: number;
  /** Between two reads of a stream. */
  readonly streamIdleMs: number;
}

/** One call to a provider. Whoever opens it must `close` it, on every exit. */
export interface UpstreamCall {
  /** Sends the request and resolves with the answer once its header is there. Throws a {@link Failure}. */
  send(request: WireRequest): Promise<Answer>;
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
  /** What the error means with which a body broke off: the reason of the abort where there was one. */
  explain(error: unknown): Failure;
  /** Frees the deadline, lets go of the client, and gives up what has not come of the answer. */
  close(): void;
}

export interface UpstreamParts {
  readonly transport: Transport;
  readonly deadlines: Deadlines;
  /** Milliseconds of the monotonic clock. */
  readonly now: () => number;
  readonly limits: UpstreamLimits;
}

/** A deadline this late tells that the whole process stood still, and has yet to see what came meanwhile. */
const STOOD_STILL_MS = 100;

/** How far a call has come, which decides what its one deadline means. */
type Phase = "unsent" | "connecting" | "connected" | "answered" | "streaming" | "unread";

/** Opens a call that ends when `client` aborts. */
export type OpenUpstreamCall = (provider: Provider, client: AbortSignal) => UpstreamCall;

export const createUpstream =
  ({ transport, deadlines, now, limits }: UpstreamParts): OpenUpstreamCall =>
  (provider, client) => {
    let phase: Phase = "unsent";
    let deadline: Deadline | undefined;
    let sending: Sending | undefined;
    let sentAt = 0;
    let reason: Failure | undefined;
    let listener: ((reason: Failure) => void) | undefined;
    let closed = false;

    const abort = (failure: Failure): void => {
      if (reason || closed) return;
      reason = failure;
      sending?.abort(failure);
      listener?.(failure);
    };
    const onClientGone = (): void => abort(new Failure("client_gone"));

    const close = (): void => {
      if (closed) return;
      closed = true;
      if (deadline) deadlines.release(deadline);
      // Nobody reads what of the answer may still come.
      sending?.abort(undefined);
      client.removeEventListener("abort", onClientGone);
    };

    const onConnected = (): void => {
      if (phase === "connecting") phase = "connected";
    };

    /** What the deadline says when it has come: that a time is over, or when to look again. */
    const onDeadline = (): void => {
      if (closed || !deadline) return;
      const waited = now() - sentAt;
      const expired = expiredLimit(phase, waited, limits);
      if (expired === "connect_timeout" && now() - deadline.expiresAt > STOOD_STILL_MS) {
        return deadlines.move(deadline, now() + limits.connectMs / 2);
      }
      if (expired) return abort(new Failure(expired, { provider: provider.id }));
      deadlines.move(deadline, sentAt + nextLimit(phase, limits));
    };

    client.addEventListener("abort", onClientGone, { once: true });
    if (client.aborted) onClientGone();

    return {
      async send(request) {
        if (reason) throw reason;
        sentAt = now();
        phase = "connecting";
        sending = transport(provider, request, onConnected);
        deadline = deadlines.open(sentAt + nextLimit(phase, limits), onDeadline);
        try {
          const answer = await sending.answer;
          phase = "answered";
          deadline.expiresAt = sentAt + limits.totalMs;
          return answer;
        } catch (error) {
          throw reason ?? readFetchError(error, provider.id);
        }
      },
      becomeStream() {
        phase = "streaming";
        if (deadline && !closed) deadlines.move(deadline, now() + limits.streamIdleMs);
      },
      touch() {
        phase = "streaming";
        if (deadline) deadline.expiresAt = now() + limits.streamIdleMs;
      },
      awaitClient() {
        phase = "unread";
        if (deadline) deadline.expiresAt = now() + limits.streamIdleMs;
      },
      abort,
      onAbort(added) {
        listener = added;
      },
      explain: (error) => reason ?? readFetchError(error, provider.id),
      close,
    };
  };

/** The limit that is over after `waited` milliseconds, if one is. A stream's deadline comes only when its limit is over. */
function expiredLimit(phase: Phase, waited: number, limits: UpstreamLimits): FailureCode | undefined {
  if (phase === "streaming") return "stream_idle_timeout";
  if (phase === "unread") return "client_stalled";
  if (phase !== "answered" && waited >= limits.responseHeaderMs) return "response_header_timeout";
  if (waited >= limits.totalMs) return "total_timeout";
  return phase === "connecting" && waited >= limits.connectMs ? "connect_timeout" : undefined;
}

/** The first limit that a call can run into in this phase, in milliseconds from its beginning. */
function nextLimit(phase: Phase, { connectMs, responseHeaderMs, totalMs }: UpstreamLimits): number {
  if (phase === "answered") return totalMs;
  const headerMs = Math.min(responseHeaderMs, totalMs);
  return phase === "connecting" ? Math.min(connectMs, headerMs) : headerMs;
}
