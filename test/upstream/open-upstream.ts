import { expect } from "bun:test";
import { Failure } from "../../src/failure/failure.ts";
import type { Provider } from "../../src/providers/provider.ts";
import { createDeadlines } from "../../src/upstream/deadlines.ts";
import { createUpstream, type UpstreamCall, type UpstreamLimits } from "../../src/upstream/upstream.ts";
import { createManualClock, settle } from "./manual-clock.ts";

/** The limits of every call unless a test says otherwise, each far enough from the others to tell them apart. */
export const LIMITS: UpstreamLimits = { connectMs: 1000, responseHeaderMs: 5000, totalMs: 20_000, streamIdleMs: 3000 };
/** A request where it does not matter which. */
export const REQUEST = { url: "http://upstream.example/v1/x", method: "POST", headers: {}, body: null } as const;

/** A provider that is called without a key. */
export const createProvider = (id: string, unixSocket?: string): Provider => ({
  id,
  baseUrl: "http://upstream.example/v1",
  unixSocket,
  auth: "none",
  authHeader: "authorization",
  key: undefined,
  headers: {},
  listing: "openai",
  paths: { models: "models", chat: "chat/completions" },
  refusesStreamOptions: false,
  callable: true,
  configured: true,
});
export const groq = createProvider("groq");

/** One `fetch` that is under way: answered by the test, or refused as the runtime does when its signal aborts. */
export interface Sent {
  readonly url: string;
  readonly init: BunFetchRequestInit;
  readonly signal: AbortSignal;
  readonly answer: (response?: Response) => void;
  readonly refuse: (error: unknown) => void;
}

/** An upstream on a clock of its own. By default a connection never stands: the probe does not resolve. */
export function setUp(limits: Partial<UpstreamLimits> = {}) {
  const clock = createManualClock();
  const deadlines = createDeadlines(clock);
  const sent: Sent[] = [];
  const probes: { readonly provider: Provider; readonly resolve: (connected: boolean) => void }[] = [];
  const outside: { connects: boolean | undefined } = { connects: undefined };
  const open = createUpstream({
    fetch: (url, init) => {
      const { promise, resolve, reject } = Promise.withResolvers<Response>();
      const { signal } = init;
      if (!signal) throw new Error("the call cannot be aborted");
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      sent.push({ url, init, signal, answer: (response = new Response("{}")) => resolve(response), refuse: reject });
      return promise;
    },
    probe: (provider) => {
      const { promise, resolve } = Promise.withResolvers<boolean>();
      probes.push({ provider, resolve });
      if (outside.connects !== undefined) resolve(outside.connects);
      return promise;
    },
    deadlines,
    now: clock.now,
    limits: { ...LIMITS, ...limits },
  });
  const lastSent = (): Sent => {
    const last = sent.at(-1);
    if (!last) throw new Error("nothing was sent");
    return last;
  };
  return { clock, deadlines, sent, lastSent, probes, outside, open };
}

/** How a call stands: what it waits for, or ended with. */
export function watch(call: UpstreamCall) {
  const state: { sending: "pending" | "answered" | Failure; readonly aborts: Failure[] } = {
    sending: "pending",
    aborts: [],
  };
  call.onAbort((reason) => state.aborts.push(reason));
  call.send(REQUEST).then(
    () => {
      state.sending = "answered";
    },
    (error: unknown) => {
      state.sending = error instanceof Failure ? error : new Failure("internal", { cause: error });
    },
  );
  return {
    state,
    /** The code with which `send` failed, or where it stands. */
    sending: () => (typeof state.sending === "string" ? state.sending : state.sending.code),
    abortCodes: () => state.aborts.map((reason) => reason.code),
  };
}

/** Opens a call and has it answered at once. */
export async function openAnswered(parts: ReturnType<typeof setUp>, client = new AbortController().signal) {
  const call = parts.open(groq, client);
  const seen = watch(call);
  parts.lastSent().answer();
  await settle();
  expect(seen.sending()).toBe("answered");
  return { call, ...seen };
}
