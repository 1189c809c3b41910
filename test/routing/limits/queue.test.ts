import { describe, expect, spyOn, test } from "bun:test";
import { Failure } from "../../../src/core/errors.ts";
import { settle } from "../../fixtures/manual-clock.ts";
import { type Asker, deploymentAt, entered, MINUTE, openTestGates, QUEUE } from "./open-test-gates.ts";

const LEFT = [deploymentAt("left")];
const RIGHT = [deploymentAt("right")];

const codeOf = ({ failure }: Asker): unknown => failure instanceof Failure && failure.code;
const retryAfterOf = ({ failure }: Asker): unknown =>
  failure instanceof Failure && failure.details.headers?.["retry-after"];

describe("who waits", () => {
  test("goes in the order of coming, one for each that is over, and nobody else is asked", async () => {
    const { ask, served } = openTestGates({ left: { maxInFlight: 1 } }, { fast: QUEUE });
    const askers = ["a", "b", "c", "d"].map((name) => ask(name, "fast", LEFT));
    for (const [index, asker] of askers.entries()) {
      expect(served).toHaveLength(index + 1);
      asker.permit?.release();
      await asker.isOver;
    }
    expect(served).toEqual(["a", "b", "c", "d"]);
    expect(askers.map(({ asked }) => asked)).toEqual([0, 1, 1, 1]);
  });

  test("is refused if the queue is full, or if there is none", async () => {
    const { ask, gates } = openTestGates({ left: { maxInFlight: 1 } }, { fast: { length: 1, timeoutMs: 10_000 } });
    ask("a", "fast", LEFT);
    ask("b", "fast", LEFT);
    const [over, without] = [ask("c", "fast", LEFT), ask("d", "plain", LEFT)];
    await Promise.all([over.isOver, without.isOver]);
    expect([codeOf(over), retryAfterOf(over)]).toEqual(["queue_full", "1"]);
    expect([codeOf(without), retryAfterOf(without)]).toEqual(["at_limit", "1"]);
    expect(gates.view().gates[0]?.waiting).toBe(1);
  });

  test("waits no longer than the queue says", async () => {
    const { ask, clock, gates } = openTestGates({ left: { maxInFlight: 1 } }, { fast: QUEUE });
    const holder = ask("a", "fast", LEFT);
    const first = ask("b", "fast", LEFT);
    await clock.advance(4000);
    const second = ask("c", "fast", LEFT);
    expect(gates.view().queues).toEqual([{ model: "fast", options: QUEUE, waiting: 2, longestWaitMs: 4000 }]);
    await clock.advance(5999);
    expect(first.failure).toBeUndefined();
    await clock.advance(1);
    expect([codeOf(first), retryAfterOf(first), second.failure]).toEqual(["queue_timeout", "1", undefined]);
    holder.permit?.release();
    await second.isOver;
    expect(second.permit).toBeDefined();
    expect(clock.timersWaiting()).toBeLessThan(2);
  });

  test("is told when the minute has room again", async () => {
    const { ask, clock } = openTestGates({ left: { requestsPerMinute: 1 } }, { fast: QUEUE });
    ask("a", "fast", LEFT);
    await clock.advance(500);
    const late = ask("b", "fast", LEFT);
    await clock.advance(10_000);
    expect([codeOf(late), retryAfterOf(late)]).toEqual(["queue_timeout", "50"]);
  });

  test("frees its place at once when its client leaves", async () => {
    const { ask, gates, clock } = openTestGates({ left: { maxInFlight: 1 } }, { fast: { length: 2, timeoutMs: 1000 } });
    const [holder, leaving, staying] = ["a", "b", "c"].map((name) => ask(name, "fast", LEFT));
    const gone = new Failure("client_gone");
    const forgets = [leaving, staying].map((each) => each && spyOn(each.controller.signal, "removeEventListener"));
    leaving?.controller.abort(gone);
    await leaving?.isOver;
    expect(leaving?.failure).toBe(gone);
    expect(gates.view().gates[0]?.waiting).toBe(1);
    const next = ask("d", "fast", LEFT);
    holder?.permit?.release();
    await settle();
    expect([staying?.permit, next.permit].map((permit) => permit !== undefined)).toEqual([true, false]);
    staying?.permit?.release();
    next.permit?.release();
    expect(forgets.map((spy) => spy?.mock.calls.length)).toEqual([1, 1]);
    await clock.advance(10_000);
    expect([clock.timersWaiting(), gates.view().gates[0]?.inFlight]).toEqual([0, 0]);
  });

  test("that has left already is not taken in", async () => {
    const { gates } = openTestGates({ left: { maxInFlight: 1 } }, { fast: QUEUE });
    const reason = new Failure("client_gone");
    const waiting = gates.wait("fast", LEFT, AbortSignal.abort(reason), () => true);
    expect(await waiting.catch((failure: unknown) => failure)).toBe(reason);
    expect(gates.view().queues[0]?.waiting).toBe(0);
  });

  test("keeps a permit that it got in the turn in which it was told to leave, and fails if it got none", async () => {
    for (const takes of [true, false]) {
      const { gates } = openTestGates({ left: { maxInFlight: 1 } }, { fast: QUEUE });
      const holder = entered(gates.tryEnter(deploymentAt("left"), 1));
      const controller = new AbortController();
      const waiting = gates.wait("fast", LEFT, controller.signal, () => {
        controller.abort("left");
        return takes;
      });
      holder.release();
      expect(await waiting.then(() => "in", String)).toBe(takes ? "in" : "left");
      expect(gates.view().queues[0]?.waiting).toBe(0);
    }
  });

  test("fails with what its turn throws", async () => {
    const { gates } = openTestGates({ left: { maxInFlight: 1 } }, { fast: QUEUE });
    const holder = entered(gates.tryEnter(deploymentAt("left"), 1));
    const waiting = gates.wait("fast", LEFT, new AbortController().signal, () => {
      throw new Error("broken");
    });
    holder.release();
    expect(await waiting.then(() => "in", String)).toBe("Error: broken");
    expect(gates.view().queues[0]?.waiting).toBe(0);
  });

  test("is not asked again for what it gave back in its turn", async () => {
    const { gates } = openTestGates({ left: { maxInFlight: 1 } }, { fast: QUEUE });
    const holder = entered(gates.tryEnter(deploymentAt("left"), 1));
    let asked = 0;
    void gates.wait("fast", LEFT, new AbortController().signal, () => {
      asked += 1;
      entered(gates.tryEnter(deploymentAt("left"), 1)).release();
      return false;
    });
    holder.release();
    expect(asked).toBe(1);
  });
});

describe("room comes from", () => {
  test("a limit that is raised, or taken away", async () => {
    const { ask, configure } = openTestGates({ left: { maxInFlight: 1 } }, { fast: QUEUE });
    const askers = ["a", "b", "c", "d"].map((name) => ask(name, "fast", LEFT));
    const inside = (): number => askers.filter(({ permit }) => permit).length;
    expect(inside()).toBe(1);
    configure({ left: { maxInFlight: 2 } });
    expect(inside()).toBe(2);
    configure({ left: {} });
    expect(inside()).toBe(4);
  });

  test("any deployment of the model, whatever it lacks", () => {
    const limits = { left: { maxInFlight: 1 }, right: { maxInFlight: 1 } };
    const { ask } = openTestGates(limits, { fast: QUEUE });
    const [, b, c] = ["a", "b", "c"].map((name) => ask(name, "fast", [...LEFT, ...RIGHT]));
    expect(c?.permit).toBeUndefined();
    b?.permit?.release();
    expect(c?.permit).toBeDefined();
  });

  test("a deployment that recovers: all who may go are asked, with gates or without", () => {
    const { ask, gates } = openTestGates({ left: { maxInFlight: 1 } }, { fast: QUEUE });
    const free = deploymentAt();
    const holder = entered(gates.tryEnter(deploymentAt("left"), 1));
    const controller = new AbortController();
    let isCooling = true;
    let passed = 0;
    for (let count = 0; count < 3; count++) {
      const again = (): boolean => {
        if (!isCooling) passed += 1;
        return !isCooling;
      };
      void gates.wait("fast", [...LEFT, free], controller.signal, again);
    }
    gates.wake([free]);
    expect(passed).toBe(0);
    isCooling = false;
    gates.wake([...RIGHT]);
    expect(passed).toBe(0);
    gates.wake([free]);
    expect(passed).toBe(3);
    holder.release();
    expect(ask("a", "fast", LEFT).permit).toBeDefined();
  });

  test("tokens that were not used", async () => {
    const { ask } = openTestGates({ left: { tokensPerMinute: 100 } }, { fast: QUEUE });
    const first = ask("a", "fast", LEFT, 100);
    const second = ask("b", "fast", LEFT, 50);
    first.permit?.release(60);
    expect(second.permit).toBeUndefined();
    second.controller.abort("left");
    const third = ask("c", "fast", LEFT, 40);
    expect(third.permit).toBeDefined();
  });
});

describe("between models that share a gate", () => {
  test("free slots go to each in turn, whoever gave them back", () => {
    const limits = { mine: { maxInFlight: 10 }, yours: { maxInFlight: 10 }, shared: { maxInFlight: 1 } };
    const queue = { length: 10, timeoutMs: 10_000 };
    const { ask, served } = openTestGates(limits, { mine: queue, yours: queue });
    const of = (name: string, model: string): Asker => ask(name, model, [deploymentAt(model, "shared")]);
    const askers = [0, 1, 2, 3, 4, 5].map((each) => of(`mine ${each}`, "mine"));
    askers.push(of("yours 0", "yours"), of("yours 1", "yours"));
    for (let count = 0; count < 8; count++) askers.find(({ name }) => name === served.at(-1))?.permit?.release();
    expect(served).toEqual(["mine 0", "mine 1", "yours 0", "mine 2", "yours 1", "mine 3", "mine 4", "mine 5"]);
  });

  test("one whose own gate is full does not keep the others out", () => {
    const limits = { mine: { maxInFlight: 1 }, yours: { maxInFlight: 10 }, shared: { maxInFlight: 2 } };
    const { ask } = openTestGates(limits, { mine: QUEUE, yours: QUEUE });
    const mine = [1, 2].map((each) => ask(`mine ${each}`, "mine", [deploymentAt("mine", "shared")]));
    const yours = [1, 2].map((each) => ask(`yours ${each}`, "yours", [deploymentAt("yours", "shared")]));
    expect([mine[1]?.permit, yours[1]?.permit]).toEqual([undefined, undefined]);
    yours[0]?.permit?.release();
    expect([mine[1]?.permit !== undefined, yours[1]?.permit !== undefined]).toEqual([false, true]);
  });
});

describe("a large request that is first", () => {
  const limits = { left: { tokensPerMinute: 1000 } };
  const patient = { length: 10, timeoutMs: MINUTE };

  test("is not overtaken by small ones, whether they wait or have just come", async () => {
    const { ask, clock, served } = openTestGates(limits, { fast: patient, other: patient });
    ask("used", "fast", LEFT, 1000).permit?.release();
    await clock.advance(MINUTE);
    ask("large", "fast", LEFT, 800);
    for (let second = 0; second < 47; second++) {
      ask(`small ${second}`, second % 2 === 0 ? "other" : "none", LEFT, 10);
      await clock.advance(1000);
    }
    expect(served).toEqual(["used"]);
    await clock.advance(1000);
    expect(served.slice(0, 3)).toEqual(["used", "large"]);
    await clock.advance(10_000);
    expect(served.slice(0, 3)).toEqual(["used", "large", "small 0"]);
  });

  test("keeps nobody out if it cannot have its turn in time, or once it has left", async () => {
    const { ask, clock, served } = openTestGates(limits, { fast: QUEUE, other: patient });
    ask("used", "fast", LEFT, 900).permit?.release();
    ask("large", "fast", LEFT, 900);
    ask("small", "fast", LEFT, 50);
    expect(served).toEqual(["used", "small"]);
    await clock.advance(30_000);
    const first = ask("first", "other", LEFT, 100);
    ask("second", "other", LEFT, 50);
    expect(served).toEqual(["used", "small"]);
    first.controller.abort("left");
    expect(served).toEqual(["used", "small", "second"]);
  });
});

test("what the queue of a model is bounded by changes with the configuration, for those who wait, too", async () => {
  const parts = openTestGates({ left: { maxInFlight: 1 } }, { fast: QUEUE });
  parts.ask("a", "fast", LEFT);
  const [early, late] = [parts.ask("b", "fast", LEFT), parts.ask("c", "fast", LEFT)];
  await parts.clock.advance(5000);
  parts.gates = parts.configure({ left: { maxInFlight: 1 } }, { fast: { length: 3, timeoutMs: 1000 } });
  const [short, over] = [parts.ask("d", "fast", LEFT), parts.ask("e", "fast", LEFT)];
  await over.isOver;
  expect(codeOf(over)).toBe("queue_full");
  await parts.clock.advance(999);
  expect([early, late, short].map(codeOf)).toEqual([false, false, false]);
  await parts.clock.advance(1);
  expect([early, late, short].map(codeOf)).toEqual(["queue_timeout", "queue_timeout", "queue_timeout"]);
});

test("thousands in a queue come and go at the same cost each", () => {
  const length = 20_000;
  const { gates } = openTestGates({ left: { maxInFlight: 1 } }, { fast: { length, timeoutMs: 10_000 } });
  const [left = deploymentAt("left")] = LEFT;
  const controller = new AbortController();
  let asked = 0;
  let permit = entered(gates.tryEnter(left, 1));
  for (let count = 0; count < length; count++) {
    void gates.wait("fast", LEFT, controller.signal, () => {
      asked += 1;
      permit = entered(gates.tryEnter(left, 1));
      return true;
    });
  }
  for (let count = 0; count < length; count++) permit.release();
  expect(asked).toBe(length);
});
