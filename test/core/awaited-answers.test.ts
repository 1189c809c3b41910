import { expect, test } from "bun:test";
import { createAwaitedAnswers } from "../../src/core/awaited-answers.ts";
import { createManualClock } from "../fixtures/manual-clock.ts";
import { outcomeOf, rejectionOf } from "../fixtures/rejection.ts";

class Unavailable extends Error {}

function setUp() {
  const timers = createManualClock();
  const sent: number[] = [];
  const answers = createAwaitedAnswers({
    timers,
    timeoutMs: 1000,
    max: 2,
    waiters: "calls wait for the file",
    unavailable: (problem) => new Unavailable(problem),
  });
  return { timers, sent, answers, ask: () => answers.ask((id) => sent.push(id)) };
}

test("each call gets its own answer, in whatever order they come", async () => {
  const { timers, sent, answers, ask } = setUp();
  const calls = [ask(), ask()];
  answers.answered(sent[1] ?? 0, "second", undefined);
  answers.answered(sent[0] ?? 0, "first", undefined);
  expect(await Promise.all(calls)).toEqual(["first", "second"]);
  expect(timers.timersWaiting()).toBe(0);
});

test("a problem is the error of the call whose answer it is", async () => {
  const { sent, answers, ask } = setUp();
  const calls = [outcomeOf(ask()), outcomeOf(ask())];
  answers.answered(sent[0] ?? 0, undefined, "disk I/O error");
  answers.answered(sent[1] ?? 0, undefined, undefined);
  expect(await calls[0]).toThrow(new Unavailable("disk I/O error"));
  expect((await calls[1])?.()).toBeUndefined();
});

test("an answer that is late changes nothing, also for the next call", async () => {
  const { timers, sent, answers, ask } = setUp();
  const late = rejectionOf(ask());
  await timers.advance(1000);
  expect(await late).toEqual(new Unavailable("no answer within 1000 ms"));
  const next = ask();
  answers.answered(sent[0] ?? 0, "late", undefined);
  answers.answered(sent[1] ?? 0, "in time", undefined);
  expect(await next).toBe("in time");
});

test("no more than the bound wait; who has gone makes room", async () => {
  const { sent, answers, ask } = setUp();
  const first = ask();
  const second = outcomeOf(ask());
  expect(await rejectionOf(ask())).toEqual(new Unavailable("2 calls wait for the file"));
  expect(sent).toHaveLength(2);
  answers.answered(sent[0] ?? 0, 1, undefined);
  await first;
  const third = outcomeOf(ask());
  answers.endAll("it is closed");
  expect(await second).toThrow(new Unavailable("it is closed"));
  expect(await third).toThrow(new Unavailable("it is closed"));
});

test("a call that cannot be sent is not waited for", async () => {
  const { timers, answers } = setUp();
  const broken = new TypeError("cannot be cloned");
  const unsendable = (): never => {
    throw broken;
  };
  expect(await rejectionOf(answers.ask(unsendable))).toBe(broken);
  expect(timers.timersWaiting()).toBe(0);
});
