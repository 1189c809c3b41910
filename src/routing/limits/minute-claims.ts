import type { TimerSource } from "../../core/deadlines.ts";
import type { MinuteAnswer, MinuteLeases } from "../sharing/minutes.ts";
import type { Gate } from "./gate.ts";
import { claimOf, hasSpare } from "./minute-claim.ts";

export interface MinuteClaimsParts {
  readonly minutes: MinuteLeases;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Count only the time in which an answer could have been heard. */
  readonly timers: Pick<TimerSource, "setTimer" | "clearTimer">;
  /** Puts aside what a gate counts of minutes that are over. */
  readonly roll: (gate: Gate) => void;
  /** Claims were made, and none was answered for too long. */
  readonly onSilence: () => void;
}

/** Makes claims, one at a time for each gate. */
export interface MinuteClaims {
  /** Asks for more, with all that need it by the end of this turn; not while an earlier claim is not answered. */
  askSoon(gate: Gate): void;
  /** In place of an earlier claim, if that is not answered. @param asks for more; else it is said only what is held */
  claim(gate: Gate, asks: boolean): void;
  /** @returns the gate on which that claim was made; undefined if it is not the last one there */
  settle(answer: Pick<MinuteAnswer, "gate" | "sequence">): Gate | undefined;
  /** No claim will be answered. */
  forget(): void;
}

export function createMinuteClaims({ minutes, clock, timers, roll, onSilence }: MinuteClaimsParts): MinuteClaims {
  const toAsk = new Set<Gate>();
  /** By their keys: answers come also for gates that no configuration has any more. */
  const asked = new Map<string, Gate>();
  let sequence = 0;
  let patience: unknown;

  const claim = (gate: Gate, asks: boolean): void => {
    const { lease } = gate;
    if (!lease) return;
    roll(gate);
    lease.asked = sequence += 1;
    lease.hasSaidSpare = hasSpare(gate, lease);
    asked.set(gate.key, gate);
    patience ??= timers.setTimer(losePatience, minutes.patienceMs);
    minutes.claim({ ...claimOf(gate, lease, clock()), sequence, asks });
  };

  const askAll = (): void => {
    const all = [...toAsk];
    toAsk.clear();
    for (const gate of all) if (gate.lease?.asked === 0) claim(gate, true);
  };

  const losePatience = (): void => {
    patience = undefined;
    onSilence();
  };

  const endPatience = (): void => {
    timers.clearTimer(patience);
    patience = undefined;
  };

  return {
    askSoon(gate) {
      if (gate.lease?.asked !== 0) return;
      if (toAsk.size === 0) queueMicrotask(askAll);
      toAsk.add(gate);
    },
    claim,
    settle({ gate: key, sequence: answered }) {
      const gate = asked.get(key);
      if (gate?.lease?.asked !== answered) return undefined;
      gate.lease.asked = 0;
      asked.delete(key);
      endPatience();
      // Whoever has answered this one will answer the others.
      if (asked.size > 0) patience = timers.setTimer(losePatience, minutes.patienceMs);
      return gate;
    },
    forget() {
      for (const { lease } of asked.values()) if (lease) lease.asked = 0;
      asked.clear();
      toAsk.clear();
      endPatience();
    },
  };
}
