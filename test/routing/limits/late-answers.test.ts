import { describe, expect, test } from "bun:test";
import { Failure } from "../../../src/core/errors.ts";
import type { LimitOptions } from "../../../src/routing/models/model-options.ts";
import { decide } from "../../../src/routing/sharing/minute-ledger.ts";
import type { MinuteClaim, MinuteLeases, MinuteListener } from "../../../src/routing/sharing/minutes.ts";
import { ALONE } from "../../../src/routing/sharing/sharing.ts";
import { cpuGrowth, LINEAR } from "../../fixtures/cpu-growth.ts";
import { createManualClock } from "../../fixtures/manual-clock.ts";
import { rejectionOf } from "../../fixtures/rejection.ts";
import { isPermit } from "../../../src/routing/limits/gates.ts";
import { type Asker, deploymentAt, MINUTE, openTestGates } from "./open-test-gates.ts";

const LEFT = deploymentAt("left");
const RIGHT = deploymentAt("right");

/** Gates of a process that shares its minutes through a server that answers when a test says so. */
function openLeased(limits: Readonly<Record<string, LimitOptions>>, processes = 2) {
  const clock = createManualClock(100 * MINUTE);
  const claims: MinuteClaim[] = [];
  let listener: MinuteListener | undefined;
  const minutes: MinuteLeases = {
    ...{ waitMs: 20, patienceMs: 250, processes: () => processes },
    claim: (claim) => void claims.push(claim),
    listen: (given) => void (listener = given),
  };
  const gates = openTestGates(limits, {}, { ...ALONE, minutes }, clock);
  return {
    ...{ clock, claims, gates },
    ask: (...deployments: (typeof LEFT)[]): Asker => gates.ask("", "fast", deployments),
    away: (isAway: boolean) => listener?.away(isAway),
    /** Answers the last claim on a gate: all others hold so many. */
    answer(others = 0, gate = "left"): void {
      const claim = claims.findLast((each) => each.gate === gate);
      if (!claim) throw new Error("nothing was claimed");
      const sums = { others: { requests: others, tokens: 0 }, before: { requests: 0, tokens: 0 }, processes };
      listener?.answered(decide(claim, sums));
    },
    passed: (askers: readonly Asker[]): number => askers.filter(({ permit }) => permit).length,
  };
}
const times = <Each>(count: number, make: () => Each): Each[] => Array.from({ length: count }, make);
const codeOf = ({ failure }: Asker): unknown => failure instanceof Failure && failure.code;

describe("an answer that is late", () => {
  test("is waited for for 20 ms; then a request is refused, and what comes is for the next ones", async () => {
    const { clock, ask, answer, claims, passed } = openLeased({ left: { requestsPerMinute: 30 } });
    const early = times(10, () => ask(LEFT));
    await clock.advance(19);
    expect(early.filter(({ permit, failure }) => permit ?? failure)).toHaveLength(0);
    await clock.advance(1);
    expect(early.map(codeOf)).toEqual(times(10, () => "at_limit"));
    expect(early[0]?.failure instanceof Failure && early[0].failure.details.headers).toEqual({ "retry-after": "1" });
    const late = times(10, () => ask(LEFT));
    await clock.advance(10);
    expect(claims).toHaveLength(1);
    answer();
    expect(passed(late)).toBeGreaterThan(0);
    while (late.some(({ permit }) => !permit)) {
      await clock.advance(1);
      answer();
    }
  });

  test("does not let more pass than is granted, however long it takes", async () => {
    const { clock, ask, answer, claims, passed } = openLeased({ left: { requestsPerMinute: 30 } });
    const askers: Asker[] = [];
    for (let each = 0; each < 200; each += 1) {
      askers.push(...times(3, () => ask(LEFT)));
      await clock.advance(30);
      const { length } = claims;
      answer(20);
      expect(length).toBeGreaterThan(0);
    }
    expect(passed(askers)).toBe(10);
  });

  test("keeps nobody from another deployment for more than 20 ms", async () => {
    const { clock, ask, passed } = openLeased({ left: { requestsPerMinute: 30 }, right: { maxInFlight: 5 } });
    const askers = times(10, () => ask(LEFT, RIGHT));
    await clock.advance(19);
    expect(passed(askers)).toBe(0);
    await clock.advance(1);
    expect(passed(askers)).toBe(5);
    expect(askers.filter((asker) => codeOf(asker) === "at_limit")).toHaveLength(5);
  });

  test("is waited for for 20 ms in all, however many deployments a request tries one after the other", async () => {
    const { clock, gates } = openLeased({ left: { requestsPerMinute: 30 }, right: { requestsPerMinute: 30 } });
    const answers = { waitedMs: 0 };
    const { signal } = new AbortController();
    const since = clock.now();
    for (const each of [LEFT, RIGHT, LEFT]) {
      const again = (): boolean => isPermit(gates.gates.tryEnter(each, 1));
      expect(again()).toBe(false);
      const refused = rejectionOf(gates.gates.wait(each.key, [each], signal, again, () => {}, answers));
      while (answers.waitedMs < 20 && clock.now() < since + 20) await clock.advance(1);
      await clock.advance(0);
      expect(await refused).toMatchObject({ code: "at_limit" });
    }
    expect([answers.waitedMs, clock.now() - since]).toEqual([20, 20]);
  });

  test("costs what it lets pass or refuses, not what goes on waiting", async () => {
    const growth = await cpuGrowth(1000, (size) => async () => {
      const { ask, answer, passed } = openLeased({ left: { requestsPerMinute: 10_000 } });
      const askers = times(size, () => ask(LEFT));
      // Each answer lets one pass.
      for (let each = 0; each < size; each += 1) {
        await Promise.resolve();
        answer(10_000 - each - 1);
      }
      await Promise.resolve();
      expect(passed(askers)).toBe(size);
    });
    expect(growth).toBeLessThan(LINEAR);
  });

  test("of one who is silent for 250 ms does not come: each goes on with its share of what is left", async () => {
    const { clock, ask, answer, passed, gates } = openLeased({ left: { requestsPerMinute: 30 } });
    const first = times(8, () => ask(LEFT));
    await clock.advance(1);
    answer(10);
    expect(passed(first)).toBe(8);
    const later = times(30, () => ask(LEFT));
    // One that was granted beyond what was asked for.
    expect(passed(later)).toBe(1);
    await clock.advance(240);
    expect(passed(times(30, () => ask(LEFT)))).toBe(0);
    await clock.advance(15);
    // The others hold ten, this one nine: it has the half of the eleven that are left.
    expect(passed(times(30, () => ask(LEFT)))).toBeLessThanOrEqual(5);
    expect(gates.gates.view().gates[0]?.requests).toBe(14);
  });
});

describe("while those who keep the minutes are away", () => {
  test("nobody has more than its part of the limit, and one by which nothing has passed has at least one", async () => {
    for (const [limit, processes, share] of [
      [30, 2, 15],
      [3, 2, 1],
      [1, 2, 1],
      [200, 3, 66],
    ] as const) {
      const { away, ask, passed } = openLeased({ left: { requestsPerMinute: limit } }, processes);
      away(true);
      expect(passed(times(300, () => ask(LEFT)))).toBe(share);
    }
  });

  test("what the others have, and was said, is not used again", async () => {
    const { clock, away, ask, answer, passed } = openLeased({ left: { requestsPerMinute: 30 } });
    const first = ask(LEFT);
    await clock.advance(1);
    answer(26);
    expect(first.permit).toBeDefined();
    away(true);
    // Of three that are left.
    expect(passed(times(60, () => ask(LEFT)))).toBe(1);
  });

  test("and when they are back, each keeps to its share until all have said what they used", async () => {
    const { clock, away, ask, answer, claims, passed } = openLeased({ left: { requestsPerMinute: 30 } });
    away(true);
    expect(passed(times(60, () => ask(LEFT)))).toBe(15);
    away(false);
    // What has passed is said.
    expect(claims.at(-1)).toMatchObject({ used: { requests: 15 }, asks: false });
    answer();
    await clock.advance(1);
    expect(passed(times(60, () => ask(LEFT)))).toBe(0);
    await clock.advance(2 * MINUTE);
    const askers = times(20, () => ask(LEFT));
    for (let each = 0; each < 20; each += 1) {
      await clock.advance(1);
      answer();
    }
    expect(passed(askers)).toBe(20);
  });
});

test("what passed a limit that is taken away and comes back within a minute counts", async () => {
  for (const isLeased of [true, false]) {
    const leased = openLeased({ left: { requestsPerMinute: 10 } }, 1);
    const gates = isLeased ? leased.gates : openTestGates({ left: { requestsPerMinute: 10 } });
    const answerAll = async (): Promise<void> => {
      for (let each = 0; isLeased && each < 5; each += 1) {
        await leased.clock.advance(1);
        leased.answer();
      }
    };
    const first = times(6, () => gates.ask("", "fast", [LEFT]));
    await answerAll();
    for (const { permit } of first) permit?.release();
    gates.configure({});
    gates.gates = gates.configure({ left: { requestsPerMinute: 10 } });
    const next = times(10, () => gates.ask("", "fast", [LEFT]));
    await answerAll();
    expect(leased.passed(next)).toBe(4);
    gates.configure({});
    for (const { permit } of next) permit?.release();
    await gates.clock.advance(2 * MINUTE);
    gates.gates = gates.configure({ left: { requestsPerMinute: 10 } });
    const later = times(10, () => gates.ask("", "fast", [LEFT]));
    await answerAll();
    expect(leased.passed(later)).toBe(10);
  }
});

test("nothing is watched any more once it is closed", async () => {
  const { clock, ask, answer, gates } = openLeased({ left: { tokensPerMinute: 100 } });
  const asker = ask(LEFT);
  await clock.advance(1);
  answer();
  gates.states.close();
  await clock.advance(5000);
  asker.permit?.release(0);
  await clock.advance(5000);
  expect([asker.permit !== undefined, clock.timersWaiting()]).toEqual([true, 0]);
});
