import { describe, expect, test } from "bun:test";
import type { Lease } from "../../../src/routing/engine/route.ts";
import { openTestRouter, sketch } from "../engine/open-test-router.ts";

const open = (count: number, loadFactor = 1.25) =>
  openTestRouter([
    sketch("fast", {
      strategy: "sticky",
      sticky: { by: "conversation", loadFactor },
      deployments: Array.from({ length: count }, () => ({})),
      cooldown: { failures: 1 },
    }),
  ]);

async function ask(rig: ReturnType<typeof open>, stickyKey?: string): Promise<{ key: string; lease: Lease }> {
  const asking = rig.ask("fast", stickyKey === undefined ? {} : { stickyKey });
  asking.asked[0]?.answer();
  const { deployment, lease } = await asking.result;
  return { key: deployment.key, lease };
}

async function ownerOf(rig: ReturnType<typeof open>, stickyKey: string): Promise<string> {
  const { key, lease } = await ask(rig, stickyKey);
  lease.settle(undefined);
  return key;
}

const NAMES = Array.from({ length: 300 }, (_, number) => `conversation ${number}`);

describe("sticky", () => {
  test("what belongs together goes to one deployment, in every process", async () => {
    const [one, other] = [open(4), open(4)];
    for (const name of NAMES) {
      const owner = await ownerOf(one, name);
      expect([await ownerOf(one, name), await ownerOf(other, name)]).toEqual([owner, owner]);
      expect(one.router.likely(one.route("fast"), name).key).toBe(owner);
    }
  });

  test("a deployment that comes takes only what is its own", async () => {
    const [before, after] = [open(4), open(5)];
    let moved = 0;
    for (const name of NAMES) {
      const [old, now] = [await ownerOf(before, name), await ownerOf(after, name)];
      if (now !== old) moved += 1;
      expect(now).toBeOneOf([old, "e fast"]);
    }
    expect(moved / NAMES.length).toBeGreaterThan(0.1);
    expect(moved / NAMES.length).toBeLessThan(0.3);
  });

  test("an owner that has more than its part in flight is left for the next one", async () => {
    const rig = open(3);
    const owner = await ownerOf(rig, "one");
    const held = [];
    for (let number = 0; number < 30; number++) held.push(await ask(rig, "one"));
    const inFlight = rig.models[0]?.deployments.map(({ key }) => rig.states.describe(key, 0)?.inFlight ?? 0) ?? [];
    expect(held[0]?.key).toBe(owner);
    expect(Math.max(...inFlight)).toBe(rig.states.describe(owner, 0)?.inFlight ?? 0);
    expect(Math.max(...inFlight)).toBeLessThanOrEqual(Math.ceil((30 / 3) * 1.25));
    for (const { lease } of held) lease.settle(undefined);
    expect(await ownerOf(rig, "one")).toBe(owner);
  });

  test("what belongs to nothing is sent in turns", async () => {
    const rig = open(3);
    const keys = [];
    for (let number = 0; number < 4; number++) keys.push((await ask(rig)).key);
    expect(keys).toEqual(["a fast", "b fast", "c fast", "a fast"]);
  });
});
