import { describe, expect, test } from "bun:test";
import { Failure } from "../../../src/core/errors.ts";
import type { ModelOptions } from "../../../src/routing/models/model-options.ts";
import type { SharedChange, Sharing } from "../../../src/routing/sharing/sharing.ts";
import { settle } from "../../fixtures/manual-clock.ts";
import { answered, refused } from "../engine/failures.ts";
import { openTestRouter, sketch } from "../engine/open-test-router.ts";

const open = (cooldown: Partial<ModelOptions["cooldown"]> = {}, sharing?: Sharing) =>
  openTestRouter(
    [sketch("fast", { strategy: "priority", deployments: [{}, {}], retries: { attempts: 1 }, cooldown })],
    sharing && { sharing },
  );

type Rig = ReturnType<typeof open>;

async function fail(rig: Rig, failure: Failure = refused()): Promise<string | undefined> {
  const asking = rig.ask("fast");
  asking.asked[0]?.fail(failure);
  await settle();
  return asking.keys()[0];
}

async function succeed(rig: Rig, failure?: Failure): Promise<void> {
  const asking = rig.ask("fast");
  asking.asked[0]?.answer();
  (await asking.result).lease.settle(undefined, failure);
}

const stateOf = (rig: Rig, key = "a fast") => rig.states.describe(key, 0)?.state;

describe("a circuit opens", () => {
  test("after so many failures in a row", async () => {
    const rig = open();
    await fail(rig);
    await fail(rig);
    await succeed(rig);
    await fail(rig);
    await fail(rig);
    expect(stateOf(rig)).toBe("closed");
    await fail(rig);
    expect(rig.states.describe("a fast", 0)).toMatchObject({
      state: "open",
      why: "upstream_unreachable",
      coolingUntil: rig.clock.now() + 30_000,
    });
  });

  test("if a large part of the last requests failed, of ten at least", async () => {
    const rig = open({ failures: 100, rate: 0.5 });
    for (let number = 0; number < 4; number++) await succeed(rig);
    for (let number = 0; number < 4; number++) await fail(rig);
    await succeed(rig);
    expect(stateOf(rig)).toBe("closed");
    await fail(rig);
    expect(stateOf(rig)).toBe("open");
  });

  test("for streams that break off, whose beginnings were good", async () => {
    const rig = open();
    for (let number = 0; number < 3; number++) await succeed(rig, new Failure("upstream_reset"));
    expect(stateOf(rig)).toBe("open");
  });

  test("not for what the request is to blame for, nor the client", async () => {
    const rig = open({ failures: 1 });
    for (const status of [400, 404, 413, 422]) await fail(rig, answered(status));
    await fail(rig, new Failure("client_gone"));
    await fail(rig, new Failure("client_stalled"));
    expect(stateOf(rig)).toBe("closed");
  });

  test("for the time that its provider says, when it is at a limit, or for the usual time", async () => {
    const rig = open({ failures: 100 });
    await fail(rig, answered(429, {}, { retryAfterMs: 1500 }));
    expect(rig.states.describe("a fast", 0)).toMatchObject({ why: "429", coolingUntil: rig.clock.now() + 1500 });
    await fail(rig, answered(429));
    expect(rig.states.describe("b fast", 0)).toMatchObject({ why: "429", coolingUntil: rig.clock.now() + 30_000 });
  });

  test("once for many requests that were in flight", async () => {
    const rig = open({ failures: 2, forMs: 1000, maxMs: 60_000 });
    const all = Array.from({ length: 20 }, () => rig.ask("fast"));
    await rig.clock.advance(10);
    for (const { asked } of all) asked[0]?.fail(refused());
    await settle();
    expect(rig.states.describe("a fast", 0)?.coolingUntil).toBe(rig.clock.now() + 1000);
    expect(rig.changes).toHaveLength(1);
  });
});

describe("a circuit that has cooled", () => {
  test("lets one request through, and closes if that is answered", async () => {
    const rig = open({ failures: 1 });
    await fail(rig);
    await rig.clock.advance(30_000);
    expect(stateOf(rig)).toBe("half_open");
    const trial = rig.ask("fast");
    expect([trial.keys(), rig.ask("fast").keys()]).toEqual([["a fast"], ["b fast"]]);
    trial.asked[0]?.answer();
    await trial.result;
    expect(stateOf(rig)).toBe("closed");
    expect(rig.changes.map(({ kind, why }) => [kind, why])).toEqual([
      ["cooling", "upstream_unreachable"],
      ["recovered", ""],
    ]);
  });

  test("lets another one through if the client of the first one left", async () => {
    const rig = open({ failures: 1 });
    await fail(rig);
    await rig.clock.advance(30_000);
    const trial = rig.ask("fast");
    trial.leave();
    await settle();
    expect(stateOf(rig)).toBe("half_open");
    expect(rig.ask("fast").keys()).toEqual(["a fast"]);
  });

  test("lets another one through although the answer to the one of an earlier time still comes", async () => {
    const rig = open({ failures: 1 });
    await fail(rig);
    await rig.clock.advance(30_000);
    const stream = rig.ask("fast");
    stream.asked[0]?.answer();
    const { lease } = await stream.result;
    expect(await fail(rig)).toBe("a fast");
    await rig.clock.advance(60_000);
    const trial = rig.ask("fast");
    expect(trial.keys()).toEqual(["a fast"]);
    lease.settle(undefined);
    expect(rig.ask("fast").keys()).toEqual(["b fast"]);
    trial.asked[0]?.answer();
    await trial.result;
    expect(stateOf(rig)).toBe("closed");
  });

  test("opens for twice as long each time, up to the longest, and is told of once", async () => {
    const rig = open({ failures: 1, forMs: 1000, maxMs: 3000 });
    const times: number[] = [];
    for (let number = 0; number < 4; number++) {
      expect(await fail(rig)).toBe("a fast");
      const until = rig.states.describe("a fast", 0)?.coolingUntil ?? 0;
      times.push(until - rig.clock.now());
      await rig.clock.advance(until - rig.clock.now());
    }
    expect(times).toEqual([1000, 2000, 3000, 3000]);
    expect(rig.changes).toHaveLength(1);
  });

  test("begins anew once it has worked for as long as it cooled", async () => {
    const rig = open({ failures: 1, forMs: 1000, maxMs: 60_000 });
    const coolingMs = () => (rig.states.describe("a fast", 0)?.coolingUntil ?? 0) - rig.clock.now();
    await fail(rig);
    await rig.clock.advance(1000);
    await succeed(rig);
    await fail(rig);
    expect(coolingMs()).toBe(2000);
    await rig.clock.advance(2000);
    await succeed(rig);
    await rig.clock.advance(2000);
    await succeed(rig);
    await fail(rig);
    expect(coolingMs()).toBe(1000);
  });
});

describe("an active check", () => {
  const DEPLOYMENT = { key: "a fast", label: "a fast" };

  test("opens the circuit, and closes it", async () => {
    const rig = open({ failures: 2 });
    const cooldown = rig.models[0]?.options.cooldown;
    if (!cooldown) throw new Error("there is no model");
    rig.states.checked(DEPLOYMENT, cooldown, refused());
    rig.states.checked(DEPLOYMENT, cooldown, refused());
    expect(stateOf(rig)).toBe("open");
    rig.states.checked(DEPLOYMENT, cooldown, undefined);
    expect(stateOf(rig)).toBe("closed");
  });

  test("says nothing of a limit", async () => {
    const rig = open();
    const cooldown = rig.models[0]?.options.cooldown;
    if (!cooldown) throw new Error("there is no model");
    await fail(rig, answered(429, {}, { retryAfterMs: 5000 }));
    rig.states.checked(DEPLOYMENT, cooldown, undefined);
    expect(stateOf(rig)).toBe("open");
  });
});

describe("between processes", () => {
  function openShared() {
    const told: SharedChange[] = [];
    const listeners = new Set<(change: SharedChange, from: string) => void>();
    const rig = open(
      { failures: 1 },
      {
        tell: (change) => void told.push(change),
        listen(listener) {
          listeners.add(listener);
          return () => void listeners.delete(listener);
        },
      },
    );
    const hear = (change: SharedChange): void => listeners.forEach((listener) => listener(change, "other"));
    return { rig, told, hear, listeners };
  }

  test("what cools and recovers is told", async () => {
    const { rig, told } = openShared();
    await fail(rig);
    const until = rig.clock.now() + 30_000;
    await rig.clock.advance(30_000);
    await succeed(rig);
    expect(told.filter(({ kind }) => kind !== "used")).toEqual([
      { kind: "cooling", key: "a fast", until, why: "upstream_unreachable" },
      { kind: "recovered", key: "a fast" },
    ]);
  });

  test("what others say holds here, and is not told again", async () => {
    const { rig, told, hear } = openShared();
    hear({ kind: "cooling", key: "a fast", until: rig.clock.now() + 5000, why: "429" });
    hear({ kind: "cooling", key: "unknown", until: rig.clock.now() + 5000, why: "429" });
    expect(rig.states.describe("a fast", 0)).toMatchObject({ state: "open", why: "429" });
    expect(rig.ask("fast").keys()).toEqual(["b fast"]);
    hear({ kind: "recovered", key: "a fast" });
    expect(stateOf(rig)).toBe("closed");
    expect([told, rig.changes]).toEqual([[], []]);
  });

  test("nothing is heard any more once it is closed", () => {
    const { rig, listeners } = openShared();
    const before = listeners.size;
    rig.states.close();
    expect(listeners.size).toBe(before - 1);
  });
});

test("what no configuration has any more is forgotten", async () => {
  const rig = open({ failures: 1 });
  await fail(rig);
  rig.states.retain([{ key: "b fast", label: "b fast" }], ["fast"]);
  expect(rig.states.describe("a fast", 0)).toBeUndefined();
  expect(rig.states.describe("b fast", 0)).toMatchObject({ state: "closed" });
});
