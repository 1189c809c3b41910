import { describe, expect, test } from "bun:test";
import { Failure } from "../../src/core/errors.ts";
import { createInFlightRequests } from "../../src/core/in-flight-requests.ts";
import type { AttemptRequest } from "../../src/pipeline/attempt-parts.ts";
import { Attempts } from "../../src/pipeline/attempts.ts";
import { bodyOfBytes } from "../../src/upstream/body.ts";
import { UpstreamFailure } from "../../src/upstream/errors.ts";
import type { UpstreamResponse } from "../../src/upstream/transport.ts";
import { createTestBudget } from "../fixtures/memory-budget.ts";
import { rejectionOf } from "../fixtures/rejection.ts";
import { groq, LIMITS, REQUEST, setUp } from "../upstream/open-upstream.ts";

const KIB = 1024;

/** A request whose client can leave, and which knows who listens for that. */
function openClient() {
  const controller = new AbortController();
  const request = new Request("http://gateway.example/", { signal: controller.signal });
  const { signal } = request;
  let listeners = 0;
  const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
  Object.assign(signal, {
    addEventListener(...args: Parameters<typeof add>) {
      listeners += 1;
      add(...args);
    },
    removeEventListener(...args: Parameters<typeof remove>) {
      listeners -= 1;
      remove(...args);
    },
  });
  return { request, leave: () => controller.abort(), listeners: () => listeners };
}

function open() {
  const upstream = setUp();
  const client = openClient();
  const requests = createInFlightRequests({ observers: [], now: upstream.clock.now, newId: () => "id" });
  const context = requests.open(client.request, "/");
  const memory = createTestBudget();
  const idle: string[] = [];
  const connections = {
    suspendIdleTimeout: () => void idle.push("suspended"),
    restoreIdleTimeout: () => void idle.push("restored"),
  };
  const parts = {
    openCall: upstream.open,
    connections,
    memory,
    deadlines: upstream.deadlines,
    now: upstream.clock.now,
  };
  const attempts = new Attempts(parts, context, client.request);
  const reasons: string[] = [];
  attempts.onAbort(({ code }) => reasons.push(code));
  /** Begins one whose end ends all. */
  const begin = (request: AttemptRequest = REQUEST) => {
    const attempt = attempts.begin(groq, request);
    attempt.call.onAbort((reason) => attempts.abort(reason));
    return attempt;
  };
  return { ...upstream, client, requests, context, memory, idle, attempts, reasons, begin };
}

const answerOf = (status: number, text = "{}", headers: Record<string, string> = {}): UpstreamResponse => ({
  status,
  headers: new Headers(headers),
  body: bodyOfBytes(Buffer.from(text)),
});

describe("what ends a request", () => {
  test("a client that is gone is asked nothing for", async () => {
    const { attempts, begin, client, sent } = open();
    client.leave();
    expect(await rejectionOf(begin().answered())).toMatchObject({ code: "client_gone" });
    expect(sent).toEqual([]);
    expect(attempts.signal().reason).toMatchObject({ code: "client_gone" });
  });

  test("ends the attempt under way and everything else, once", async () => {
    const { requests, attempts, begin, client, lastSent, reasons } = open();
    const asking = begin().answered();
    requests.interruptAll(new Failure("shutting_down"));
    client.leave();
    expect(await rejectionOf(asking)).toMatchObject({ code: "shutting_down" });
    expect(lastSent().aborts[0]).toMatchObject({ code: "shutting_down" });
    expect(attempts.signal().reason).toMatchObject({ code: "shutting_down" });
    expect(reasons).toEqual(["shutting_down"]);
    expect(await rejectionOf(begin().answered())).toMatchObject({ code: "shutting_down" });
  });

  test("ends every attempt that is open", async () => {
    const { attempts, sent } = open();
    const both = [attempts.begin(groq, REQUEST), attempts.begin(groq, REQUEST)].map((attempt) => attempt.answered());
    attempts.abort(new Failure("shutting_down"));
    const reason = { status: "rejected", reason: { code: "shutting_down" } };
    expect(await Promise.allSettled(both)).toMatchObject([reason, reason]);
    expect(sent.map(({ aborts }) => aborts[0])).toMatchObject([{ code: "shutting_down" }, { code: "shutting_down" }]);
  });

  test("may be a deadline of one attempt", async () => {
    const { attempts, begin, clock, lastSent, reasons } = open();
    const failing = begin()
      .answered()
      .catch((error: unknown) => error);
    lastSent().connect();
    await clock.advance(LIMITS.responseHeaderMs);
    expect(await failing).toMatchObject({ code: "response_header_timeout" });
    expect(reasons).toEqual(["response_header_timeout"]);
    expect(attempts.explain(new Error("a read that failed because of it")).code).toBe("response_header_timeout");
  });

  test("is heard of while no attempt is open", async () => {
    const { attempts, begin, client, lastSent, reasons } = open();
    const asking = begin().answered();
    lastSent().answer();
    (await asking).close();
    const tools = attempts.signal();
    client.leave();
    expect(tools.reason).toMatchObject({ code: "client_gone" });
    expect(reasons).toEqual(["client_gone"]);
  });
});

describe("ownership", () => {
  test("between attempts there is no deadline; each has its own; closed they hold nothing", async () => {
    const { attempts, begin, clock, client, deadlines, idle, lastSent, reasons } = open();
    for (let step = 0; step < 3; step += 1) {
      const asking = begin().answered();
      lastSent().answer();
      const attempt = await asking;
      expect(deadlines.size()).toBe(1);
      await clock.advance(LIMITS.totalMs - 1);
      attempt.close();
      attempts.signal();
      expect(deadlines.size()).toBe(0);
      await clock.advance(10 * LIMITS.totalMs);
    }
    expect(reasons).toEqual([]);
    const asking = begin().answered();
    lastSent().answer();
    await asking;
    expect(idle).toEqual(["suspended"]);
    attempts.close();
    expect([deadlines.size(), client.listeners(), idle]).toEqual([0, 0, ["suspended", "restored"]]);
    client.leave();
    expect(reasons).toEqual([]);
  });

  test("the end of a block closes them, unless they were handed over", async () => {
    for (const [handsOver, isOpen] of [
      [false, 0],
      [true, 1],
    ] as const) {
      const { attempts, begin, deadlines, idle, lastSent } = open();
      {
        using owned = attempts;
        const asking = begin().answered();
        lastSent().answer();
        await asking;
        if (handsOver) owned.handOver();
      }
      expect([deadlines.size(), idle.length]).toEqual([isOpen, 2 - isOpen]);
      attempts.close();
      expect([deadlines.size(), idle.length]).toEqual([0, 2]);
    }
  });

  test("one that failed is closed, and the next one is independent of it", async () => {
    const { attempts, deadlines, lastSent, sent } = open();
    const first = attempts.begin(groq, REQUEST);
    const failing = first.answered();
    lastSent().answer(answerOf(503));
    expect(await rejectionOf(failing)).toBeInstanceOf(UpstreamFailure);
    expect([first.isClosed, deadlines.size()]).toEqual([true, 0]);
    const second = attempts.begin(groq, REQUEST);
    const asking = second.answered();
    lastSent().answer();
    expect((await asking).response.status).toBe(200);
    expect([second.previous, sent.length]).toEqual([undefined, 2]);
  });
});

describe("a failure says whether and when to ask again", () => {
  const statuses: readonly [status: number, retryable: boolean][] = [
    [302, false],
    [400, false],
    [408, true],
    [429, true],
    [500, true],
  ];
  test.each(statuses)("status %d", async (status, retryable) => {
    const { begin, lastSent } = open();
    const failing = begin()
      .answered()
      .catch((error: unknown) => error);
    lastSent().answer(answerOf(status, "{}", { "retry-after": "7" }));
    const error = { phase: "header", requestSent: true, retryable, status };
    expect(await failing).toMatchObject({ error: status < 400 ? error : { ...error, retryAfterMs: 7000 } });
  });

  test("one that did not connect", async () => {
    const { begin, clock } = open();
    const failing = begin()
      .answered()
      .catch((error: unknown) => error);
    await clock.advance(LIMITS.connectMs);
    expect(await failing).toMatchObject({ error: { phase: "connect", requestSent: false, retryable: true } });
  });

  test("an error that is wanted as it is comes as it is", async () => {
    const { begin, lastSent } = open();
    const asking = begin().received();
    lastSent().answer(answerOf(500));
    expect((await asking).status).toBe(500);
  });
});

describe("the budget", () => {
  const bodyOf = (length: number) => ({ ...REQUEST, body: new Uint8Array(length) });

  test("does not count a short body", () => {
    const { begin, context, memory } = open();
    memory.tryHold(context, 90 * KIB);
    void begin(bodyOf(64 * KIB));
    expect(memory.used()).toBe(0);
  });

  test("counts a long body until it is sent, and what is kept beside it after that", () => {
    const { begin, context, lastSent, memory } = open();
    memory.tryHold(context, 900 * KIB);
    void begin({ ...bodyOf(65 * KIB), keptBytes: 10 * KIB });
    expect(memory.used()).toBe(75 * KIB);
    lastSent().request.onSent?.();
    expect(memory.used()).toBe(10 * KIB);
  });

  test("has a long body back from a transport that says nothing, or fails", async () => {
    for (const end of ["answer", "refuse"] as const) {
      const { begin, lastSent, memory } = open();
      const asking = begin(bodyOf(65 * KIB)).answered();
      expect(memory.used()).toBe(65 * KIB);
      if (end === "answer") lastSent().answer();
      else lastSent().refuse(new Error("broken"));
      await asking.catch(() => {});
      expect(memory.used()).toBe(0);
    }
  });
});
