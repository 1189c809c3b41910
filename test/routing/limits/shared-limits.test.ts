import { describe, expect, test } from "bun:test";
import { Failure } from "../../../src/core/errors.ts";
import type { SharedChange, Sharing, SlotLeases } from "../../../src/routing/sharing/sharing.ts";
import { deploymentAt, entered, MINUTE, openTestGates, QUEUE, refusalOf } from "./open-test-gates.ts";

const LEFT = [deploymentAt("left")];
const [LEFT_ONE = deploymentAt("left")] = LEFT;

/** Two or more processes, of which one is under test. */
function createTestSharing(slots?: SlotLeases) {
  const told: SharedChange[] = [];
  const listeners = new Set<(change: SharedChange, from: string) => void>();
  const sharing: Sharing = {
    tell: (change) => void told.push(change),
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    slots,
  };
  const hear = (from: string, minute: number, requests: number, tokens: number): void => {
    for (const listener of listeners) listener({ kind: "used", gate: "left", minute, requests, tokens }, from);
  };
  return { sharing, told, hear, listeners };
}

/** A supervisor that grants what a test says. */
function createTestLeases(granted: number) {
  const said: string[] = [];
  const listeners: ((gate: string) => void)[] = [];
  const state = { granted };
  return {
    said,
    grant(more: number) {
      state.granted += more;
      for (const listener of listeners) listener("left");
    },
    slots: {
      granted: () => state.granted,
      want: (gate, limit, count) => void said.push(`want ${count} of ${limit} at ${gate}`),
      inUse: (gate, count) => void said.push(`use ${count} at ${gate}`),
      onGranted: (listener) => void listeners.push(listener),
    } satisfies SlotLeases,
  };
}

describe("what passes here in a minute", () => {
  test("is told to the others as the minute's total, at most every 100 ms, and only if it changed", async () => {
    const { sharing, told } = createTestSharing();
    const { gates, clock } = openTestGates({ left: { tokensPerMinute: 10_000 } }, {}, sharing);
    const permits = [1, 2, 3].map(() => entered(gates.tryEnter(LEFT_ONE, 100)));
    expect(told).toEqual([]);
    await clock.advance(100);
    const minute = clock.now() / MINUTE - 100 / MINUTE;
    expect(told.splice(0)).toEqual([{ kind: "used", gate: "left", minute, requests: 3, tokens: 300 }]);
    await clock.advance(10_000);
    expect([told.length, clock.timersWaiting()]).toEqual([0, 0]);
    permits[0]?.release(40);
    await clock.advance(100);
    expect(told.splice(0)).toEqual([{ kind: "used", gate: "left", minute, requests: 3, tokens: 240 }]);
    await clock.advance(MINUTE);
    permits[1]?.release(0);
    entered(gates.tryEnter(LEFT_ONE, 5));
    await clock.advance(100);
    expect(told.splice(0)).toEqual([
      { kind: "used", gate: "left", minute, requests: 3, tokens: 140 },
      { kind: "used", gate: "left", minute: minute + 1, requests: 1, tokens: 5 },
    ]);
  });

  test("at the end of a minute is told although the next one has begun", async () => {
    const { sharing, told } = createTestSharing();
    const { gates, clock } = openTestGates({ left: { requestsPerMinute: 10 } }, {}, sharing);
    await clock.advance(MINUTE - 50);
    entered(gates.tryEnter(LEFT_ONE, 0));
    await clock.advance(100);
    expect(told).toEqual([{ kind: "used", gate: "left", minute: 100, requests: 1, tokens: 0 }]);
  });

  test("of one process alone costs no timer", () => {
    const { gates, clock } = openTestGates({ left: { requestsPerMinute: 10 } });
    entered(gates.tryEnter(LEFT_ONE, 0)).release();
    expect(clock.timersSet()).toBe(0);
  });
});

describe("what the others let pass", () => {
  test("counts beside the own, the newest total of each; what is older than two minutes does not", async () => {
    const { sharing, hear } = createTestSharing();
    const { gates, clock } = openTestGates({ left: { requestsPerMinute: 10 } }, {}, sharing);
    hear("a", 100, 3, 0);
    hear("a", 100, 4, 0);
    hear("b", 100, 5, 0);
    hear("b", 98, 50, 0);
    entered(gates.tryEnter(LEFT_ONE, 0)).release();
    refusalOf(gates.tryEnter(LEFT_ONE, 0));
    expect(gates.view().gates[0]?.requests).toBe(10);
    await clock.advance(MINUTE);
    refusalOf(gates.tryEnter(LEFT_ONE, 0));
    hear("a", 100, 3, 0);
    entered(gates.tryEnter(LEFT_ONE, 0)).release();
    refusalOf(gates.tryEnter(LEFT_ONE, 0));
    await clock.advance(2 * MINUTE);
    expect(gates.view().gates[0]?.requests).toBe(0);
    entered(gates.tryEnter(LEFT_ONE, 0)).release();
  });

  test("makes room for those who wait if it was less than was thought", () => {
    const { sharing, hear } = createTestSharing();
    const { ask } = openTestGates({ left: { tokensPerMinute: 100 } }, { fast: QUEUE }, sharing);
    hear("a", 100, 1, 90);
    const asker = ask("a", "fast", LEFT, 50);
    expect(asker.permit).toBeUndefined();
    hear("a", 100, 1, 20);
    expect(asker.permit).toBeDefined();
  });

  test("is not kept for gates that no configuration has, and processes that are gone are forgotten", async () => {
    const { sharing, hear, listeners } = createTestSharing();
    const { states, clock, configure } = openTestGates({ left: { requestsPerMinute: 10 } }, {}, sharing);
    for (let minute = 100; minute < 110; minute++) {
      for (let each = 0; each < 10; each++) hear(`process ${minute} ${each}`, minute, 1, 1);
      await clock.advance(MINUTE);
    }
    const { usedBy } = states.gate("left", { label: "left", limits: {} });
    expect(usedBy.size).toBeLessThanOrEqual(20);
    configure({});
    hear("a", 110, 10, 0);
    entered(configure({ left: { requestsPerMinute: 10 } }).tryEnter(LEFT_ONE, 0));
    states.close();
    expect(listeners.size).toBe(0);
  });
});

describe("with slots that are leased", () => {
  test("no more are in flight than are granted, and it is said how many are in use and wanted", async () => {
    const leases = createTestLeases(1);
    const { sharing } = createTestSharing(leases.slots);
    const { ask, gates } = openTestGates({ left: { maxInFlight: 4 } }, { fast: QUEUE }, sharing);
    const [a, b, c] = ["a", "b", "c"].map((name) => ask(name, "fast", LEFT));
    expect([a?.permit, b?.permit].map((permit) => permit !== undefined)).toEqual([true, false]);
    expect(leases.said.splice(0)).toEqual(["use 1 at left", "want 1 of 4 at left", "want 2 of 4 at left"]);
    expect(gates.view().gates[0]).toMatchObject({ inFlight: 1, granted: 1, waiting: 2 });
    leases.grant(1);
    expect(b?.permit).toBeDefined();
    expect(leases.said.splice(0)).toEqual(["use 2 at left", "want 1 of 4 at left"]);
    c?.controller.abort("left");
    await c?.isOver;
    expect(leases.said.splice(0)).toEqual(["want 0 of 4 at left"]);
    a?.permit?.release();
    b?.permit?.release();
    expect(leases.said.splice(0)).toEqual(["use 1 at left", "use 0 at left"]);
  });

  test("without a queue, a request waits a moment for a slot that another process may give back", async () => {
    const leases = createTestLeases(0);
    const { sharing } = createTestSharing(leases.slots);
    const { ask, clock, states } = openTestGates({ left: { maxInFlight: 2 } }, {}, sharing);
    const [granted, late] = [ask("a", "plain", LEFT), ask("b", "other", LEFT)];
    await clock.advance(49);
    leases.grant(1);
    expect(granted.permit).toBeDefined();
    await clock.advance(1);
    expect(late.failure instanceof Failure && late.failure.code).toBe("at_limit");
    expect([clock.timersWaiting(), states.queue("other")]).toEqual([0, undefined]);
  });

  test("nobody waits if all slots are here, or if it is the minute that is full", async () => {
    for (const limits of [{ maxInFlight: 1 }, { maxInFlight: 2, requestsPerMinute: 1 }]) {
      const { sharing } = createTestSharing(createTestLeases(1).slots);
      const { ask } = openTestGates({ left: limits }, {}, sharing);
      ask("a", "plain", LEFT);
      const over = ask("b", "plain", LEFT);
      await over.isOver;
      expect(over.failure instanceof Failure && over.failure.code).toBe("at_limit");
    }
  });

  test("only so many wait for a moment", async () => {
    const leases = createTestLeases(0);
    const { sharing } = createTestSharing(leases.slots);
    const { ask } = openTestGates({ left: { maxInFlight: 2 } }, {}, sharing);
    const askers = Array.from({ length: 65 }, (_, index) => ask(`${index}`, "plain", LEFT));
    await askers.at(-1)?.isOver;
    const over = askers.filter(({ failure }) => failure !== undefined);
    expect(over.map(({ name, failure }) => [name, failure instanceof Failure && failure.code])).toEqual([
      ["64", "at_limit"],
    ]);
  });

  test("a limit that changes is told with what is in use and wanted of it", () => {
    const leases = createTestLeases(1);
    const { sharing } = createTestSharing(leases.slots);
    const { ask, configure } = openTestGates({ left: { maxInFlight: 4 } }, { fast: QUEUE }, sharing);
    ask("a", "fast", LEFT);
    ask("b", "fast", LEFT);
    leases.said.splice(0);
    configure({ left: { maxInFlight: 8 } });
    expect(leases.said).toEqual(["want 0 of 4 at left", "use 1 at left", "want 1 of 8 at left"]);
  });

  test("slots that are taken away are given back as what is in flight ends", () => {
    const leases = createTestLeases(2);
    const { sharing } = createTestSharing(leases.slots);
    const { gates } = openTestGates({ left: { maxInFlight: 2 } }, {}, sharing);
    const permits = [1, 2].map(() => entered(gates.tryEnter(LEFT_ONE, 1)));
    leases.grant(-1);
    permits[0]?.release();
    refusalOf(gates.tryEnter(LEFT_ONE, 1));
    permits[1]?.release();
    entered(gates.tryEnter(LEFT_ONE, 1));
  });
});
