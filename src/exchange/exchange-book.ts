import { createChain } from "../chain/chain.ts";
import type { Failure } from "../failure/failure.ts";
import type { Exchange, ExchangeObserver, Interruptible, Outcome } from "./exchange.ts";
import { requestIdOf } from "./request-id.ts";

/** The register of all exchanges in flight: opens them, settles each exactly once, and knows how to end those that are open. */
export interface ExchangeBook {
  open(request: Request, route: string): Exchange;
  /** Names what can end this exchange early; forgotten when it settles. */
  onInterrupt(exchange: Exchange, call: Interruptible): void;
  /** Notes that the provider's answer has begun. */
  markFirstByte(exchange: Exchange): void;
  /** Books the end of an exchange and tells the observers. A second call for the same exchange does nothing. */
  settle(exchange: Exchange, outcome: Outcome): void;
  /** How many exchanges are open. */
  size(): number;
  /** Resolves when no exchange is open. */
  whenEmpty(): Promise<void>;
  interruptAll(reason: Failure): void;
}

export interface ExchangeBookOptions {
  readonly observers: readonly ExchangeObserver[];
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  readonly newId: () => string;
}

export const createExchangeBook = ({ observers, now, newId }: ExchangeBookOptions): ExchangeBook => {
  const open = createChain<Exchange>();
  let waiting: (() => void)[] = [];

  return {
    open(request, route) {
      const exchange: Exchange = {
        id: requestIdOf(request.headers, newId),
        method: request.method,
        route,
        startedAt: now(),
        identity: undefined,
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
        before: undefined,
        behind: undefined,
      };
      open.join(exchange);
      return exchange;
    },
    onInterrupt(exchange, call) {
      if (exchange.outcome === undefined) exchange.call = call;
    },
    markFirstByte(exchange) {
      exchange.firstByteAt = now();
    },
    settle(exchange, outcome) {
      if (exchange.outcome !== undefined) return;
      exchange.outcome = outcome;
      exchange.call = undefined;
      open.leave(exchange);
      const settledAt = now();
      for (const observe of observers) observe(exchange, settledAt);
      if (open.size() === 0 && waiting.length > 0) {
        for (const resolve of waiting) resolve();
        waiting = [];
      }
    },
    size: open.size,
    whenEmpty: () => (open.size() === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
    interruptAll(reason) {
      for (const exchange of open.members()) exchange.call?.abort(reason);
    },
  };
};
