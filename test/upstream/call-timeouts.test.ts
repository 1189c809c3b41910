import { describe, expect, test } from "bun:test";
import { joinTimeouts, type Timeouts } from "../../src/core/timeouts.ts";
import { UpstreamFailure } from "../../src/upstream/errors.ts";
import { settle } from "../fixtures/manual-clock.ts";
import { groq, LIMITS, setUp, watch } from "./open-upstream.ts";

/** The narrowest rule that says a timeout counts. */
const timeoutsOf = (model: Timeouts, provider: Timeouts = {}): Timeouts | undefined =>
  joinTimeouts([
    { of: "provider groq", timeouts: provider },
    { of: "model fast", timeouts: model },
  ]);

function open(timeouts: Timeouts | undefined, { connects = true, limits = {} } = {}) {
  const parts = setUp(limits, connects);
  const call = parts.open(groq, new AbortController().signal, timeouts);
  const seen = watch(call);
  const answer = async (): Promise<void> => {
    parts.lastSent().answer();
    await settle();
  };
  const told = () => {
    const [failure] = seen.state.aborts;
    if (!failure) return undefined;
    const error = failure instanceof UpstreamFailure ? failure.error : undefined;
    return { code: failure.code, message: failure.message, phase: error?.phase, sent: error?.requestSent };
  };
  return { ...parts, call, ...seen, answer, told };
}

describe("before the header has come, a call's own timeouts count, and are named for who says them", () => {
  const CONNECT = "The upstream server did not accept a connection in time";
  const HEADER = "The upstream server did not begin its answer in time";
  const TOTAL = "The upstream server did not complete its answer in time";
  const TOKEN = "The upstream server sent no content in time";
  test.each<[Timeouts, Timeouts, boolean, code: string, message: string, phase: string, at: number]>([
    [{ connectMs: 300 }, {}, false, "connect_timeout", `${CONNECT} (timeouts.connect of model fast)`, "connect", 300],
    [
      {},
      { connectMs: 300 },
      false,
      "connect_timeout",
      `${CONNECT} (timeouts.connect of provider groq)`,
      "connect",
      300,
    ],
    [
      { connectMs: 2000 },
      { connectMs: 300 },
      false,
      "connect_timeout",
      `${CONNECT} (timeouts.connect of model fast)`,
      "connect",
      2000,
    ],
    [
      { responseHeaderMs: 400 },
      {},
      true,
      "response_header_timeout",
      `${HEADER} (timeouts.header of model fast)`,
      "header",
      400,
    ],
    [
      { responseHeaderMs: 9000 },
      {},
      true,
      "response_header_timeout",
      `${HEADER} (timeouts.header of model fast)`,
      "header",
      9000,
    ],
    [{ totalMs: 500 }, {}, true, "total_timeout", `${TOTAL} (timeouts.total of model fast)`, "header", 500],
    [
      { firstTokenMs: 600 },
      {},
      true,
      "first_token_timeout",
      `${TOKEN} (timeouts.first_token of model fast)`,
      "first-token",
      600,
    ],
    [
      { firstTokenMs: 600 },
      {},
      false,
      "first_token_timeout",
      `${TOKEN} (timeouts.first_token of model fast)`,
      "first-token",
      600,
    ],
    // What is not said is as for all calls, and named for them.
    [
      { firstTokenMs: 6000 },
      {},
      true,
      "response_header_timeout",
      `${HEADER} (CLIENT_RESPONSE_HEADER_TIMEOUT)`,
      "header",
      5000,
    ],
    [{ totalMs: 30_000 }, {}, false, "connect_timeout", `${CONNECT} (CLIENT_CONNECT_TIMEOUT)`, "connect", 1000],
  ])(
    "%j of the model, %j of the provider, connected: %p",
    async (model, provider, connects, code, message, phase, at) => {
      const { clock, call, told, sending } = open(timeoutsOf(model, provider), { connects });
      await clock.advance(at - 1);
      expect(told()).toBeUndefined();
      await clock.advance(1);
      const sent = connects;
      expect(told()).toMatchObject({ code, message, phase, sent });
      expect(String(sending())).toBe(code);
      call.close();
    },
  );

  test("a header at the last moment is one, and ends the time of an answer that is no stream", async () => {
    const { clock, call, told, answer } = open(timeoutsOf({ firstTokenMs: 600 }));
    await clock.advance(599);
    await answer();
    await clock.advance(10_000);
    expect(told()).toBeUndefined();
    call.close();
  });
});

describe("the first token of a stream", () => {
  test("is awaited from the sending on, however much moves", async () => {
    const { clock, call, told, answer } = open(timeoutsOf({ firstTokenMs: 4000 }));
    await clock.advance(1500);
    await answer();
    call.becomeStream();
    expect(call.awaitsContent).toBe(true);
    await clock.advance(1500);
    call.touch();
    await clock.advance(999);
    call.touch();
    expect(told()).toBeUndefined();
    await clock.advance(1);
    expect(told()).toEqual({
      code: "first_token_timeout",
      message: "The upstream server sent no content in time (timeouts.first_token of model fast)",
      phase: "first-token",
      sent: true,
    });
    call.close();
  });

  test("which has come ends the wait for it, not the one for the next", async () => {
    const { clock, call, told, answer } = open(timeoutsOf({ firstTokenMs: 1000, idleMs: 2000 }));
    await answer();
    call.becomeStream();
    await clock.advance(999);
    call.contentBegan();
    expect(call.awaitsContent).toBe(false);
    await clock.advance(1999);
    expect(told()).toBeUndefined();
    await clock.advance(1);
    expect(told()).toMatchObject({
      code: "stream_idle_timeout",
      message: "The upstream server sent nothing for too long (timeouts.idle of model fast)",
    });
    call.close();
  });

  test("may come before the call is known to be a stream", async () => {
    const { clock, call, told, answer } = open(timeoutsOf({ firstTokenMs: 1000 }));
    await answer();
    call.contentBegan();
    call.becomeStream();
    await clock.advance(LIMITS.streamIdleMs - 1);
    expect(told()).toBeUndefined();
    await clock.advance(1);
    expect(told()?.code).toBe("stream_idle_timeout");
    call.close();
  });

  test("silence that ends earlier is told as silence", async () => {
    const { clock, call, told, answer } = open(timeoutsOf({ firstTokenMs: 9000 }));
    await answer();
    call.becomeStream();
    await clock.advance(LIMITS.streamIdleMs);
    expect(told()?.message).toBe("The upstream server sent nothing for too long (CLIENT_STREAM_IDLE_TIMEOUT)");
    call.close();
  });

  test("a client that does not read is not the provider's fault", async () => {
    const { clock, call, told, answer } = open(timeoutsOf({ firstTokenMs: 1000 }));
    await answer();
    call.becomeStream();
    call.awaitClient();
    await clock.advance(1000);
    expect(told()?.code).toBe("client_stalled");
    call.close();
  });
});

describe("a stream as a whole", () => {
  test.each([
    ["of all calls", undefined, { streamTotalMs: 4000 }, "CLIENT_STREAM_TIMEOUT"],
    ["of its model", timeoutsOf({ totalMs: 4000 }), {}, "timeouts.total of model fast"],
    [
      "of its model, longer than that of all",
      timeoutsOf({ totalMs: 4000 }),
      { streamTotalMs: 1000 },
      "timeouts.total of model fast",
    ],
  ])("ends at the time %s, while it moves", async (_, timeouts, limits, rule) => {
    const { clock, call, told, answer } = open(timeouts, { limits });
    await clock.advance(500);
    await answer();
    call.becomeStream();
    call.contentBegan();
    for (let n = 0; n < 3; n++) {
      await clock.advance(1000);
      call.touch();
    }
    call.awaitClient();
    await clock.advance(499);
    expect(told()).toBeUndefined();
    await clock.advance(1);
    expect(told()).toMatchObject({
      code: "total_timeout",
      message: `The upstream server did not complete its stream in time (${rule})`,
      phase: "body",
    });
    call.close();
  });

  test("which took longer before it was known to be one ends at once", async () => {
    const { clock, call, told, answer } = open(undefined, { limits: { streamTotalMs: 1000 } });
    await clock.advance(2000);
    await answer();
    expect(told()).toBeUndefined();
    call.becomeStream();
    await clock.advance(0);
    expect(told()?.code).toBe("total_timeout");
    call.close();
  });
});

test("no call has a timer of its own, whatever its timeouts are", async () => {
  const parts = setUp({}, true);
  const timeouts = timeoutsOf({ connectMs: 100, firstTokenMs: 2000, idleMs: 1000, totalMs: 5000 });
  const calls = Array.from({ length: 50 }, () => {
    const call = parts.open(groq, new AbortController().signal, timeouts);
    watch(call);
    parts.lastSent().answer();
    return call;
  });
  await settle();
  for (const call of calls) call.becomeStream();
  expect(parts.clock.timersWaiting()).toBe(1);
  expect(parts.deadlines.size()).toBe(50);
  for (const call of calls) call.close();
  expect(parts.deadlines.size()).toBe(0);
});

describe("timeouts of several rules", () => {
  test("are joined once, frozen; nothing said is nothing", () => {
    expect(
      joinTimeouts([
        { of: "provider groq", timeouts: {} },
        { of: "model fast", timeouts: undefined },
      ]),
    ).toBeUndefined();
    const joined = timeoutsOf({ idleMs: 1 }, { idleMs: 2, connectMs: 3 });
    expect(joined).toEqual({
      idleMs: 1,
      connectMs: 3,
      saidBy: { idleMs: "timeouts.idle of model fast", connectMs: "timeouts.connect of provider groq" },
    });
    expect(Object.isFrozen(joined)).toBe(true);
    // Joined again, with a narrower rule, each keeps its name.
    const again = joinTimeouts([
      { of: "x", timeouts: joined },
      { of: "deployment groq/m", timeouts: { totalMs: 5 } },
    ]);
    expect(again?.saidBy).toEqual({ ...joined?.saidBy, totalMs: "timeouts.total of deployment groq/m" });
  });
});
