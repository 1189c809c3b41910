import { createLinkedList } from "./linked-list.ts";
import type { Failure } from "./errors.ts";
import type { RequestContext, RequestObserver, Interruptible, Outcome } from "./request-context.ts";

/** A client's own id is taken over where it is printable ASCII and at most 128 characters long. */
const SANE_ID = /^[\x20-\x7e]{1,128}$/;

/** The id under which a request is logged and answered: the client's `X-Request-Id` if it is a sane one, else a new one. */
export const requestIdOf = (headers: Headers, newId: () => string): string => {
  const given = headers.get("x-request-id");
  return given !== null && SANE_ID.test(given) ? given : newId();
};

/** The register of all exchanges in flight: opens them, settles each exactly once, and knows how to end those that are open. */
export interface InFlightRequests {
  open(request: Request, route: string): RequestContext;
  /** Names what can end this exchange early; forgotten when it settles. */
  onInterrupt(context: RequestContext, call: Interruptible): void;
  /** Notes that the provider's answer has begun. */
  markFirstByte(context: RequestContext): void;
  /** Books the end of an exchange and tells the observers. A second call for the same exchange does nothing. */
  finish(context: RequestContext, outcome: Outcome): void;
  /** How many exchanges are open. */
  size(): number;
  /** Resolves when no exchange is open. */
  whenEmpty(): Promise<void>;
  interruptAll(reason: Failure): void;
}

export interface InFlightRequestsOptions {
  readonly observers: readonly RequestObserver[];
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  readonly newId: () => string;
}

export const createInFlightRequests = ({ observers, now, newId }: InFlightRequestsOptions): InFlightRequests => {
  const open = createLinkedList<RequestContext>();
  let waiting: (() => void)[] = [];

  return {
    open(request, route) {
      const context: RequestContext = {
        id: requestIdOf(request.headers, newId),
        method: request.method,
        route,
        startedAt: now(),
        principal: undefined,
        provider: undefined,
        model: undefined,
        status: 0,
        streaming: false,
        bytesIn: 0,
        bytesOut: 0,
        heldBytes: 0,
        firstByteAt: undefined,
        usage: undefined,
        toolRounds: undefined,
        toolCalls: undefined,
        failure: undefined,
        cause: undefined,
        outcome: undefined,
        call: undefined,
        previous: undefined,
        next: undefined,
      };
      open.append(context);
      return context;
    },
    onInterrupt(context, call) {
      if (context.outcome === undefined) context.call = call;
    },
    markFirstByte(context) {
      context.firstByteAt = now();
    },
    finish(context, outcome) {
      if (context.outcome !== undefined) return;
      context.outcome = outcome;
      context.call = undefined;
      open.remove(context);
      const settledAt = now();
      for (const observe of observers) observe(context, settledAt);
      if (open.size() === 0 && waiting.length > 0) {
        for (const resolve of waiting) resolve();
        waiting = [];
      }
    },
    size: open.size,
    whenEmpty: () => (open.size() === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
    interruptAll(reason) {
      for (const context of open.members()) context.call?.abort(reason);
    },
  };
};
