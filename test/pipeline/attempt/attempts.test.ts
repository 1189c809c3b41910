import { describe, expect, test } from "bun:test";
import { Failure } from "../../../src/core/errors.ts";
import { createInFlightRequests } from "../../../src/core/in-flight-requests.ts";
import { joinTimeouts } from "../../../src/core/timeouts.ts";
import type { AttemptRequest } from "../../../src/pipeline/attempt/attempt-parts.ts";
import { Attempts } from "../../../src/pipeline/attempt/attempts.ts";
import { bodyOfBytes } from "../../../src/upstream/body.ts";
import { UpstreamFailure } from "../../../src/upstream/errors.ts";
import type { UpstreamResponse } from "../../../src/upstream/transport.ts";
import { createTestBudget } from "../../fixtures/memory-budget.ts";
import { rejectionOf } from "../../fixtures/rejection.ts";
import { groq, LIMITS, REQUEST, setUp } from "../../upstream/open-upstream.ts";

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

describe("the time of a request as a whole", () => {
  const RULE = "timeouts.total of model fast";

  test("counts from its arrival, over all attempts, and ends what waits", async () => {
    const { attempts, begin, clock, lastSent, reasons, sent, deadlines } = open();
    expect(attempts.until).toBe(Number.POSITIVE_INFINITY);
    await clock.advance(1000);
    attempts.endWithin(6000, RULE);
    expect(attempts.until).toBe(clock.now() + 5000);
    const first = begin().answered();
    lastSent().answer();
    (await first).close();
    await clock.advance(3000);
    const tools = attempts.signal();
    const second = rejectionOf(begin().answered());
    lastSent().connect();
    await clock.advance(1999);
    expect(reasons).toEqual([]);
    await clock.advance(1);
    const message = `The request was not answered in time (${RULE})`;
    expect(await second).toMatchObject({ code: "request_timeout", message });
    expect(tools.reason).toMatchObject({ code: "request_timeout" });
    expect(reasons).toEqual(["request_timeout"]);
    expect(await rejectionOf(begin().answered())).toMatchObject({ code: "request_timeout" });
    expect(sent).toHaveLength(2);
    attempts.close();
    expect(deadlines.size()).toBe(0);
  });

  test("is the shortest that is said, also by a branch", async () => {
    const { attempts, clock, reasons, deadlines } = open();
    attempts.endWithin(5000, "one");
    const branch = attempts.branch();
    branch.endWithin(3000, RULE);
    branch.endWithin(4000, "another");
    expect([attempts.until, branch.until]).toEqual([clock.now() + 3000, clock.now() + 3000]);
    expect(deadlines.size()).toBe(1);
    await clock.advance(2999);
    expect(reasons).toEqual([]);
    await clock.advance(1);
    expect(reasons).toEqual(["request_timeout"]);
    expect(attempts.explain(undefined).message).toContain(RULE);
    await clock.advance(5000);
    attempts.close();
    expect(deadlines.size()).toBe(0);
  });

  test("that is over already asks nobody", async () => {
    const { attempts, begin, clock, sent, deadlines } = open();
    await clock.advance(1000);
    attempts.endWithin(1000, RULE);
    expect(await rejectionOf(begin().answered())).toMatchObject({ code: "request_timeout" });
    expect(sent).toEqual([]);
    attempts.close();
    expect(deadlines.size()).toBe(0);
  });
});

describe("timeouts of attempts", () => {
  const timeoutsOf = (of: string, connectMs: number) => joinTimeouts([{ of, timeouts: { connectMs } }]);
  const provider = { ...groq, timeouts: timeoutsOf("provider groq", 300) };

  test.each([
    ["the provider's", 300, "timeouts.connect of provider groq", undefined, undefined],
    ["the branch's before those", 500, "timeouts.connect of model fast", timeoutsOf("model fast", 500), undefined],
    ["the attempt's before all", 400, "timeouts.connect of it", timeoutsOf("model fast", 500), timeoutsOf("it", 400)],
  ])("%s", async (_, at, rule, ofBranch, own) => {
    const { attempts, clock } = open();
    // A branch of it has the same.
    const branch = ofBranch ? attempts.branch(ofBranch).branch() : attempts;
    const asking = branch.begin(provider, { ...REQUEST, timeouts: own }).answered();
    const failed = rejectionOf(asking);
    await clock.advance(at);
    expect((await failed) as Failure).toMatchObject({ code: "connect_timeout" });
    expect(String((await failed) as Failure)).toContain(`(${rule})`);
    attempts.close();
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
