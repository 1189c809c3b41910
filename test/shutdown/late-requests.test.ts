import { expect, test } from "bun:test";
import { createInFlightRequests } from "../../src/core/in-flight-requests.ts";
import { endRequests } from "../../src/server/drain.ts";
import type { Listener } from "../../src/server/listener.ts";
import { createManualClock, settle } from "../fixtures/manual-clock.ts";

/** Requests, and a listener that stops when the last of its connections has ended. */
function open() {
  const clock = createManualClock();
  const requests = createInFlightRequests({ observers: [], now: clock.now });
  const stopped = Promise.withResolvers<void>();
  const listener: Pick<Listener, "leave" | "stop"> = { leave: () => Promise.resolve(), stop: () => stopped.promise };
  const ending = endRequests(requests, listener as Listener, 10_000, () => {}, clock);
  const ask = () => requests.open(new Request("http://localhost/"), "/v1/chat/completions");
  return { clock, ask, end: stopped.resolve, ending };
}

test("the first request of a connection that is still open is waited for, too", async () => {
  const { clock, ask, end, ending } = open();
  await clock.advance(1000);
  const request = ask();
  let isOver = false;
  void ending.then(() => (isOver = true));
  await clock.advance(8000);
  expect(isOver).toBe(false);
  request.answered(200);
  request.finish("answered");
  end();
  await settle();
  expect(await ending).toBe(0);
});

test("and is cut when the time is over", async () => {
  const { clock, ask, ending } = open();
  await clock.advance(1000);
  ask();
  await clock.advance(9000);
  await clock.advance(500);
  expect(await ending).toBe(1);
});
