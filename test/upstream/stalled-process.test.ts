import { expect, test } from "bun:test";
import { createDeadlines } from "../../src/core/deadlines.ts";
import { createUpstream } from "../../src/upstream/open-call.ts";
import { createManualClock } from "../fixtures/manual-clock.ts";
import { groq, REQUEST } from "./open-upstream.ts";

/** A call whose process stands still, for five seconds, as soon as it is sent. */
function sendAndStandStill() {
  const clock = createManualClock();
  let ahead = 0;
  const now = (): number => clock.now() + ahead;
  let connect = (): void => {};
  const openCall = createUpstream({
    transport: (_provider, _request, onConnected) => {
      const { promise, reject } = Promise.withResolvers<never>();
      connect = onConnected;
      return { response: promise, abort: reject };
    },
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

test("nor again and again where it always has too much to do", async () => {
  const { clock, seen, standStill } = sendAndStandStill();
  await clock.advance(1000);
  standStill(5000);
  await clock.advance(499);
  expect(seen.failure).toBeUndefined();
  await clock.advance(1);
  expect(seen.failure).toMatchObject({ code: "connect_timeout" });
});
