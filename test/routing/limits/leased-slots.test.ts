import { expect, test } from "bun:test";
import fc from "fast-check";
import type { FromHub, ToHub } from "../../../src/routing/sharing/channel.ts";
import { SlotHub } from "../../../src/routing/sharing/slot-hub.ts";
import { WorkerSlots } from "../../../src/routing/sharing/slot-leases.ts";
import { createManualClock, settle } from "../../fixtures/manual-clock.ts";
import { propertyRuns } from "../../fixtures/property-runs.ts";
import { type Asker, deploymentAt, openTestGates, QUEUE } from "./open-test-gates.ts";

const WORKERS = 3;
const LEFT = [deploymentAt("left")];
const PATIENT = { ...QUEUE, length: 100 };

/** Processes with gates, whose slots a hub leases to them; messages arrive when a test says so. */
function openProcesses(limit: number, hasQueue: boolean) {
  const clock = createManualClock();
  const toWorkers = new Map<number, FromHub[]>();
  const hub = new SlotHub({
    workers: WORKERS,
    send: (number, message) => void toWorkers.get(number)?.push(message),
    timers: clock,
  });
  const open = (number: number) => {
    const toHub: ToHub[] = [];
    const toWorker: FromHub[] = [];
    toWorkers.set(number, toWorker);
    const slots = new WorkerSlots((said) => void toHub.push(...said), clock);
    slots.begin({ worker: number, workers: WORKERS }, hub.join(number));
    const sharing = { tell() {}, listen: () => () => {}, slots };
    const gates = openTestGates({ left: { maxInFlight: limit } }, hasQueue ? { fast: PATIENT } : {}, sharing);
    return { number, toHub, toWorker, slots, gates, askers: new Array<Asker>() };
  };
  const all = Array.from({ length: WORKERS }, (_, index) => open(index + 1));
  const deliver = async ({ number, toHub, toWorker, slots }: (typeof all)[number]): Promise<void> => {
    await settle();
    const up = toHub.shift();
    if (up && up.kind !== "changes" && up.kind !== "heard" && up.kind !== "claim") hub.hear(number, up);
    const down = toWorker.shift();
    if (down?.kind === "grant" || down?.kind === "ask") slots.hear(down);
    await settle();
  };
  const insideOf = ({ askers }: (typeof all)[number]): Asker[] => askers.filter(({ permit }) => permit);
  return {
    all,
    deliver,
    insideOf,
    arrive: (at: number): void => {
      const process = all[at];
      process?.askers.push(process.gates.ask("", "fast", LEFT));
    },
    finish: (at: number): void => {
      const process = all[at];
      const [first] = process ? insideOf(process) : [];
      if (!process || !first) return;
      first.permit?.release();
      process.askers.splice(process.askers.indexOf(first), 1);
    },
    async deliverAll(): Promise<void> {
      await settle();
      while (all.some(({ toHub, toWorker }) => toHub.length + toWorker.length > 0))
        for (const each of all) await deliver(each);
    },
    inFlight: () => all.reduce((sum, each) => sum + insideOf(each).length, 0),
    waiting: () => all.flatMap(({ askers }) => askers.filter(({ permit, failure }) => !permit && !failure)).length,
  };
}

test("processes that share the slots of a gate use no more than there are, and all that are wanted", async () => {
  const step = fc.tuple(fc.nat(9), fc.nat(WORKERS - 1));
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 6 }),
      fc.array(step, { maxLength: 120, size: "max" }),
      async (limit, steps) => {
        const processes = openProcesses(limit, true);
        for (const [kind, at] of steps) {
          if (kind < 4) processes.arrive(at);
          else if (kind < 6) processes.finish(at);
          else for (const process of processes.all.slice(at, at + 1)) await processes.deliver(process);
          expect(processes.inFlight()).toBeLessThanOrEqual(limit);
        }
        // Whatever is said arrives, and as many are asked for as there are slots, until nobody waits any more.
        for (let turn = 0; ; turn++) {
          await processes.deliverAll();
          expect(processes.inFlight()).toBe(Math.min(limit, processes.inFlight() + processes.waiting()));
          if (processes.inFlight() === 0) break;
          processes.finish(processes.all.findIndex((each) => processes.insideOf(each).length > 0));
        }
      },
    ),
    propertyRuns(60),
  );
});

test("without a queue, a process gets slots that the others do not use before a request has to be refused", async () => {
  const processes = openProcesses(6, false);
  for (let count = 0; count < 6; count++) processes.arrive(0);
  expect(processes.inFlight()).toBe(2);
  await processes.deliverAll();
  expect([processes.inFlight(), processes.waiting()]).toEqual([6, 0]);
});
