import { describe, expect, test } from "bun:test";
import { createRandom } from "../../fixtures/random.ts";
import type { Lease } from "../../../src/routing/engine/route.ts";
import type { PriceOf } from "../../../src/routing/strategies/cheapest.ts";
import { type DeploymentSketch, type ModelSketch, openTestRouter, sketch } from "../engine/open-test-router.ts";
import { refused } from "../engine/failures.ts";

interface Rig {
  /** Who is asked next: the letter of its provider. */
  next(options?: { stickyKey?: string; forMs?: number }): Promise<{ readonly letter: string; readonly lease: Lease }>;
  /** So many in a row, each over before the next one. */
  letters(count: number, forMs?: (letter: string) => number): Promise<string>;
  readonly rig: ReturnType<typeof openTestRouter>;
}

function open(
  strategy: ModelSketch["strategy"],
  deployments: readonly DeploymentSketch[],
  options: { random?: () => number; priceOf?: PriceOf; model?: Partial<ModelSketch> } = {},
): Rig {
  const { model, ...parts } = options;
  const rig = openTestRouter([sketch("fast", { ...(strategy && { strategy }), deployments, ...model })], parts);
  const next: Rig["next"] = async ({ stickyKey, forMs = 0 } = {}) => {
    const asking = rig.ask("fast", stickyKey === undefined ? {} : { stickyKey });
    if (forMs > 0) await rig.clock.advance(forMs);
    asking.asked[0]?.answer();
    const { deployment, lease } = await asking.result;
    lease.firstToken();
    return { letter: deployment.key.split(" ")[0] ?? "", lease };
  };
  return {
    rig,
    next,
    async letters(count, forMs) {
      let letters = "";
      for (let number = 0; number < count; number++) {
        const asked = rig.ask("fast");
        const letter = asked.keys()[0]?.split(" ")[0] ?? "";
        if (forMs) await rig.clock.advance(forMs(letter));
        asked.asked[0]?.answer();
        const { lease } = await asked.result;
        lease.firstToken();
        lease.settle(undefined);
        letters += letter;
      }
      return letters;
    },
  };
}

const weighted = (...weights: readonly number[]): readonly DeploymentSketch[] => weights.map((weight) => ({ weight }));

describe("round_robin", () => {
  test.each<[weights: readonly number[], turns: string]>([
    [[1, 1, 1], "abcabc"],
    [[5, 1, 1], "aabacaaaabacaa"],
    [[1, 3], "babbbabb"],
    [[0.5, 0.5, 1], "cabccabc"],
  ])("%j: %s", async (weights, turns) => {
    expect(await open("round_robin", weighted(...weights)).letters(turns.length)).toBe(turns);
  });

  test("a deployment is likely without having its turn", async () => {
    const { rig, letters } = open("round_robin", weighted(1, 1));
    const likely = () => rig.router.likely(rig.route("fast")).key;
    expect([likely(), likely(), await letters(1), likely()]).toEqual(["a fast", "a fast", "a", "b fast"]);
  });

  test("a deployment that is there twice has two turns", async () => {
    const { letters } = open("round_robin", [{ key: "a x" }, { key: "a x" }, { key: "b x" }]);
    expect(await letters(6)).toBe("aabaab");
  });
});

describe("priority", () => {
  test("asks the first ones in turns, the others if none of them may be asked", async () => {
    const { rig, letters } = open(
      "priority",
      [{ priority: 1 }, { priority: 0, weight: 2 }, { priority: 0 }, { priority: 2 }],
      { model: { cooldown: { failures: 1 } } },
    );
    expect(await letters(6)).toBe("bcbbcb");
    for (let number = 0; number < 2; number++) {
      const asking = rig.ask("fast");
      asking.asked[0]?.fail(refused());
      await rig.clock.advance(0);
      asking.asked.at(-1)?.answer();
    }
    expect(await letters(3)).toBe("aaa");
  });
});

describe("least_busy", () => {
  test("asks the one of two random ones that has fewer attempts in flight", async () => {
    const { next, rig } = open("least_busy", weighted(1, 1, 1, 1), { random: dice(7) });
    const held: Lease[] = [];
    for (let number = 0; number < 400; number++) held.push((await next()).lease);
    const inFlight = [..."abcd"].map((letter) => rig.states.describe(`${letter} fast`, 0)?.inFlight ?? 0);
    expect(Math.max(...inFlight) - Math.min(...inFlight)).toBeLessThanOrEqual(4);
    for (const lease of held) lease.settle(undefined);
  });

  test("for its weight", async () => {
    const { next, rig } = open("least_busy", weighted(3, 1), { random: dice(7) });
    for (let number = 0; number < 400; number++) await next();
    const heavy = rig.states.describe("a fast", 0)?.inFlight ?? 0;
    expect(Math.abs(heavy - 300)).toBeLessThanOrEqual(2);
  });
});

describe("fastest", () => {
  const MS: Readonly<Record<string, number>> = { a: 300, b: 100, c: 200 };
  const msOf = (letter: string): number => MS[letter] ?? 0;

  test("asks each once, then the one that was quickest to its first token", async () => {
    const { letters } = open("fastest", weighted(1, 1, 1), { random: () => 0.99 });
    expect(await letters(8, msOf)).toBe("abcbbbbb");
  });

  test("follows one that becomes slow", async () => {
    const { letters } = open("fastest", weighted(1, 1, 1), { random: () => 0.99 });
    await letters(5, msOf);
    expect(await letters(5, (letter) => (letter === "b" ? 900 : msOf(letter)))).toBe("bcccc");
  });

  test("looks now and then at the others", async () => {
    const { letters } = open("fastest", weighted(1, 1, 1), { random: dice(3) });
    const asked = await letters(1000, msOf);
    const others = [...asked].filter((letter) => letter !== "b").length;
    expect(others).toBeGreaterThan(25);
    expect(others).toBeLessThan(80);
  });

  test("sends one request to one of which nothing is known, not all", async () => {
    const { letters, rig } = open("fastest", weighted(1, 1), { random: () => 0.99 });
    const silent = rig.ask("fast");
    expect(silent.keys()).toEqual(["a fast"]);
    expect(await letters(3, () => 50)).toBe("bbb");
    silent.leave();
  });
});

describe("cheapest", () => {
  const PRICES: Readonly<Record<string, number | undefined>> = { a: undefined, b: 3, c: 1, d: 1 };
  const priceOf: PriceOf = ({ key }) => PRICES[key.split(" ")[0] ?? ""];

  test("asks those with the lowest price in turns, those without one last", async () => {
    const { letters, rig } = open("cheapest", weighted(1, 1, 1, 1), {
      priceOf,
      model: { cooldown: { failures: 1 }, retries: { attempts: 1 } },
    });
    expect(await letters(4)).toBe("cdcd");
    for (const left of ["bb", "aa"]) {
      for (const asking of [rig.ask("fast"), rig.ask("fast")]) asking.asked[0]?.fail(refused());
      await rig.clock.advance(0);
      expect(await letters(2)).toBe(left);
    }
  });
});

describe("slow start", () => {
  test("gives a deployment that recovers its part bit by bit", async () => {
    const { letters, rig } = open("round_robin", weighted(1, 1), {
      model: { cooldown: { failures: 1, forMs: 1000, slowStartMs: 10_000 } },
    });
    const asking = rig.ask("fast");
    asking.asked[0]?.fail(refused());
    await rig.clock.advance(1000);
    asking.asked[1]?.answer();
    (await asking.result).lease.settle(undefined);
    // The one that finds out.
    const first = await letters(2);
    expect(first).toContain("a");
    expect(rig.states.describe("a fast", 10_000)).toMatchObject({ state: "slow_start" });
    const shareOf = async (count: number) => [...(await letters(count))].filter((each) => each === "a").length / count;
    const early = await shareOf(100);
    await rig.clock.advance(5000);
    const later = await shareOf(100);
    await rig.clock.advance(5000);
    expect([early < 0.15, later > 0.25 && later < 0.45, await shareOf(100)]).toEqual([true, true, 0.5]);
    expect(rig.states.describe("a fast", 10_000)).toMatchObject({ state: "closed" });
  });
});

function dice(seed: number): () => number {
  const random = createRandom(seed);
  return () => random.below(1e6) / 1e6;
}
