import type { TimerSource } from "../../core/deadlines.ts";
import { callEach } from "../../core/faults.ts";
import { type FromHub, fairShare, type SlotsHeld, type ToHub } from "./channel.ts";
import type { SlotLeases } from "./sharing.ts";

/** Unused slots that others want are kept for so long, in milliseconds, by requests here that wait for something else, too. */
const LINGER_MS = 50;
/** Of more gates than this a worker keeps to its fair share. */
const MAX_GATES = 10_000;

interface Lease {
  readonly gate: string;
  limit: number;
  /** By which limit the first share was reckoned; undefined once that was said. */
  first: number | undefined;
  isLimitSaid: boolean;
  granted: number;
  inUse: number;
  wanted: number;
  /** What of it the hub knows. */
  saidWanted: number;
  /** How many were granted because they were wanted. */
  served: number;
  /** How many others get when a request ends, and how many as soon as they are not used. */
  owed: number;
  unused: number;
  /** How many were given back, to be said. */
  returned: number;
}

/** A worker's end of the slots that the hub leases: what it has is used without a word, and given back when others want it. */
export class WorkerSlots implements SlotLeases {
  readonly #send: (messages: readonly ToHub[]) => void;
  readonly #timers: Pick<TimerSource, "setTimer" | "clearTimer">;
  readonly #leases = new Map<string, Lease>();
  readonly #toSay = new Set<Lease>();
  readonly #lingering = new Set<Lease>();
  readonly #listeners = new Set<(gate: string) => void>();
  #share = (_limit: number): number => 0;
  #linger: unknown;
  #isHeld = false;
  #isScheduled = false;

  /** @param send never throws */
  constructor(send: (messages: readonly ToHub[]) => void, timers: Pick<TimerSource, "setTimer" | "clearTimer">) {
    this.#send = send;
    this.#timers = timers;
  }

  /** This is the worker of that number among so many, and begins with these slots. */
  begin({ worker, workers }: { readonly worker: number; readonly workers: number }, slots: readonly SlotsHeld[]): void {
    this.#share = (limit) => fairShare(limit, workers, worker);
    for (const { gate, limit, count } of slots) {
      Object.assign(this.#lease(gate, limit), { granted: count, first: undefined });
    }
  }

  granted(gate: string, limit: number): number {
    const lease = this.#leaseBy(gate, limit);
    // What is owed may be used only by the request that it was granted for.
    return lease.inUse < lease.granted ? lease.granted : lease.granted - lease.owed;
  }

  want(gate: string, limit: number, count: number): void {
    const lease = this.#leaseBy(gate, limit);
    lease.wanted = count;
    if (count !== lease.saidWanted) this.#say(lease);
    this.#giveBack(lease, false);
  }

  inUse(gate: string, count: number): void {
    const lease = this.#leases.get(gate);
    if (!lease) return;
    const left = Math.max(0, lease.inUse - count);
    lease.inUse = count;
    // Whoever waits here has had its turn: what is owed goes back first.
    const owed = Math.min(left, lease.owed, Math.max(0, lease.granted - count));
    if (owed > 0) this.#take(lease, owed, 0);
    this.#giveBack(lease, false);
  }

  onGranted(listener: (gate: string) => void): void {
    this.#listeners.add(listener);
  }

  hear(message: FromHub & { readonly kind: "grant" | "ask" }): void {
    const lease = this.#lease(message.gate, message.limit);
    if (message.kind === "ask") {
      lease.owed = Math.min(lease.owed + message.owed, lease.granted);
      lease.unused = message.unused;
      return this.#giveBack(lease, false);
    }
    lease.granted += message.count;
    lease.served += message.served;
    lease.saidWanted = Math.max(0, lease.saidWanted - message.served);
    // A fair share is filled up only if nobody waits any more.
    if (message.served === 0) lease.unused = 0;
    callEach(this.#listeners, (listener) => listener(message.gate));
    if (lease.wanted !== lease.saidWanted) this.#say(lease);
    // Who wanted it may have gone.
    this.#giveBack(lease, false);
  }

  /** Says nothing until it is false: the hub has not heard yet what was said. */
  hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
    this.#schedule();
  }

  /** Takes out what there is to say. */
  take(): readonly ToHub[] {
    const messages = [...this.#toSay].flatMap(messagesOf);
    this.#toSay.clear();
    return messages;
  }

  close(): void {
    this.#timers.clearTimer(this.#linger);
  }

  #lease(gate: string, limit: number): Lease {
    const known = this.#leases.get(gate);
    if (known) return known;
    const state = { inUse: 0, wanted: 0, saidWanted: 0, served: 0, owed: 0, unused: 0, returned: 0 };
    const lease = { gate, limit, first: limit, isLimitSaid: true, granted: this.#share(limit), ...state };
    if (this.#leases.size < MAX_GATES) this.#leases.set(gate, lease);
    return lease;
  }

  /** With the limit as it is known here, which the hub is told. */
  #leaseBy(gate: string, limit: number): Lease {
    const lease = this.#lease(gate, limit);
    if (lease.limit === limit && lease.first === undefined) return lease;
    Object.assign(lease, { limit, isLimitSaid: false });
    this.#say(lease);
    return lease;
  }

  #giveBack(lease: Lease, isForced: boolean): void {
    const spare = Math.max(0, lease.granted - lease.inUse);
    if (spare === 0 || lease.owed + lease.unused === 0) return;
    if (lease.wanted > 0 && !isForced) {
      this.#lingering.add(lease);
      this.#linger ??= this.#timers.setTimer(() => this.#endLinger(), LINGER_MS);
      return;
    }
    const owed = Math.min(spare, lease.owed);
    this.#take(lease, owed, Math.min(spare - owed, lease.unused));
  }

  #endLinger(): void {
    this.#linger = undefined;
    const all = [...this.#lingering];
    this.#lingering.clear();
    for (const lease of all) this.#giveBack(lease, true);
  }

  #take(lease: Lease, owed: number, unused: number): void {
    if (owed + unused === 0) return;
    lease.granted -= owed + unused;
    lease.returned += owed + unused;
    lease.owed = Math.min(lease.owed - owed, lease.granted);
    lease.unused -= unused;
    this.#say(lease);
  }

  #say(lease: Lease): void {
    if (!this.#leases.has(lease.gate)) return;
    this.#toSay.add(lease);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isHeld || this.#isScheduled || this.#toSay.size === 0) return;
    this.#isScheduled = true;
    queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    this.#isScheduled = false;
    if (!this.#isHeld && this.#toSay.size > 0) this.#send(this.take());
  }
}

/** What a worker has to say of a lease; from then on it is said. */
function messagesOf(lease: Lease): ToHub[] {
  const { gate, limit, first, returned, wanted, served } = lease;
  const messages: ToHub[] = [];
  if (!lease.isLimitSaid) {
    messages.push({ kind: "limit", gate, limit, ...(first !== undefined && { first }) });
    Object.assign(lease, { isLimitSaid: true, first: undefined });
  }
  if (returned > 0) messages.push({ kind: "return", gate, count: returned });
  if (wanted !== lease.saidWanted) messages.push({ kind: "want", gate, count: wanted, served });
  Object.assign(lease, { returned: 0, saidWanted: wanted });
  return messages;
}
