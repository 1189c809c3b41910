import type { ClientRequest, ClientHeaders } from "./client-request.ts";
import { callEach, type OnFault, throwApart } from "./faults.ts";
import { createLinkedList } from "./linked-list.ts";
import type { Failure } from "./errors.ts";
import type { RequestContext, RequestObserver } from "./request-context.ts";
import type { BeginTrace, RequestTrace } from "./request-trace.ts";
import { Recorder } from "./request-recorder.ts";
import type { PriceCall, RequestRegister } from "./request-register.ts";
import { createDeadlines, type Deadlines, type TimerSource } from "./deadlines.ts";
import { createMemoryBudget, type MemoryBudget } from "./memory/budget.ts";
import { createSlots, type Slots } from "./slots.ts";

/** A client's own id is used if it is printable ASCII and at most 128 characters long. */
const SANE_ID = /^[\x20-\x7e]{1,128}$/;

/** The id under which a request is logged and answered: the client's `X-Request-Id` if it is a sane one, else a new one. */
export const requestIdOf = (headers: ClientHeaders, newId: () => string): string => {
  const given = headers.get("x-request-id");
  return given !== null && SANE_ID.test(given) ? given : newId();
};

/** A request whose trace cannot begin is not traced. */
function guardTrace(
  begin: BeginTrace,
  onFault: OnFault,
): (...request: Parameters<BeginTrace>) => RequestTrace | undefined {
  return (headers, route) => {
    try {
      return begin(headers, route);
    } catch (error) {
      onFault(error);
      return undefined;
    }
  };
}

/** What a request cost is not known if its price cannot be found. */
function guardPrice(price: PriceCall, onFault: OnFault): PriceCall {
  return (request, usage) => {
    try {
      return price(request, usage);
    } catch (error) {
      onFault(error);
      return null;
    }
  };
}

/** Opens requests. Whoever opens one finishes it, on every exit. */
export interface RequestOpener {
  open(request: ClientRequest, route: string): RequestContext;
  /** How many are open, whoever opened them. */
  size(): number;
}

/** The requests that began while one configuration was in force. */
export interface RequestGeneration extends RequestOpener {
  /** Resolves when none of them is open. For one that opens no more. */
  whenOver(): Promise<void>;
}

/** The register of all requests in flight: opens them, is notified of their end, and can end those that are open. */
export interface InFlightRequests extends RequestOpener {
  /**
   * Requests that can be waited for apart from all others.
   * @param price what each of them costs; undefined if costs are not computed
   */
  beginGeneration(price?: PriceCall | undefined): RequestGeneration;
  /** Resolves when none is open. */
  whenEmpty(): Promise<void>;
  interruptAll(reason: Failure): void;
}

export interface InFlightRequestsOptions {
  readonly observers: readonly RequestObserver[];
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  /** Random ids unless given. */
  readonly newId?: (() => string) | undefined;
  /** Whether it is of use how long requests wait for others. */
  readonly measuresWaits?: boolean;
  /** Absent if requests are not traced. */
  readonly beginTrace?: BeginTrace | undefined;
  /** Gets what observers, traces and prices throw: it is no reason to keep an answer from its client. */
  readonly onFault?: OnFault;
}

export const createInFlightRequests = ({
  observers,
  now,
  newId = () => crypto.randomUUID(),
  measuresWaits = false,
  beginTrace,
  onFault = throwApart,
}: InFlightRequestsOptions): InFlightRequests => {
  const open = createLinkedList<RequestContext>();
  let waiting: (() => void)[] = [];

  const leave = (context: RequestContext): void => {
    open.remove(context);
    const finishedAt = now();
    for (const observe of observers) {
      try {
        observe(context, finishedAt);
      } catch (error) {
        onFault(error);
      }
    }
    if (open.size() === 0 && waiting.length > 0) {
      for (const resolve of waiting) resolve();
      waiting = [];
    }
  };

  const traceOf = beginTrace && guardTrace(beginTrace, onFault);

  const beginGeneration = (price?: PriceCall | undefined): RequestGeneration => {
    const over = Promise.withResolvers<void>();
    let count = 0;
    let isAwaited = false;
    const register: RequestRegister = {
      now,
      price: price && guardPrice(price, onFault),
      measuresWaits,
      remove(context) {
        count -= 1;
        leave(context);
        if (isAwaited && count === 0) over.resolve();
      },
    };
    return {
      open(request, route) {
        const { headers, method } = request;
        const trace = traceOf?.(headers, route);
        const context = new Recorder(register, requestIdOf(headers, newId), method, route, trace);
        count += 1;
        open.append(context);
        return context;
      },
      size: open.size,
      whenOver() {
        isAwaited = true;
        if (count === 0) over.resolve();
        return over.promise;
      },
    };
  };

  return {
    open: beginGeneration().open,
    beginGeneration,
    size: open.size,
    whenEmpty: () => (open.size() === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
    interruptAll(reason) {
      callEach(open.members(), (context) => context.call?.abort(reason), onFault);
    },
  };
};

export interface RequestsOptions extends Pick<
  InFlightRequestsOptions,
  "observers" | "newId" | "measuresWaits" | "beginTrace" | "onFault"
> {
  /** How many bytes all requests may hold together. */
  readonly maxBytes: number;
  readonly timers: TimerSource;
}

/** All requests in flight, with what they share. */
export interface Requests {
  readonly requests: InFlightRequests;
  readonly deadlines: Deadlines;
  readonly memory: MemoryBudget;
  /** Turns at decompressing the long body of one. */
  readonly decompressions: Slots;
}

/** So many long bodies are decompressed at once; the others wait for their turn. */
const MAX_DECOMPRESSIONS = 2;

/** Builds the register of requests. Whatever ends a request finishes it there, so its memory is given back there too. */
export function openRequests({ maxBytes, timers, observers, ...rest }: RequestsOptions): Requests {
  const { now } = timers;
  const deadlines = createDeadlines(timers, rest.onFault);
  const memory = createMemoryBudget({ limit: maxBytes, deadlines, now, collect: () => Bun.gc(true) });
  const requests = createInFlightRequests({ ...rest, observers: [...observers, memory.release], now });
  return { requests, deadlines, memory, decompressions: createSlots(MAX_DECOMPRESSIONS) };
}
