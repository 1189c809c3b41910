import { minuteOf } from "../sharing/minute-window.ts";
import { createGate, type Gate, type GateRule } from "./gate.ts";
import { createMinuteLease } from "./minute-lease.ts";
import type { MinuteUsage } from "./minute-usage.ts";

/** What has passed at so many gates that are gone is remembered. */
const MAX_REMEMBERED = 10_000;

export interface KnownGatesParts {
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Minutes are shared with other processes. */
  readonly isLeased: boolean;
  readonly onForgotten: (gate: Gate) => void;
}

/** The gates of configurations in use, and those that are still waited for or in use. */
export interface KnownGates {
  readonly all: ReadonlyMap<string, Gate>;
  /** Changes whenever gates may have been forgotten. */
  generation(): number;
  /** The gate with this key; made by the rule if it is not known. */
  of(key: string, rule: GateRule): Gate;
  /** The configuration in use has these gates, and no others. */
  retain(rules: ReadonlyMap<string, GateRule>): void;
  /** Forgets a gate if nobody has it, is in it, or waits for it. */
  forgetIdle(gate: Gate): void;
}

export function createKnownGates({ clock, isLeased, onForgotten }: KnownGatesParts): KnownGates {
  const gates = new Map<string, Gate>();
  /** Of gates that are gone, from the one that went first: a limit that comes back within a minute counts what had passed. */
  const passed = new Map<string, MinuteUsage>();
  /** Of the configuration in use. */
  let retained: ReadonlyMap<string, GateRule> | undefined;
  let generation = 0;

  const remember = ({ key, own }: Gate): void => {
    const minute = minuteOf(clock());
    for (const [old, usage] of passed) {
      if (usage.minute >= minute - 1 && passed.size < MAX_REMEMBERED) break;
      passed.delete(old);
    }
    if (own.minute >= minute - 1 && own.requests + own.requestsBefore > 0) passed.set(key, own);
  };

  const create = (key: string, rule: GateRule): Gate => {
    const gate = createGate(key, rule, minuteOf(clock()), isLeased ? createMinuteLease() : undefined);
    const before = passed.get(key);
    if (before) Object.assign(gate.own, before);
    passed.delete(key);
    gates.set(key, gate);
    return gate;
  };

  const forgetIdle = (gate: Gate): void => {
    if (gate.isRetained || gate.inFlight > 0 || gate.waiting > 0) return;
    gates.delete(gate.key);
    remember(gate);
    onForgotten(gate);
    generation += 1;
  };

  return {
    all: gates,
    generation: () => generation,
    of(key, rule) {
      const gate = gates.get(key) ?? create(key, rule);
      gate.isRetained = retained?.has(key) ?? true;
      return gate;
    },
    retain(rules) {
      retained = rules;
      generation += 1;
      for (const gate of [...gates.values()]) {
        gate.isRetained = rules.has(gate.key);
        forgetIdle(gate);
      }
    },
    forgetIdle,
  };
}
