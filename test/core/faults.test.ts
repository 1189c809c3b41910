import { describe, expect, test } from "bun:test";
import { createDeadlines } from "../../src/core/deadlines.ts";
import { Failure } from "../../src/core/errors.ts";
import { callEach } from "../../src/core/faults.ts";
import { createInFlightRequests } from "../../src/core/in-flight-requests.ts";
import { createManualClock } from "../fixtures/manual-clock.ts";

/* One of several that throws keeps nothing from the others. */

const broken = (): never => {
  throw new Error("broken");
};

function collectFaults() {
  const faults: string[] = [];
  return { faults, onFault: (error: unknown): void => void faults.push(String(error)) };
}

const request = (): Request => new Request("http://gateway/");

test("each is called, and what is thrown is told", () => {
  const { faults, onFault } = collectFaults();
  const called: string[] = [];
  callEach([() => called.push("a"), broken, () => called.push("b")], (each) => each(), onFault);
  expect([called, faults]).toEqual([["a", "b"], ["Error: broken"]]);
});

test("a deadline that throws lets the others expire, those of now and those of later", async () => {
  const { faults, onFault } = collectFaults();
  const clock = createManualClock(0);
  const deadlines = createDeadlines(clock, onFault);
  const expired: string[] = [];
  deadlines.open(10, broken);
  deadlines.open(10, () => expired.push("now"));
  deadlines.open(20, () => expired.push("later"));
  await clock.advance(10);
  expect([expired, faults]).toEqual([["now"], ["Error: broken"]]);
  await clock.advance(10);
  expect([expired, deadlines.size()]).toEqual([["now", "later"], 0]);
});

describe("requests in flight", () => {
  test("are all ended, whichever cannot be", () => {
    const { faults, onFault } = collectFaults();
    const requests = createInFlightRequests({ observers: [], now: () => 0, newId: () => "id", onFault });
    const aborted: string[] = [];
    requests.open(request(), "/a").interruptibleBy({ abort: broken });
    requests.open(request(), "/b").interruptibleBy({ abort: ({ code }) => aborted.push(code) });
    requests.interruptAll(new Failure("shutting_down"));
    expect([aborted, faults]).toEqual([["shutting_down"], ["Error: broken"]]);
  });

  test("end although their price cannot be found, and begin although their trace cannot", async () => {
    const { faults, onFault } = collectFaults();
    const parts = { observers: [], now: () => 0, newId: () => "id", beginTrace: broken, onFault };
    const generation = createInFlightRequests(parts).beginGeneration(broken);
    const context = generation.open(request(), "/a");
    context.selected("openai", "m");
    context.called();
    context.used({ inputTokens: 1 });
    context.finish("answered");
    expect([context.trace, generation.size(), faults]).toEqual([undefined, 0, ["Error: broken", "Error: broken"]]);
    await generation.whenOver();
  });
});
