import type { Gate, Line, Waiter, WaitingQueue } from "./gate.ts";
import type { Room } from "./room.ts";

/** So many of a line are looked at for one that takes the room; the others are when there is room again. */
const MAX_LOOKED_AT = 8;

/** Asks those who wait whether they take the room that there is. All of these return true if one has taken it. */
export interface Asking {
  /** Who is asked at the moment. */
  now(): Waiter | undefined;
  ask(waiter: Waiter): boolean;
  /** The first ones in the line of a gate, until room is kept there for one of them. */
  askLine(line: Line, gate: Gate): boolean;
  /** The first ones of a queue that wait for one of these deployments. */
  askQueue(queue: WaitingQueue, deployments: ReadonlySet<string>): boolean;
  /** A gate has got room while one is asked: it is told of once that is over. */
  keep(gate: Gate): void;
}

export function createAsking(room: Room, onRoom: (gate: Gate) => void): Asking {
  let asked: Waiter | undefined;
  let kept: Gate[] = [];

  const ask = (waiter: Waiter): boolean => {
    for (const { gate } of waiter.places) if (gate.heldFor === waiter) gate.heldFor = undefined;
    asked = waiter;
    let isUsed = false;
    try {
      isUsed = waiter.tryAgain();
    } catch (reason) {
      waiter.leaving = { reason };
    }
    asked = undefined;
    if (isUsed) waiter.settle(undefined);
    else if (waiter.leaving) waiter.settle(waiter.leaving);
    // One that did not use its turn has freed no more than it took, and is not asked again for that.
    if (waiter.isOver) for (const gate of kept) onRoom(gate);
    kept = [];
    return isUsed;
  };

  const isAskable = (waiter: Waiter): boolean => !waiter.isOver && room.isOpenFor(waiter);

  return {
    now: () => asked,
    ask,
    askLine(line, gate) {
      for (const { waiter } of line.places.members(MAX_LOOKED_AT)) {
        if (!isAskable(waiter)) continue;
        if (ask(waiter)) return true;
        if (gate.heldFor) return false;
      }
      return false;
    },
    askQueue: ({ waiters }, keys) =>
      waiters
        .members(MAX_LOOKED_AT)
        .some((waiter) => waiter.deployments.some((key) => keys.has(key)) && isAskable(waiter) && ask(waiter)),
    keep: (gate) => void kept.push(gate),
  };
}
