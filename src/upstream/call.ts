import type { ClientSignal } from "../core/client-request.ts";
import type { Failure } from "../core/errors.ts";
import type { Deadlines } from "../core/deadlines.ts";
import type { Timeouts } from "../core/timeouts.ts";
import type { FindAuthorize } from "../providers/credentials/credential.ts";
import type { UpstreamLimits } from "./call-limits.ts";
import type { Endpoint, EndpointAddress } from "./endpoint.ts";
import type { UpstreamResponse, Transport, WireRequest } from "./transport.ts";

/** One call to a provider. Whoever opens it must `close` it, on every exit. */
export interface UpstreamCall {
  /** Sends the request and resolves with the answer once its header is there. Throws a {@link Failure}. */
  send(request: WireRequest): Promise<UpstreamResponse>;
  /** From now on the call is a stream: each read has its own deadline, the whole only if one is set. */
  becomeStream(): void;
  /** Its first content has a deadline, and has not come: whoever sees it come says so. */
  readonly awaitsContent: boolean;
  /** The first event of a stream that holds content has come: not a comment, and not one that only names a role. */
  contentBegan(): void;
  /**
   * Notes that a stream moved.
   * @param time the time now, if it has been read
   */
  touch(time?: number): void;
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
  /** The gateway's own: HTTP/1.1 on sockets. */
  readonly socket: Transport;
  /** The runtime's `fetch`. */
  readonly fetch: Transport;
  /** Whether calls to an endpoint go out without the proxy; absent if there is none. */
  readonly isDirect?: ((endpoint: EndpointAddress) => boolean) | undefined;
  readonly deadlines: Deadlines;
  /** Milliseconds of the monotonic clock. */
  readonly now: () => number;
  readonly limits: UpstreamLimits;
  /** Finds what authorizes the requests to endpoints that have a credential. */
  readonly findAuthorize?: FindAuthorize | undefined;
}

/**
 * Opens a call that ends when `client` aborts.
 * @param timeouts that count before the limits of all calls; kept by whoever says them, because each is worked out once
 */
export type OpenUpstreamCall = (
  endpoint: Endpoint,
  client: ClientSignal,
  timeouts?: Timeouts | undefined,
) => UpstreamCall;
