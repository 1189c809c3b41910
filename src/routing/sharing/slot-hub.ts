import type { TimerSource } from "../../core/deadlines.ts";
import { type FromHub, fairShare, type SlotsHeld, type ToHub } from "./channel.ts";
import { type Holder, SlotTurns, slotsLeft } from "./slot-turns.ts";

/** Of more gates than this the workers keep their fair shares. */
const MAX_GATES = 10_000;
/** So long after nobody waits any more, workers get their fair shares back from what others do not use, in milliseconds. */
const BALANCE_MS = 1000;

export interface SlotHub {
  /** A worker begins. @returns the slots that it begins with, as far as they are not its fair share */
  join(worker: number): readonly SlotsHeld[];
  hear(worker: number, message: ToHub & { readonly kind: "limit" | "want" | "return" }): void;
  /** It has ended: its slots are free. */
  leave(worker: number): void;
  close(): void;
}

export interface SlotHubParts {
  /** How many workers there are, those that are just being started again included. */
  readonly workers: number;
  readonly send: (worker: number, message: FromHub) => void;
  readonly timers: Pick<TimerSource, "setTimer" | "clearTimer">;
}

interface Gate {
  readonly name: string;
  limit: number;
  /** Of the workers that have joined. */
  readonly holders: Map<number, Holder>;
  readonly turns: SlotTurns;
}

/** Leases the slots of gates to workers: what is granted is never more than the limit, unless that has just become lower. */
export function createSlotHub({ workers, send, timers }: SlotHubParts): SlotHub {
  const gates = new Map<string, Gate>();
  const joined = new Set<number>();
  const uneven = new Set<Gate>();
  let balancing: unknown;

  const shareBy = (limit: number, worker: number): number => fairShare(limit, workers, worker);

  const open = (name: string, limit: number): Gate => {
    const holders = new Map([...joined].map((worker) => [worker, holderOf(worker, limit, shareBy(limit, worker))]));
    const gate = { name, limit, holders, turns: new SlotTurns() };
    gates.set(name, gate);
    return gate;
  };

  const grant = (gate: Gate, holder: Holder, count: number, served: number): void => {
    holder.granted += count;
    holder.served += served;
    send(holder.worker, { kind: "grant", gate: gate.name, limit: holder.first, count, served });
  };

  const ask = (gate: Gate, holder: Holder, owed: number, unused: number): void => {
    holder.owed += owed;
    holder.unused = unused;
    send(holder.worker, { kind: "ask", gate: gate.name, limit: holder.first, owed, unused });
  };

  /** Gives what is free to those who wait, in turn, and asks for more; or, if nobody waits, fills up fair shares. */
  const settle = (gate: Gate): void => {
    const { holders, turns, limit } = gate;
    for (const [holder, count] of turns.serve(slotsLeft(limit, holders.values()))) grant(gate, holder, count, count);
    const asked = turns.demand(limit, holders);
    for (const [holder, { owed, unused }] of asked) ask(gate, holder, owed, unused);
    if (!turns.isWaiting()) fillUp(gate);
  };

  const fillUp = (gate: Gate): void => {
    let left = slotsLeft(gate.limit, gate.holders.values());
    let isUneven = false;
    for (const holder of gate.holders.values()) {
      const lacking = shareBy(gate.limit, holder.worker) - holder.granted;
      const count = Math.min(lacking, left);
      if (count > 0) grant(gate, holder, count, 0);
      left -= Math.max(0, count);
      isUneven ||= lacking > Math.max(0, count);
    }
    if (!isUneven) return void uneven.delete(gate);
    uneven.add(gate);
    balancing ??= timers.setTimer(balance, BALANCE_MS);
  };

  const balance = (): void => {
    balancing = undefined;
    const all = [...uneven];
    uneven.clear();
    for (const gate of all) {
      if (gate.turns.isWaiting()) continue;
      for (const holder of gate.holders.values()) {
        const above = holder.granted - shareBy(gate.limit, holder.worker);
        if (above > 0 && holder.unused !== above) ask(gate, holder, 0, above);
      }
    }
  };

  const hearLimit = (worker: number, name: string, limit: number, first: number | undefined): void => {
    const known = gates.get(name);
    if (!known && gates.size >= MAX_GATES) return;
    const gate = known ?? open(name, first ?? limit);
    const holder = gate.holders.get(worker);
    // It may have begun by another limit, if that is just being changed.
    if (holder && first !== undefined) holder.granted += shareBy(first, worker) - shareBy(holder.first, worker);
    if (holder) holder.first = first ?? holder.first;
    gate.limit = limit;
    settle(gate);
  };

  return {
    join(worker) {
      joined.add(worker);
      return [...gates.values()].map((gate) => {
        const { name, limit } = gate;
        const count = Math.max(0, Math.min(shareBy(limit, worker), slotsLeft(limit, gate.holders.values())));
        gate.holders.set(worker, holderOf(worker, limit, count));
        if (!gate.turns.isWaiting()) fillUp(gate);
        return { gate: name, limit, count };
      });
    },
    hear(worker, message) {
      if (!joined.has(worker)) return;
      if (message.kind === "limit") return hearLimit(worker, message.gate, message.limit, message.first);
      const gate = gates.get(message.gate);
      const holder = gate?.holders.get(worker);
      if (!gate || !holder) return;
      if (message.kind === "want") {
        gate.turns.want(holder, message.count - (holder.served - message.served));
      } else {
        const owed = Math.min(message.count, holder.owed);
        holder.granted -= message.count;
        holder.owed -= owed;
        holder.unused = Math.max(0, holder.unused - (message.count - owed));
      }
      settle(gate);
    },
    leave(worker) {
      if (!joined.delete(worker)) return;
      for (const gate of gates.values()) {
        const holder = gate.holders.get(worker);
        if (!holder) continue;
        gate.holders.delete(worker);
        gate.turns.want(holder, 0);
        settle(gate);
      }
    },
    close: () => timers.clearTimer(balancing),
  };
}

const holderOf = (worker: number, limit: number, granted: number): Holder => ({
  worker,
  first: limit,
  granted,
  wanted: 0,
  served: 0,
  owed: 0,
  unused: 0,
});
