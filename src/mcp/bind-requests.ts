import type { Transport } from "@modelcontextprotocol/client";
import type { TimerSource } from "../deadlines/deadlines.ts";
import { bindSignal, type BoundSignal } from "./bind-signal.ts";
import { McpProblem, tookTooLong } from "./mcp-problem.ts";

/** Headers that say, within the gateway, to which call a request belongs. */
export type CallHeaders = Readonly<Record<string, string>>;

/** Makes the signal of a call hold for the HTTP requests that are made for it. */
export type DuringCall = <Value>(bound: BoundSignal, run: (headers: CallHeaders) => Promise<Value>) => Promise<Value>;

/** Names a call to the transport, and is never sent. */
const CALL_HEADER = "x-gateway-call";

/**
 * Gives every request of a transport an end. The protocol's library rejects a request that takes too long, but with most
 * servers lets its HTTP request and its retries go on. It does pass the headers of a call on to the transport, so a
 * header leads back to the signal of the call. Requests outside of calls belong to connecting, which closes the
 * transport when it gives up; notifications get a deadline here.
 */
export function bindRequests(transport: Transport, timers: TimerSource, timeoutMs: number): DuringCall {
  const calls = new Map<string, BoundSignal>();
  const never = new AbortController().signal;
  let lastCall = 0;

  const send = transport.send.bind(transport);
  transport.send = async (message, options) => {
    const { [CALL_HEADER]: name = "", ...headers } = options?.headers ?? {};
    const call = calls.get(name);
    if (call) {
      return send(message, {
        ...options,
        headers,
        requestSignal: call.signal,
        onRequestStreamEnd: () => call.abort(new McpProblem("protocol", "closed the connection without an answer")),
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
    calls.set(name, bound);
    try {
      return await run({ [CALL_HEADER]: name });
    } finally {
      calls.delete(name);
    }
  };
}
