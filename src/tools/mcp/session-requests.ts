import type { TimerSource } from "../../core/deadlines.ts";
import { McpError, tookTooLong } from "./errors.ts";
import type { PendingResults } from "./shorten-message.ts";
import type { Transport } from "@modelcontextprotocol/client";

/** A signal with a deadline; unlike those of the platform, one that leaves no timer and no listener behind. */
export interface BoundSignal {
  /** Its reason is the parent's, or the problem it was aborted with. */
  readonly signal: AbortSignal;
  abort(problem: McpError): void;
  /** To be called on every exit. Does not abort. */
  release(): void;
}

/**
 * A signal that is aborted when its parent is, or when time is up.
 * @param onExpire makes the reason for the latter.
 */
export function bindSignal(
  { setTimer, clearTimer }: TimerSource,
  parent: AbortSignal,
  milliseconds: number,
  onExpire: () => McpError,
): BoundSignal {
  const controller = new AbortController();
  const follow = (): void => controller.abort(parent.reason);
  const timer = setTimer(() => controller.abort(onExpire()), milliseconds);
  parent.addEventListener("abort", follow, { once: true });
  if (parent.aborted) follow();
  return {
    signal: controller.signal,
    abort: (problem) => controller.abort(problem),
    release() {
      clearTimer(timer);
      parent.removeEventListener("abort", follow);
    },
  };
}

/** Rejects with the signal's reason when it is aborted, if `promise` has not settled by then. */
export async function orAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
    // Whoever lost the race may still reject, and nobody else listens.
    promise.catch(() => {});
  }
}

/** Headers of the requests of one call; one of them says, within the gateway, to which call they belong. */
export type CallHeaders = Readonly<Record<string, string>>;

/**
 * Makes the signal of a call hold for the HTTP requests that are made for it. Resolves with the call's result, which
 * the protocol's library need not have seen: what the server sent, whatever that is.
 */
export type DuringCall = (bound: BoundSignal, run: (headers: CallHeaders) => Promise<unknown>) => Promise<unknown>;

/** A call under way. */
interface OpenCall {
  readonly bound: BoundSignal;
  id: unknown;
  /** Its result, if that did not go through the library. */
  taken: { readonly result: unknown } | undefined;
}

/** Names a call to the transport, and is never sent. */
const CALL_HEADER = "x-gateway-call";

/**
 * Gives every request of a transport an end. The protocol's library rejects a request that takes too long, but with
 * most servers lets its HTTP request and its retries go on. It does pass the headers of a call on to the transport, so
 * a header leads back to the signal of the call. Requests outside of calls belong to connecting, which closes the
 * transport when it gives up; notifications get a deadline here.
 */
export function bindRequests(
  transport: Transport,
  timers: TimerSource,
  timeoutMs: number,
  pending: PendingResults,
): DuringCall {
  const calls = new Map<string, OpenCall>();
  const never = new AbortController().signal;
  let lastCall = 0;

  const send = transport.send.bind(transport);
  transport.send = async (message, options) => {
    const { [CALL_HEADER]: name = "", ...headers } = options?.headers ?? {};
    const call = calls.get(name);
    if (call) {
      if ("id" in message) {
        call.id = message.id;
        pending.set(message.id, (result) => (call.taken = { result }));
      }
      return send(message, {
        ...options,
        headers,
        requestSignal: call.bound.signal,
        onRequestStreamEnd: () => call.bound.abort(new McpError("protocol", "closed the connection without an answer")),
      });
    }
    if ("id" in message) return send(message, options);
    const bound = bindSignal(timers, never, timeoutMs, () => tookTooLong(timeoutMs, "MCP_CLIENT_TIMEOUT"));
    try {
      await send(message, { ...options, requestSignal: bound.signal });
    } finally {
      bound.release();
    }
  };

  return async (bound, run) => {
    const name = String((lastCall += 1));
    const call: OpenCall = { bound, id: undefined, taken: undefined };
    calls.set(name, call);
    try {
      const seen = await run({ [CALL_HEADER]: name });
      return call.taken ? call.taken.result : seen;
    } finally {
      calls.delete(name);
      pending.delete(call.id);
    }
  };
}
