import type { Deadlines } from "../../core/deadlines.ts";
import type { SlotLeases } from "../sharing/sharing.ts";
import type { Gate } from "./gate.ts";
import type { Room } from "./room.ts";

export interface WatchParts {
  readonly room: Room;
  readonly slots: SlotLeases | undefined;
  readonly deadlines: Deadlines;
  /** Milliseconds of the monotonic clock. */
  readonly now: () => number;
  /** The minute of a gate may have room again. */
  readonly onRoom: (gate: Gate) => void;
}

/**
 * Looks after the gates at which somebody waits, if no request that ends brings what they need.
 * @returns what is called whenever somebody has come, left or asked in vain there
 */
export function watchGates({ room, slots, deadlines, now, onRoom }: WatchParts): (gate: Gate) => void {
  /** Asks for the slots that are missing. */
  const watchSlots = (gate: Gate): void => {
    if (!slots || gate.maxInFlight === Number.POSITIVE_INFINITY) return;
    const wanted = gate.inFlight >= room.capacity(gate) ? gate.waiting : 0;
    if (wanted === gate.wanted) return;
    gate.wanted = wanted;
    slots.want(gate.key, gate.maxInFlight, wanted);
  };

  /** Waits until the minute has room. */
  const watchMinute = (gate: Gate): void => {
    const wait = gate.waiting > 0 ? room.msUntilSome(gate, gate.heldFor ? gate.heldTokens : 1) : 0;
    if (wait > 0) {
      gate.deadline ??= deadlines.open(now() + wait, () => {
        gate.deadline = undefined;
        onRoom(gate);
      });
      deadlines.move(gate.deadline, now() + wait);
    } else if (gate.deadline) {
      deadlines.release(gate.deadline);
      gate.deadline = undefined;
    }
  };

  return (gate) => {
    watchSlots(gate);
    if (gate.isRated || gate.deadline) watchMinute(gate);
  };
}
