import { expect } from "bun:test";
import { Failure } from "../../src/core/errors.ts";
import type { FindAuthorize } from "../../src/providers/credentials/credential.ts";
import type { Provider } from "../../src/providers/provider.ts";
import type { Endpoint } from "../../src/upstream/endpoint.ts";
import { bodyOfBytes } from "../../src/upstream/body.ts";
import type { UpstreamResponse, Transport, WireRequest } from "../../src/upstream/transport.ts";
import { createDeadlines } from "../../src/core/deadlines.ts";
import type { UpstreamCall } from "../../src/upstream/call.ts";
import { createUpstream } from "../../src/upstream/open-call.ts";
import type { UpstreamLimits } from "../../src/upstream/call-limits.ts";
import { createManualClock, settle } from "../fixtures/manual-clock.ts";

/** The limits of every call unless a test says otherwise, each far enough from the others to tell them apart. */
export const LIMITS: UpstreamLimits = { connectMs: 1000, responseHeaderMs: 5000, totalMs: 20_000, streamIdleMs: 3000 };
/** A request where it does not matter which. */
export const REQUEST = { url: "http://upstream.example/v1/x", method: "POST", headers: {}, body: null } as const;

/** A provider that is called without a key. */
export const createProvider = (id: string, unixSocket?: string): Provider => ({
  id,
  endpointKey: `${id} ${unixSocket}`,
  baseUrl: "http://upstream.example/v1",
  unixSocket,
  http2: false,
  transport: "auto",
  auth: "none",
  authHeader: "authorization",
  key: undefined,
  rootUrl: "http://upstream.example",
  query: "",
  secrets: [],
  apis: { models: { url: "http://upstream.example/v1/models", defaults: {}, fixed: {} } },
  bases: [],
  rootPaths: [],
  encodedSlashes: false,
  shownSettings: [],
  relayedHeaders: [],
  extraRequestHeaders: [],
  listing: "openai",
  refusesStreamOptions: false,
  callable: true,
  configured: true,
});
export const groq = createProvider("groq");

/** What carries all calls, whatever their endpoints ask for. */
export const carriedBy = (transport: Transport) => ({ socket: transport, fetch: transport });

/** One request that is under way: the test says when its connection stands, and what becomes of it. */
export interface Sent {
  readonly provider: Endpoint;
  readonly request: WireRequest;
  /** The reasons with which it was given up, in order. */
  readonly aborts: readonly unknown[];
  readonly connect: () => void;
  readonly answer: (answer?: UpstreamResponse) => void;
  readonly refuse: (error: unknown) => void;
}

const ANSWER: UpstreamResponse = { status: 200, headers: new Headers(), body: bodyOfBytes(Buffer.from("{}")) };

/**
 * An upstream on a clock of its own, with a transport that does nothing of itself.
 * @param connects whether a connection stands as soon as a request is sent
 * @param findAuthorize finds the credentials of endpoints that have one
 */
export function setUp(limits: Partial<UpstreamLimits> = {}, connects = false, findAuthorize?: FindAuthorize) {
  const clock = createManualClock();
  const deadlines = createDeadlines(clock);
  const sent: Sent[] = [];
  const transport: Transport = (provider, request, onConnected) => {
    const { promise, resolve, reject } = Promise.withResolvers<UpstreamResponse>();
    const aborts: unknown[] = [];
    sent.push({
      provider,
      request,
      aborts,
      connect: onConnected,
      answer: (answer = ANSWER) => resolve(answer),
      refuse: reject,
    });
    if (connects) onConnected();
    return {
      response: promise,
      abort(reason) {
        aborts.push(reason);
        reject(reason);
      },
    };
  };
  const open = createUpstream({
    ...carriedBy(transport),
    deadlines,
    now: clock.now,
    limits: { ...LIMITS, ...limits },
    findAuthorize,
  });
  const lastSent = (): Sent => {
    const last = sent.at(-1);
    if (!last) throw new Error("nothing was sent");
    return last;
  };
  return { clock, deadlines, sent, lastSent, open };
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
