import type { Deadlines } from "../../core/deadlines.ts";
import type { SlotLeases } from "../sharing/sharing.ts";
import type { Gate, Line, Waiter, WaitingQueue } from "./gate.ts";
import type { Room } from "./room.ts";

/** So many of a line are looked at for one that takes the room; the others are when there is room again. */
const MAX_LOOKED_AT = 8;

export interface TurnParts {
  readonly room: Room;
  readonly slots: SlotLeases | undefined;
  readonly deadlines: Deadlines;
  /** Milliseconds of the monotonic clock. */
  readonly now: () => number;
  /** All queues in which somebody waits. */
  readonly queues: () => Iterable<WaitingQueue>;
}

/** Gives room to those who wait for it: one is asked for each free slot, the queues at a gate in turn. */
export interface Turns {
  /** Who is asked at the moment. */
  asking(): Waiter | undefined;
  /** There may be room at gates, of which the widest are offered first: several models share them. */
  offer(gates: readonly Gate[]): void;
  /** Deployments, by their keys, take requests again. */
  wake(deployments: readonly string[]): void;
  /** Sees to it that a gate is offered when its minute has room again, and that slots are asked for. */
  watch(gate: Gate): void;
}

export function createTurns({ room, slots, deadlines, now, queues }: TurnParts): Turns {
  const offered = new Set<Gate>();
  const recovered = new Set<string>();
  /** What became free while one was asked. */
  let freed: Gate[] = [];
  let asking: Waiter | undefined;
  let isGiving = false;

  /** @returns true if the turn was used */
  const ask = (waiter: Waiter): boolean => {
    for (const { gate } of waiter.places) if (gate.heldFor === waiter) gate.heldFor = undefined;
    asking = waiter;
    let isUsed = false;
    try {
      isUsed = waiter.tryAgain();
    } catch (reason) {
      waiter.leaving = { reason };
    }
    asking = undefined;
    if (isUsed) waiter.settle(undefined);
    else if (waiter.leaving) waiter.settle(waiter.leaving);
    // One that did not use its turn has freed no more than it took, and is not asked again for that.
    if (waiter.isOver) for (const gate of freed) offered.add(gate);
    freed = [];
    return isUsed;
  };

  const askLine = (waiters: readonly Waiter[], gate: Gate | undefined): boolean => {
    for (const waiter of waiters) {
      if (waiter.isOver || !room.isOpenFor(waiter)) continue;
      if (ask(waiter)) return true;
      if (gate?.heldFor) return false;
    }
    return false;
  };

  const waitersOf = ({ places }: Line): Waiter[] => places.members(MAX_LOOKED_AT).map(({ waiter }) => waiter);

  const give = (gate: Gate): void => {
    if (gate.heldFor && room.isOpen(gate)) ask(gate.heldFor);
    let inVain = 0;
    while (!gate.heldFor && inVain < gate.lines.size && room.isOpen(gate)) {
      const [line] = gate.lines.values();
      if (!line) break;
      inVain = askLine(waitersOf(line), gate) ? 0 : inVain + 1;
      // It is the next queue's turn now.
      if (gate.lines.delete(line.queue) && line.places.size() > 0) gate.lines.set(line.queue, line);
    }
    watch(gate);
  };

  const wakeAll = (keys: ReadonlySet<string>): void => {
    for (const queue of [...queues()]) {
      const first = (): Waiter[] =>
        queue.waiters.members(MAX_LOOKED_AT).filter(({ deployments }) => deployments.some((key) => keys.has(key)));
      while (askLine(first(), undefined));
    }
  };

  const giveAll = (): void => {
    if (isGiving || asking) return;
    isGiving = true;
    while (offered.size > 0 || recovered.size > 0) {
      for (const gate of offered) {
        offered.delete(gate);
        if (gate.waiting > 0) give(gate);
      }
      const keys = new Set(recovered);
      recovered.clear();
      if (keys.size > 0) wakeAll(keys);
    }
    isGiving = false;
  };

  const watch = (gate: Gate): void => {
    if (slots && gate.maxInFlight !== Number.POSITIVE_INFINITY) {
      const wanted = gate.inFlight >= room.capacity(gate) ? gate.waiting : 0;
      if (wanted !== gate.wanted) slots.want(gate.key, gate.maxInFlight, (gate.wanted = wanted));
    }
    if (!gate.isRated && !gate.deadline) return;
    const wait = gate.waiting > 0 ? room.msUntil(gate, gate.heldFor ? gate.heldTokens : 1) : 0;
    if (wait > 0) {
      gate.deadline ??= deadlines.open(now() + wait, () => {
        gate.deadline = undefined;
        offer([gate]);
      });
      deadlines.move(gate.deadline, now() + wait);
    } else if (gate.deadline) {
      deadlines.release(gate.deadline);
      gate.deadline = undefined;
    }
  };

  const offer = (gates: readonly Gate[]): void => {
    for (let index = gates.length - 1; index >= 0; index--) {
      const gate = gates[index];
      if (!gate || gate.waiting === 0) continue;
      if (asking) freed.push(gate);
      else offered.add(gate);
    }
    if (offered.size > 0) giveAll();
  };

  return {
    asking: () => asking,
    offer,
    watch,
    wake(deployments) {
      for (const key of deployments) recovered.add(key);
      giveAll();
    },
  };
}
