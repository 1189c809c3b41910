import type { FromHub, ToHub } from "../../../src/routing/sharing/channel.ts";
import { SlotHub } from "../../../src/routing/sharing/slot-hub.ts";
import { WorkerSlots } from "../../../src/routing/sharing/slot-leases.ts";
import { createManualClock, type ManualClock, settle } from "../../fixtures/manual-clock.ts";

export const GATE = "gate";

/** A worker with one gate: requests that come, wait, are in flight, and end. */
export interface FakeWorker {
  readonly number: number;
  readonly slots: WorkerSlots;
  inFlight: number;
  waiting: number;
  /** Its requests wait for something else, too. */
  isBlocked: boolean;
  /** What was said and has not arrived, in order. */
  readonly toHub: ToHub[];
  readonly toWorker: FromHub[];
}

/** A hub and its workers, between whom messages arrive when a test says so. */
export interface Workers {
  readonly clock: ManualClock;
  readonly all: Map<number, FakeWorker>;
  messages(): number;
  arrive(number: number): void;
  finish(number: number): void;
  kill(number: number): void;
  start(number: number): void;
  setLimit(number: number, limit: number): void;
  /** Has the first message in each direction come through. */
  deliver(number: number): Promise<void>;
  /** Has all come through, what it leads to included. */
  deliverAll(): Promise<void>;
  inFlight(): number;
  waiting(): number;
}

export function openWorkers(count: number, firstLimit: number): Workers {
  const clock = createManualClock();
  const all = new Map<number, FakeWorker>();
  const limits = new Map<number, number>();
  let messages = 0;
  const hub = new SlotHub({
    workers: count,
    send(number, message) {
      messages += 1;
      all.get(number)?.toWorker.push(message);
    },
    timers: clock,
  });
  const limitOf = (number: number): number => limits.get(number) ?? firstLimit;

  /** What the gates do: as many of those who wait as there is room for. */
  const admit = (worker: FakeWorker): void => {
    const { slots, number } = worker;
    const hasRoom = (): boolean =>
      worker.inFlight < Math.min(slots.granted(GATE, limitOf(number)), limitOf(number)) && !worker.isBlocked;
    while (worker.waiting > 0 && hasRoom()) {
      worker.waiting -= 1;
      worker.inFlight += 1;
      slots.inUse(GATE, worker.inFlight);
    }
    slots.want(GATE, limitOf(number), worker.waiting);
  };

  const start = (number: number): void => {
    if (all.has(number)) return;
    const toHub: ToHub[] = [];
    const slots = new WorkerSlots((said) => {
      messages += said.length;
      toHub.push(...said);
    }, clock);
    const worker: FakeWorker = { number, slots, inFlight: 0, waiting: 0, isBlocked: false, toHub, toWorker: [] };
    all.set(number, worker);
    slots.onGranted(() => admit(worker));
    const held = hub.join(number);
    worker.toWorker.push({ kind: "hello", gateway: "g", worker: number, workers: count, changes: [], slots: held });
    // The first message comes before the first request.
    hear(worker);
  };

  const hear = (worker: FakeWorker): void => {
    const message = worker.toWorker.shift();
    if (message?.kind === "hello") worker.slots.begin(message, message.slots);
    else if (message?.kind === "grant" || message?.kind === "ask") worker.slots.hear(message);
  };

  const deliver = async (number: number): Promise<void> => {
    await settle();
    const worker = all.get(number);
    const message = worker?.toHub.shift();
    if (message?.kind === "limit" || message?.kind === "want" || message?.kind === "return") hub.hear(number, message);
    if (worker) hear(worker);
    await settle();
  };

  for (let number = 1; number <= count; number += 1) start(number);
  return {
    clock,
    all,
    messages: () => messages,
    arrive(number) {
      const worker = all.get(number);
      if (!worker) return;
      worker.waiting += 1;
      admit(worker);
    },
    finish(number) {
      const worker = all.get(number);
      if (!worker || worker.inFlight === 0) return;
      worker.inFlight -= 1;
      worker.slots.inUse(GATE, worker.inFlight);
      admit(worker);
    },
    kill(number) {
      all.delete(number);
      hub.leave(number);
    },
    start,
    setLimit(number, limit) {
      limits.set(number, limit);
      const worker = all.get(number);
      if (worker) admit(worker);
    },
    deliver,
    async deliverAll() {
      for (let isBusy = true; isBusy;) {
        await settle();
        isBusy = false;
        for (const { number, toHub, toWorker } of all.values()) {
          isBusy ||= toHub.length + toWorker.length > 0;
          await deliver(number);
        }
      }
    },
    inFlight: () => [...all.values()].reduce((sum, { inFlight }) => sum + inFlight, 0),
    waiting: () => [...all.values()].reduce((sum, { waiting }) => sum + waiting, 0),
  };
}
