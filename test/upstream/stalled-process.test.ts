import { describe, expect, test } from "bun:test";
import { createDeadlines } from "../../src/core/deadlines.ts";
import { createUpstream } from "../../src/upstream/open-call.ts";
import type { Timeouts } from "../../src/core/timeouts.ts";
import type { UpstreamResponse } from "../../src/upstream/transport.ts";
import { createManualClock, settle } from "../fixtures/manual-clock.ts";
import { carriedBy, groq, REQUEST } from "./open-upstream.ts";

/** A call whose process stands still, for five seconds, as soon as it is sent. */
function sendAndStandStill() {
  const clock = createManualClock();
  let ahead = 0;
  const now = (): number => clock.now() + ahead;
  let connect = (): void => {};
  const openCall = createUpstream({
    ...carriedBy((_provider, _request, onConnected) => {
      const { promise, reject } = Promise.withResolvers<never>();
      connect = onConnected;
      return { response: promise, abort: reject };
    }),
    deadlines: createDeadlines({ ...clock, now }),
    now,
    limits: { connectMs: 1000, responseHeaderMs: 60_000, totalMs: 60_000, streamIdleMs: 60_000 },
  });
  const seen: { failure?: unknown } = {};
  openCall(groq, new AbortController().signal)
    .send(REQUEST)
    .catch((error: unknown) => (seen.failure = error));
  ahead = 5000;
  return { clock, connect: () => connect(), seen, standStill: (ms: number) => void (ahead += ms) };
}

test("a process that stood still gives a connection some time before it gives it up", async () => {
  const { clock, connect, seen } = sendAndStandStill();
  // Timers run before what has come from outside is looked at.
  await clock.advance(1000);
  expect(seen.failure).toBeUndefined();
  connect();
  await clock.advance(10_000);
  expect(seen.failure).toBeUndefined();
  await clock.advance(60_000);
  expect(seen.failure).toMatchObject({ code: "response_header_timeout" });
});

test("but not for ever", async () => {
  const { clock, seen } = sendAndStandStill();
  await clock.advance(1499);
  expect(seen.failure).toBeUndefined();
  await clock.advance(1);
  expect(seen.failure).toMatchObject({ code: "connect_timeout" });
});

test("nor again and again if it always has too much to do", async () => {
  const { clock, seen, standStill } = sendAndStandStill();
  await clock.advance(1000);
  standStill(5000);
  await clock.advance(499);
  expect(seen.failure).toBeUndefined();
  await clock.advance(1);
  expect(seen.failure).toMatchObject({ code: "connect_timeout" });
});

describe("what has come while the process stood still is not lost", () => {
  /** A call with a first token to come, of a process that stands still until `STILL_MS` behind the time that is over. */
  const STILL_MS = 5000;

  async function stand(timeouts: Timeouts, isStream: boolean) {
    const clock = createManualClock();
    let ahead = 0;
    const now = (): number => clock.now() + ahead;
    const { promise, resolve, reject } = Promise.withResolvers<UpstreamResponse>();
    const openCall = createUpstream({
      ...carriedBy((_provider, _request, onConnected) => {
        onConnected();
        return { response: promise, abort: reject };
      }),
      deadlines: createDeadlines({ ...clock, now }),
      now,
      limits: { connectMs: 60_000, responseHeaderMs: 60_000, totalMs: 60_000, streamIdleMs: 60_000 },
    });
    const call = openCall(groq, new AbortController().signal, timeouts);
    const failures: string[] = [];
    call.onAbort(({ code }) => failures.push(code));
    call.send(REQUEST).catch(() => {});
    const answer = async (): Promise<void> => {
      resolve({ status: 200, headers: new Headers(), body: null });
      await settle();
    };
    if (isStream) {
      await answer();
      call.becomeStream();
    }
    ahead = STILL_MS;
    // Timers run before what has come from outside is looked at.
    await clock.advance(1000);
    expect(failures).toEqual([]);
    return { call, clock, failures, answer };
  }

  test("a header", async () => {
    const { call, clock, failures, answer } = await stand({ responseHeaderMs: 1000 }, false);
    await answer();
    await clock.advance(10_000);
    expect(failures).toEqual([]);
    call.close();
  });

  test("a first token", async () => {
    const { call, clock, failures } = await stand({ firstTokenMs: 1000 }, true);
    call.contentBegan();
    call.touch();
    await clock.advance(10_000);
    expect(failures).toEqual([]);
    call.close();
  });

  test("a token", async () => {
    const { call, clock, failures } = await stand({ idleMs: 1000 }, true);
    call.touch();
    await clock.advance(999);
    expect(failures).toEqual([]);
    await clock.advance(1);
    expect(failures).toEqual(["stream_idle_timeout"]);
    call.close();
  });

  test.each<[Timeouts, boolean, string]>([
    [{ responseHeaderMs: 1000 }, false, "response_header_timeout"],
    [{ firstTokenMs: 1000 }, true, "first_token_timeout"],
    [{ idleMs: 1000 }, true, "stream_idle_timeout"],
    [{ totalMs: 1000 }, true, "total_timeout"],
  ])("if nothing has, %j is over soon", async (timeouts, isStream, code) => {
    const { call, clock, failures } = await stand(timeouts, isStream);
    await clock.advance(99);
    expect(failures).toEqual([]);
    await clock.advance(1);
    expect(failures).toEqual([code]);
    call.close();
  });
});
