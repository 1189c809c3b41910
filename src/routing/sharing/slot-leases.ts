import type { TimerSource } from "../../core/deadlines.ts";
import { type FromHub, fairShare, type SlotsHeld, type ToHub } from "./channel.ts";
import type { SlotLeases } from "./sharing.ts";

/** A slot that others want is kept unused for so long, in milliseconds, by requests that wait for something else, too. */
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
  served: number;
  owed: number;
  unused: number;
  /** To be said. */
  returned: number;
}

export interface WorkerSlots extends SlotLeases {
  /** This is the worker of that number among so many, and begins with these slots. */
  begin(place: { readonly worker: number; readonly workers: number }, slots: readonly SlotsHeld[]): void;
  hear(message: FromHub & { readonly kind: "grant" | "ask" }): void;
  close(): void;
}

/** A worker's end of the slots that the hub leases: what it has is used without a word, and given back when others want it. */
export function createWorkerSlots(
  send: (messages: readonly ToHub[]) => void,
  { setTimer, clearTimer }: Pick<TimerSource, "setTimer" | "clearTimer">,
): WorkerSlots {
  const leases = new Map<string, Lease>();
  const toSay = new Set<Lease>();
  const lingering = new Set<Lease>();
  const listeners = new Set<(gate: string) => void>();
  let share = (_limit: number): number => 0;
  let linger: unknown;

  const say = (lease: Lease): void => {
    if (toSay.size === 0) queueMicrotask(flush);
    toSay.add(lease);
  };

  const flush = (): void => {
    const messages = [...toSay].flatMap(messagesOf);
    toSay.clear();
    if (messages.length > 0) send(messages);
  };

  const leaseOf = (gate: string, limit: number): Lease => {
    const known = leases.get(gate);
    if (known) return known;
    const state = { inUse: 0, wanted: 0, saidWanted: 0, served: 0, owed: 0, unused: 0, returned: 0 };
    const lease = { gate, limit, first: limit, isLimitSaid: true, granted: share(limit), ...state };
    if (leases.size < MAX_GATES) leases.set(gate, lease);
    return lease;
  };

  /** As its owner here knows the limit, which the hub is told. */
  const withLimit = (gate: string, limit: number): Lease => {
    const lease = leaseOf(gate, limit);
    if (lease.limit === limit && lease.first === undefined) return lease;
    Object.assign(lease, { limit, isLimitSaid: false });
    if (leases.has(gate)) say(lease);
    return lease;
  };

  const giveBack = (lease: Lease, isForced: boolean): void => {
    const spare = Math.max(0, lease.granted - lease.inUse);
    if (spare === 0 || lease.owed + lease.unused === 0) return;
    if (lease.wanted > 0 && !isForced) {
      lingering.add(lease);
      linger ??= setTimer(endLinger, LINGER_MS);
      return;
    }
    const owed = Math.min(spare, lease.owed);
    const unused = Math.min(spare - owed, lease.unused);
    take(lease, owed, unused);
  };

  const take = (lease: Lease, owed: number, unused: number): void => {
    lease.granted -= owed + unused;
    lease.returned += owed + unused;
    lease.owed = Math.min(lease.owed - owed, lease.granted);
    lease.unused -= unused;
    if (owed + unused > 0) say(lease);
  };

  const endLinger = (): void => {
    linger = undefined;
    const all = [...lingering];
    lingering.clear();
    for (const lease of all) giveBack(lease, true);
  };

  return {
    begin({ worker, workers }, slots) {
      share = (limit) => fairShare(limit, workers, worker);
      for (const { gate, limit, count } of slots) {
        Object.assign(leaseOf(gate, limit), { granted: count, first: undefined, isLimitSaid: true });
      }
    },
    granted(gate, limit) {
      const lease = withLimit(gate, limit);
      // What is owed may be used only by the request that it was granted for.
      return lease.inUse < lease.granted ? lease.granted : lease.granted - lease.owed;
    },
    want(gate, limit, count) {
      const lease = withLimit(gate, limit);
      lease.wanted = count;
      if (count !== lease.saidWanted && leases.has(gate)) say(lease);
      giveBack(lease, false);
    },
    inUse(gate, count) {
      const lease = leases.get(gate);
      if (!lease) return;
      const left = Math.max(0, lease.inUse - count);
      lease.inUse = count;
      // Whoever waits here has had its turn: what is owed goes back first.
      const owed = Math.min(left, lease.owed, Math.max(0, lease.granted - count));
      if (owed > 0) take(lease, owed, 0);
      giveBack(lease, false);
    },
    onGranted: (listener) => void listeners.add(listener),
    hear(message) {
      const lease = leaseOf(message.gate, message.limit);
      if (message.kind === "ask") {
        lease.owed = Math.min(lease.owed + message.owed, lease.granted);
        lease.unused = message.unused;
        return giveBack(lease, false);
      }
      lease.granted += message.count;
      lease.served += message.served;
      lease.saidWanted = Math.max(0, lease.saidWanted - message.served);
      for (const listener of listeners) listener(message.gate);
      if (lease.wanted !== lease.saidWanted) say(lease);
    },
    close: () => clearTimer(linger),
  };
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
