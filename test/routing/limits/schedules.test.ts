import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Gated } from "../../../src/routing/limits/gates.ts";
import type { LimitOptions, QueueOptions } from "../../../src/routing/models/model-options.ts";
import { settle } from "../../fixtures/manual-clock.ts";
import { propertyRuns } from "../../fixtures/property-runs.ts";
import { type Asker, deploymentAt, MINUTE, openTestGates } from "./open-test-gates.ts";

/** Two models: each has a server of its own, with two keys or one, and both use a third server. */
const MODELS: Readonly<Record<string, readonly Gated[]>> = {
  fast: [deploymentAt("fast", "key 1", "left"), deploymentAt("fast", "key 2", "left"), deploymentAt("key 3", "right")],
  smart: [deploymentAt("smart", "key 3", "right"), deploymentAt("smart", "left")],
};
const GATES = ["fast", "smart", "key 1", "key 2", "key 3", "left", "right"];

const limit = (max: number) => fc.option(fc.integer({ min: 1, max }), { nil: undefined });

const limitsOf = (isRated: boolean) =>
  fc
    .record({
      maxInFlight: limit(4),
      requestsPerMinute: isRated ? limit(6) : fc.constant(undefined),
      tokensPerMinute: isRated ? limit(100) : fc.constant(undefined),
    })
    .map((each) => Object.fromEntries(Object.entries(each).filter(([, value]) => value !== undefined)) as LimitOptions);

const allLimits = (isRated: boolean) =>
  fc
    .tuple(...GATES.map(() => limitsOf(isRated)))
    .map((all) => Object.fromEntries(all.map((each, at) => [GATES[at], each])));

const queue = fc.record({ length: fc.integer({ min: 0, max: 6 }), timeoutMs: fc.integer({ min: 1, max: 90_000 }) });
const queues = fc.record({ fast: queue, smart: queue }, { requiredKeys: [] });

const operation = (isRated: boolean) =>
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ ask: fc.constantFrom("fast", "smart"), tokens: fc.integer({ min: 0, max: 120 }) }),
    },
    { weight: 5, arbitrary: fc.record({ release: fc.nat(), used: fc.option(fc.nat(150), { nil: undefined }) }) },
    { weight: 1, arbitrary: fc.record({ leave: fc.nat() }) },
    { weight: 3, arbitrary: fc.record({ advance: fc.integer({ min: 0, max: isRated ? 30_000 : 5000 }) }) },
    { weight: 1, arbitrary: fc.record({ limits: allLimits(isRated), queues }) },
  );

interface Passed {
  readonly at: number;
  readonly asker: Asker;
  readonly deployment: Gated;
}

/** Runs a schedule, and looks at what may never be after each step. */
async function play(
  start: { limits: Readonly<Record<string, LimitOptions>>; queues: Readonly<Record<string, QueueOptions>> },
  operations: readonly (
    | { ask: string; tokens: number }
    | { release: number; used: number | undefined }
    | { leave: number }
    | { advance: number }
    | typeof start
  )[],
  look: (rig: ReturnType<typeof openRig>) => void,
) {
  const rig = openRig(start.limits, start.queues);
  const pick = (all: readonly Asker[], at: number): Asker | undefined => all[at % Math.max(1, all.length)];
  for (const step of operations) {
    if ("ask" in step) rig.come(step.ask, step.tokens);
    else if ("release" in step) rig.finish(pick(rig.inside(), step.release), step.used);
    else if ("leave" in step) pick(rig.outside(), step.leave)?.controller.abort("left");
    else if ("advance" in step) await rig.clock.advance(step.advance);
    else rig.change(step.limits, step.queues);
    await settle();
    look(rig);
  }
  // Nothing is left over, and nobody waits for longer than the longest queue lets them.
  await rig.clock.advance(90_000);
  expect(rig.outside()).toEqual([]);
  for (const asker of rig.inside()) rig.finish(asker, undefined);
  await rig.clock.advance(10);
  const { gates, queues: waited } = rig.gates.view();
  expect(gates.filter(({ inFlight, waiting }) => inFlight > 0 || waiting > 0)).toEqual([]);
  expect(waited.filter(({ waiting }) => waiting > 0)).toEqual([]);
  expect(rig.clock.timersWaiting()).toBeLessThanOrEqual(1);
}

function openRig(
  startLimits: Readonly<Record<string, LimitOptions>>,
  startQueues: Readonly<Record<string, QueueOptions>>,
) {
  const parts = openTestGates(startLimits, startQueues);
  const { clock } = parts;
  const askers: Asker[] = [];
  const over = new Set<Asker>();
  const passed: Passed[] = [];
  const rig = Object.assign(parts, {
    askers,
    passed,
    limits: startLimits,
    queues: startQueues,
    models: new Map<Asker, string>(),
    /** Those with a permit, and those that wait for one. */
    inside: () => askers.filter((asker) => asker.permit && !over.has(asker)),
    outside: () => askers.filter((asker) => !asker.permit && asker.failure === undefined),
    /** Those that found a full queue. */
    tooMany: new Set<Asker>(),
    come(model: string, tokens: number): void {
      const queued = parts.gates.view().queues.find((each) => each.model === model);
      const asker = parts.ask(`${askers.length}`, model, MODELS[model] ?? [], tokens);
      askers.push(asker);
      rig.models.set(asker, model);
      if (!queued || queued.waiting >= queued.options.length) rig.tooMany.add(asker);
    },
    finish(asker: Asker | undefined, used: number | undefined): void {
      if (!asker) return;
      over.add(asker);
      asker.permit?.release(used);
    },
    change(limits: Readonly<Record<string, LimitOptions>>, newQueues: Readonly<Record<string, QueueOptions>>): void {
      rig.limits = limits;
      rig.queues = newQueues;
      parts.gates = parts.configure(limits, newQueues);
    },
  });
  parts.onPass = (asker, deployment) => {
    passed.push({ at: clock.now(), asker, deployment });
    for (const { key, inFlight } of parts.gates.view().gates) {
      if (deployment.gates.includes(key))
        expect(inFlight).toBeLessThanOrEqual(rig.limits[key]?.maxInFlight ?? Infinity);
    }
  };
  return rig;
}

type Rig = ReturnType<typeof openRig>;

/** What of the queues can be seen from outside, whatever the limits are. */
function lookAtQueues(rig: Rig): void {
  const view = rig.gates.view();
  expect(rig.outside().filter((asker) => rig.tooMany.has(asker))).toEqual([]);
  for (const { key, inFlight } of view.gates) {
    const held = rig.passed.filter(
      ({ asker, deployment }) => rig.inside().includes(asker) && deployment.gates.includes(key),
    );
    expect(inFlight).toBe(held.length);
  }
}

/** Those of a model that pass do so in the order in which they came, and nobody waits while there is room. */
function lookAtOrder(rig: Rig): void {
  lookAtQueues(rig);
  const order = (model: string): number[] =>
    rig.passed.filter(({ asker }) => rig.models.get(asker) === model).map(({ asker }) => Number(asker.name));
  for (const model of Object.keys(MODELS)) expect(order(model)).toEqual([...order(model)].sort((a, b) => a - b));
  const hasRoom = new Set(
    rig.gates
      .view()
      .gates.filter(({ inFlight, limits }) => inFlight < (limits.maxInFlight ?? Infinity))
      .map(({ key }) => key),
  );
  const idle = rig.outside().filter((asker) => {
    const deployments = MODELS[rig.models.get(asker) ?? ""] ?? [];
    return deployments.some(({ gates }) => gates.every((key) => hasRoom.has(key)));
  });
  expect(idle).toEqual([]);
}

describe("whatever comes in whatever order", () => {
  test("no more are in flight than may be, in the order of coming, and none waits while there is room", async () => {
    const start = fc.record({ limits: allLimits(false), queues });
    await fc.assert(
      fc.asyncProperty(start, fc.array(operation(false), { maxLength: 60, size: "max" }), (first, steps) =>
        play(first, steps, lookAtOrder),
      ),
      propertyRuns(300),
    );
  });

  test("no minute of the clock has more than the limit, and no sixty seconds more than twice as much", async () => {
    const limits = { requestsPerMinute: 5, tokensPerMinute: 300 };
    const start = { limits: Object.fromEntries(GATES.map((key) => [key, limits])), queues: {} };
    const size = { min: 1, max: 100 };
    const step = fc.oneof(
      fc.record({ ask: fc.constantFrom("fast", "smart"), tokens: fc.integer(size) }),
      fc.record({ advance: fc.integer({ min: 0, max: 20_000 }) }),
    );
    const waits = fc.record({ fast: queue, smart: queue }, { requiredKeys: [] });
    await fc.assert(
      fc.asyncProperty(waits, fc.array(step, { minLength: 20, maxLength: 80, size: "max" }), async (queued, steps) => {
        let last: Rig | undefined;
        await play({ ...start, queues: queued }, steps, (rig) => void (last = rig));
        for (const key of GATES) {
          const passed = (last?.passed ?? []).filter(({ deployment }) => deployment.gates.includes(key));
          for (const { at } of passed) {
            const minute = Math.floor(at / MINUTE);
            const inMinute = passed.filter((each) => Math.floor(each.at / MINUTE) === minute);
            const inWindow = passed.filter((each) => each.at >= at && each.at < at + MINUTE);
            expect(inMinute.length).toBeLessThanOrEqual(5);
            expect(inWindow.length).toBeLessThanOrEqual(10);
            const tokens = (of: readonly Passed[]): number => of.reduce((sum, { asker }) => sum + asker.tokens, 0);
            expect(tokens(inMinute)).toBeLessThanOrEqual(300);
            expect(tokens(inWindow)).toBeLessThanOrEqual(600);
          }
        }
      }),
      propertyRuns(150),
    );
  });

  test("every wait ends in time and every permit is given back, whatever is limited", async () => {
    const start = fc.record({ limits: allLimits(true), queues });
    await fc.assert(
      fc.asyncProperty(start, fc.array(operation(true), { maxLength: 60, size: "max" }), (first, steps) =>
        play(first, steps, lookAtQueues),
      ),
      propertyRuns(300),
    );
  });
});
