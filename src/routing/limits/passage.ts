import type { SlotLeases } from "../sharing/sharing.ts";
import type { Gate, GateChain } from "./gate.ts";
import type { LeasedMinutes } from "./leased-minutes.ts";
import { minuteOf } from "../sharing/minute-window.ts";
import { rollTo } from "./minute-usage.ts";
import type { SharedUsage } from "./shared-usage.ts";

/** Counts what passes gates. Whether it may is asked before, see `room.ts`. */
export interface Passage {
  /** @returns the minute it counts in; below 0 if that is none */
  enter(chain: GateChain, tokens: number): number;
  /**
   * It is over.
   * @param minute that in which it entered
   * @param tokens by how many it used more than was estimated
   */
  leave(chain: GateChain, minute: number, tokens: number): void;
  /** Says how many slots of a gate are in use, if they are leased. */
  tellInUse(gate: Gate): void;
}

export interface PassageParts {
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly slots: SlotLeases | undefined;
  readonly shared: SharedUsage;
  /** Undefined if this process has the whole of every minute. */
  readonly leased: LeasedMinutes | undefined;
  /** Something has left a gate. */
  readonly onLeft: (gate: Gate) => void;
  /** Somebody waits at gates that have got room. */
  readonly onRoom: (chain: GateChain) => void;
}

export function createPassage({ clock, slots, shared, leased, onLeft, onRoom }: PassageParts): Passage {
  const tellInUse = ({ key, inFlight, maxInFlight }: Gate): void => {
    if (maxInFlight !== Number.POSITIVE_INFINITY) slots?.inUse(key, inFlight);
  };

  const correct = (gate: Gate, minute: number, tokens: number): void => {
    const { own } = gate;
    rollTo(own, minuteOf(clock()));
    if (own.minute === minute) {
      own.tokens = Math.max(0, own.tokens + tokens);
      shared.changed(gate);
      leased?.corrected(gate);
    } else if (own.minute === minute + 1) {
      own.tokensBefore = Math.max(0, own.tokensBefore + tokens);
      shared.changedBefore(gate);
      leased?.correctedBefore(gate);
    }
  };

  return {
    tellInUse,
    enter(chain, tokens) {
      let minute = -1;
      for (const gate of chain) {
        gate.inFlight += 1;
        if (slots) tellInUse(gate);
        if (!gate.isRated) continue;
        // It was moved on to the present minute when room was looked for.
        minute = gate.own.minute;
        gate.own.requests += 1;
        gate.own.tokens += tokens;
        shared.changed(gate);
        leased?.passed(gate);
      }
      return minute;
    },
    leave(chain, minute, tokens) {
      let waiting = 0;
      for (const gate of chain) {
        gate.inFlight -= 1;
        waiting += gate.waiting;
        if (slots) tellInUse(gate);
        if (tokens !== 0 && minute >= 0 && gate.isRated) correct(gate, minute, tokens);
        onLeft(gate);
      }
      if (waiting > 0) onRoom(chain);
    },
  };
}
