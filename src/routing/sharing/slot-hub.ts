import type { TimerSource } from "../../core/deadlines.ts";
import { type FromHub, fairShare, type SlotsHeld, type ToHub } from "./channel.ts";
import { type Holder, SlotTurns, slotsLeft } from "./slot-turns.ts";

/** Of more gates than this the workers keep their fair shares. */
const MAX_GATES = 10_000;
/** So long after nobody waits any more, workers get their fair shares back from what others do not use, in milliseconds. */
const BALANCE_MS = 1000;

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
export class SlotHub {
  readonly #parts: SlotHubParts;
  readonly #gates = new Map<string, Gate>();
  readonly #joined = new Set<number>();
  /** Where some have less than their fair share, and nobody waits. */
  readonly #uneven = new Set<Gate>();
  #balancing: unknown;

  constructor(parts: SlotHubParts) {
    this.#parts = parts;
  }

  /** A worker begins. @returns the slots that it begins with, of all gates that are known */
  join(worker: number): readonly SlotsHeld[] {
    this.#joined.add(worker);
    return [...this.#gates.values()].map((gate) => {
      const { name, limit, holders, turns } = gate;
      const count = Math.max(0, Math.min(this.#share(limit, worker), slotsLeft(limit, holders.values())));
      holders.set(worker, holderOf(worker, limit, count));
      if (!turns.isWaiting()) this.#fillUp(gate);
      return { gate: name, limit, count };
    });
  }

  hear(worker: number, message: ToHub & { readonly kind: "limit" | "want" | "return" }): void {
    if (!this.#joined.has(worker)) return;
    if (message.kind === "limit") return this.#hearLimit(worker, message.gate, message.limit, message.first);
    const gate = this.#gates.get(message.gate);
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
    this.#settle(gate);
  }

  /** It has ended: its slots are free. */
  leave(worker: number): void {
    if (!this.#joined.delete(worker)) return;
    for (const gate of this.#gates.values()) {
      const holder = gate.holders.get(worker);
      if (!holder) continue;
      gate.holders.delete(worker);
      gate.turns.want(holder, 0);
      this.#settle(gate);
    }
  }

  close(): void {
    this.#parts.timers.clearTimer(this.#balancing);
  }

  #hearLimit(worker: number, name: string, limit: number, first: number | undefined): void {
    const known = this.#gates.get(name);
    if (!known && this.#gates.size >= MAX_GATES) return;
    const gate = known ?? this.#open(name, first ?? limit);
    const holder = gate.holders.get(worker);
    if (holder && first !== undefined) {
      // It may have begun by another limit than others, if that is just being changed.
      holder.granted += this.#share(first, worker) - this.#share(holder.first, worker);
      holder.first = first;
    }
    gate.limit = limit;
    this.#settle(gate);
  }

  #open(name: string, limit: number): Gate {
    const holders = [...this.#joined].map((worker) => holderOf(worker, limit, this.#share(limit, worker)));
    const byWorker = new Map(holders.map((holder) => [holder.worker, holder]));
    const gate = { name, limit, holders: byWorker, turns: new SlotTurns() };
    this.#gates.set(name, gate);
    return gate;
  }

  /** Gives what is free to those who wait, in turn, and asks for more; or, if nobody waits, fills up fair shares. */
  #settle(gate: Gate): void {
    const { holders, turns, limit } = gate;
    for (const [holder, count] of turns.serve(slotsLeft(limit, holders.values()))) {
      this.#grant(gate, holder, count, count);
    }
    for (const [holder, { owed, unused }] of turns.demand(limit, holders)) this.#ask(gate, holder, owed, unused);
    if (!turns.isWaiting()) this.#fillUp(gate);
  }

  #fillUp(gate: Gate): void {
    let left = slotsLeft(gate.limit, gate.holders.values());
    let isUneven = false;
    for (const holder of gate.holders.values()) {
      const lacking = this.#share(gate.limit, holder.worker) - holder.granted;
      const count = Math.max(0, Math.min(lacking, left));
      if (count > 0) this.#grant(gate, holder, count, 0);
      left -= count;
      isUneven ||= lacking > count;
    }
    if (!isUneven) return void this.#uneven.delete(gate);
    this.#uneven.add(gate);
    this.#balancing ??= this.#parts.timers.setTimer(() => this.#balance(), BALANCE_MS);
  }

  #balance(): void {
    this.#balancing = undefined;
    const all = [...this.#uneven];
    this.#uneven.clear();
    for (const gate of all) {
      if (gate.turns.isWaiting()) continue;
      for (const holder of gate.holders.values()) {
        const above = holder.granted - this.#share(gate.limit, holder.worker);
        if (above > 0 && holder.unused !== above) this.#ask(gate, holder, 0, above);
      }
    }
  }

  #share(limit: number, worker: number): number {
    return fairShare(limit, this.#parts.workers, worker);
  }

  #grant({ name: gate }: Gate, holder: Holder, count: number, served: number): void {
    holder.granted += count;
    holder.served += served;
    if (served === 0) holder.unused = 0;
    this.#parts.send(holder.worker, { kind: "grant", gate, limit: holder.first, count, served });
  }

  #ask({ name: gate }: Gate, holder: Holder, owed: number, unused: number): void {
    holder.owed += owed;
    holder.unused = unused;
    this.#parts.send(holder.worker, { kind: "ask", gate, limit: holder.first, owed, unused });
  }
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
