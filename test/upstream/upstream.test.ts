import { describe, expect, test } from "bun:test";
import { UpstreamError, UpstreamFailure } from "../../src/upstream/errors.ts";
import { Failure, type FailureCode } from "../../src/core/errors.ts";
import { createDeadlines } from "../../src/core/deadlines.ts";
import type { UpstreamCall } from "../../src/upstream/call.ts";
import { createUpstream } from "../../src/upstream/open-call.ts";
import type { UpstreamLimits } from "../../src/upstream/call-limits.ts";
import { createManualClock, settle } from "../fixtures/manual-clock.ts";
import { carriedBy, groq, LIMITS, openAnswered, REQUEST, type Sent, setUp, watch } from "./open-upstream.ts";

describe("before the header has come", () => {
  test.each<[when: string, limits: Partial<UpstreamLimits>, connects: boolean, code: string, at: number]>([
    ["no connection stands, and none is refused", {}, false, "connect_timeout", 1000],
    ["the connection stands", {}, true, "response_header_timeout", 5000],
    [
      "the header's time is shorter than the connection's",
      { responseHeaderMs: 300 },
      true,
      "response_header_timeout",
      300,
    ],
    ["the whole time is the shortest", { totalMs: 400 }, false, "total_timeout", 400],
    ["the whole time ends while the header is awaited", { totalMs: 4000 }, true, "total_timeout", 4000],
  ])("%s", async (_, limits, connects, code, at) => {
    const { clock, open, lastSent } = setUp(limits, connects);
    const call = open(groq, new AbortController().signal);
    const { state, sending, abortCodes } = watch(call);
    await clock.advance(at - 1);
    expect(sending()).toBe("pending");
    expect(lastSent().aborts).toEqual([]);
    await clock.advance(1);
    expect(sending()).toBe(code as FailureCode);
    expect(abortCodes()).toEqual([code as FailureCode]);
    expect(lastSent().aborts).toEqual(state.aborts);
    expect(state.aborts[0]?.details.provider).toBe("groq");
    call.close();
  });

  test("an answer that comes while nobody knows whether the connection stands is an answer", async () => {
    const { clock, lastSent, open } = setUp();
    const call = open(groq, new AbortController().signal);
    const { sending, abortCodes } = watch(call);
    await clock.advance(999);
    lastSent().answer();
    await clock.advance(10_000);
    expect(sending()).toBe("answered");
    expect(abortCodes()).toEqual([]);
    call.close();
  });

  test("a connection that stands at the last moment is one", async () => {
    const { clock, lastSent, open } = setUp();
    const call = open(groq, new AbortController().signal);
    const { sending } = watch(call);
    await clock.advance(999);
    lastSent().connect();
    await clock.advance(4000);
    expect(sending()).toBe("pending");
    await clock.advance(1);
    expect(sending()).toBe("response_header_timeout");
    lastSent().connect();
    call.close();
  });

  test("what is sent is the request as given, to its provider", async () => {
    const { lastSent, open } = setUp();
    const call = open(groq, new AbortController().signal);
    const { sending } = watch(call);
    lastSent().answer();
    await settle();
    expect(sending()).toBe("answered");
    expect(lastSent().provider).toBe(groq);
    expect(lastSent().request).toBe(REQUEST);
    call.close();
  });

  test("a transport that fails at once is told as one that fails later", async () => {
    const clock = createManualClock();
    const deadlines = createDeadlines(clock);
    const transport = (): never => {
      throw Object.assign(new Error("/socket"), { code: "ENOENT" });
    };
    const call = createUpstream({ ...carriedBy(transport), deadlines, now: clock.now, limits: LIMITS })(
      groq,
      new AbortController().signal,
    );
    const failure: unknown = await call.send(REQUEST).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "upstream_unreachable", details: { provider: "groq", cause: "ENOENT" } });
    call.close();
    expect(deadlines.size()).toBe(0);
  });

  test("a rejected request tells its meaning and the provider", async () => {
    const { open, lastSent } = setUp();
    const call = open(groq, new AbortController().signal);
    const { state, sending, abortCodes } = watch(call);
    lastSent().refuse(new UpstreamError("name_unknown", { code: "ENOTFOUND", phase: "dns", requestSent: false }));
    await settle();
    expect(sending()).toBe("upstream_dns_failure");
    expect(state.sending).toHaveProperty("details.provider", "groq");
    expect(abortCodes()).toEqual([]);
    call.close();
  });
});

describe("after the header has come", () => {
  test("a call that is not streamed ends when its whole time has gone by", async () => {
    const parts = setUp();
    const { call, abortCodes } = await openAnswered(parts);
    await parts.clock.advance(LIMITS.totalMs - 1);
    expect(abortCodes()).toEqual([]);
    await parts.clock.advance(1);
    expect(abortCodes()).toEqual(["total_timeout"]);
    expect(parts.lastSent().aborts).toMatchObject([{ code: "total_timeout" }]);
    expect(call.explain(new Error("broken")).code).toBe("total_timeout");
    call.close();
  });

  test("the whole time counts from the sending, not from the header", async () => {
    const parts = setUp({}, true);
    const call = parts.open(groq, new AbortController().signal);
    const { abortCodes } = watch(call);
    await parts.clock.advance(4000);
    parts.lastSent().answer();
    await parts.clock.advance(LIMITS.totalMs - 4000 - 1);
    expect(abortCodes()).toEqual([]);
    await parts.clock.advance(1);
    expect(abortCodes()).toEqual(["total_timeout"]);
    call.close();
  });

  test("a stream that never says anything ends after the idle time", async () => {
    const parts = setUp();
    const { call, abortCodes } = await openAnswered(parts);
    call.becomeStream();
    await parts.clock.advance(LIMITS.streamIdleMs - 1);
    expect(abortCodes()).toEqual([]);
    await parts.clock.advance(1);
    expect(abortCodes()).toEqual(["stream_idle_timeout"]);
    expect(parts.lastSent().aborts).toMatchObject([{ code: "stream_idle_timeout" }]);
    call.close();
  });

  test("a stream that moves outlives every other limit, and ends when it stands still", async () => {
    const parts = setUp();
    const { call, abortCodes } = await openAnswered(parts);
    call.becomeStream();
    for (let chunk = 0; chunk < 20; chunk++) {
      await parts.clock.advance(LIMITS.streamIdleMs - 1);
      call.touch();
    }
    await parts.clock.advance(LIMITS.streamIdleMs - 1);
    expect(abortCodes()).toEqual([]);
    await parts.clock.advance(1);
    expect(abortCodes()).toEqual(["stream_idle_timeout"]);
    call.close();
  });

  test("a stream that waits for its client ends after the idle time, and says that it was the client", async () => {
    const parts = setUp();
    const { call, abortCodes } = await openAnswered(parts);
    call.becomeStream();
    await parts.clock.advance(LIMITS.streamIdleMs - 1);
    call.awaitClient();
    await parts.clock.advance(LIMITS.streamIdleMs - 1);
    expect(abortCodes()).toEqual([]);
    await parts.clock.advance(1);
    expect(abortCodes()).toEqual(["client_stalled"]);
    expect(parts.lastSent().aborts).toMatchObject([{ code: "client_stalled" }]);
    call.close();
  });

  test("a client that reads on gives the provider its time back", async () => {
    const parts = setUp();
    const { call, abortCodes } = await openAnswered(parts);
    call.becomeStream();
    call.awaitClient();
    await parts.clock.advance(LIMITS.streamIdleMs - 1);
    call.touch();
    await parts.clock.advance(LIMITS.streamIdleMs - 1);
    expect(abortCodes()).toEqual([]);
    await parts.clock.advance(1);
    expect(abortCodes()).toEqual(["stream_idle_timeout"]);
    call.close();
  });

  test("a broken read that nobody aborted tells its meaning", async () => {
    const { call } = await openAnswered(setUp());
    const failure = call.explain(new UpstreamError("reset", { code: "ECONNRESET", phase: "body", requestSent: true }));
    expect(failure.code).toBe("upstream_reset");
    expect(failure.details.provider).toBe("groq");
    call.close();
  });
});

describe("a client that goes", () => {
  test("before the call is opened: nothing is sent", async () => {
    const { open, sent, deadlines } = setUp();
    const call = open(groq, AbortSignal.abort());
    const { sending } = watch(call);
    await settle();
    expect(sending()).toBe("client_gone");
    expect(sent).toHaveLength(0);
    call.close();
    expect(deadlines.size()).toBe(0);
  });

  test("between opening and sending: nothing is sent", async () => {
    const { open, sent } = setUp();
    const client = new AbortController();
    const call = open(groq, client.signal);
    client.abort();
    const { sending } = watch(call);
    await settle();
    expect(sending()).toBe("client_gone");
    expect(sent).toHaveLength(0);
    call.close();
  });

  test("while the header is awaited: the call ends at once", async () => {
    const { open, lastSent } = setUp();
    const client = new AbortController();
    const call = open(groq, client.signal);
    const { sending, abortCodes } = watch(call);
    client.abort();
    await settle();
    expect(sending()).toBe("client_gone");
    expect(abortCodes()).toEqual(["client_gone"]);
    expect(lastSent().aborts).toMatchObject([{ code: "client_gone" }]);
    call.close();
  });

  test("amid a stream: the stream ends at once", async () => {
    const parts = setUp();
    const client = new AbortController();
    const { call, abortCodes } = await openAnswered(parts, client.signal);
    call.becomeStream();
    call.touch();
    client.abort();
    expect(abortCodes()).toEqual(["client_gone"]);
    expect(parts.lastSent().aborts).toMatchObject([{ code: "client_gone" }]);
    expect(call.explain(new Error("broken")).code).toBe("client_gone");
    call.close();
  });
});

describe("the first reason counts", () => {
  test("against the client, later reasons and every limit", async () => {
    const parts = setUp();
    const client = new AbortController();
    const call = parts.open(groq, client.signal);
    const { state, sending } = watch(call);
    const reason = new Failure("shutting_down");
    call.abort(reason);
    call.abort(new Failure("internal"));
    client.abort();
    await parts.clock.advance(100_000);
    expect(sending()).toBe("shutting_down");
    expect(state.sending).toBe(reason);
    expect(state.aborts).toEqual([reason]);
    expect(parts.lastSent().aborts).toEqual([reason]);
    expect(call.explain(Object.assign(new Error("broken"), { code: "ECONNRESET" }))).toBe(reason);
    call.close();
  });

  test("also if a limit came first", async () => {
    const parts = setUp();
    const client = new AbortController();
    const { call, abortCodes } = await openAnswered(parts, client.signal);
    call.becomeStream();
    await parts.clock.advance(LIMITS.streamIdleMs);
    client.abort();
    call.abort(new Failure("shutting_down"));
    expect(abortCodes()).toEqual(["stream_idle_timeout"]);
    expect(call.explain(new Error("broken")).code).toBe("stream_idle_timeout");
    call.close();
  });

  test("is told to the last listener only", async () => {
    const { open } = setUp();
    const call = open(groq, new AbortController().signal);
    const told: string[] = [];
    call.onAbort(() => told.push("first"));
    call.onAbort(() => told.push("last"));
    call.abort(new Failure("shutting_down"));
    expect(told).toEqual(["last"]);
    call.close();
  });
});

test.each<
  [limit: string, come: (call: UpstreamCall, sent: Sent) => unknown, code: string, phase: string, sent: boolean]
>([
  ["to connect", () => {}, "connect_timeout", "connect", false],
  ["to begin the answer", (_, { connect }) => connect(), "response_header_timeout", "header", true],
  ["for the whole answer", (_, { answer }) => answer(), "total_timeout", "body", true],
  [
    "to begin the stream",
    async (call, { answer }) => {
      answer();
      await settle();
      call.becomeStream();
    },
    "stream_idle_timeout",
    "first-token",
    true,
  ],
  [
    "between two pieces of a stream",
    async (call, { answer }) => {
      answer();
      await settle();
      call.becomeStream();
      call.touch();
    },
    "stream_idle_timeout",
    "body",
    true,
  ],
])("the time %s is over: it is known how far the call had come", async (_, come, code, phase, requestSent) => {
  const { clock, open, lastSent } = setUp();
  const call = open(groq, new AbortController().signal);
  const { state } = watch(call);
  await come(call, lastSent());
  await settle();
  await clock.advance(LIMITS.totalMs);
  const [reason] = state.aborts;
  expect(reason).toBeInstanceOf(UpstreamFailure);
  expect(reason).toMatchObject({ code, error: { fault: code, phase, requestSent, retryable: true } });
  expect(reason?.details).toEqual({ provider: "groq" });
  call.close();
});
