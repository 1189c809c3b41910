import type { TimerSource } from "../../core/deadlines.ts";
import type { SharedChange, Sharing } from "../sharing/sharing.ts";
import type { Gate } from "./gate.ts";
import { minuteOf } from "../sharing/minute-window.ts";
import { createMinuteUsage, rollTo } from "./minute-usage.ts";

/** The others are told at once of what passed here, and then at most this often. */
const TELL_EVERY_MS = 100;

export interface SharedUsageParts {
  readonly gates: ReadonlyMap<string, Gate>;
  readonly sharing: Sharing;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly timers: Pick<TimerSource, "setTimer" | "clearTimer">;
  /** Another process used less than was thought. */
  readonly onRoom: (gate: Gate) => void;
}

export interface SharedUsage {
  /** What passed here in this minute has changed. */
  changed(gate: Gate): void;
  /** What passed here in the minute before has changed. */
  changedBefore(gate: Gate): void;
  close(): void;
}

/** Tells other processes what passed at the gates, whole minutes at a time, and adds what they say. */
export function shareUsage({ gates, sharing, clock, timers, onRoom }: SharedUsageParts): SharedUsage {
  const { isAlone = false } = sharing;
  const untold = new Set<Gate>();
  let timer: unknown;

  const changed = (gate: Gate): void => {
    if (isAlone || gate.isUntold) return;
    gate.isUntold = true;
    untold.add(gate);
    if (timer !== undefined) return;
    timer = timers.setTimer(tellRest, TELL_EVERY_MS);
    // With all that is counted in the same turn.
    queueMicrotask(tellAll);
  };

  const tellRest = (): void => {
    timer = undefined;
    if (untold.size === 0) return;
    timer = timers.setTimer(tellRest, TELL_EVERY_MS);
    tellAll();
  };

  const tellAll = (): void => {
    const minute = minuteOf(clock());
    for (const gate of untold) {
      const { key, own } = gate;
      rollTo(own, minute);
      gate.isUntold = false;
      // What came at the end of the minute before is told with the first of this one.
      if (gate.isUntoldBefore || gate.toldMinute !== minute) {
        const before = { minute: minute - 1, requests: own.requestsBefore, tokens: own.tokensBefore };
        if (own.requestsBefore > 0) sharing.tell({ kind: "used", gate: key, ...before });
      }
      if (own.requests > 0) {
        sharing.tell({ kind: "used", gate: key, minute, requests: own.requests, tokens: own.tokens });
      }
      gate.isUntoldBefore = false;
      gate.toldMinute = minute;
    }
    untold.clear();
  };

  const hear = (change: SharedChange, from: string): void => {
    if (change.kind !== "used") return;
    const gate = gates.get(change.gate);
    if (gate && add(gate, from, change, minuteOf(clock())) && gate.waiting > 0) onRoom(gate);
  };

  const unlisten = sharing.listen(hear);

  return {
    changed,
    changedBefore(gate) {
      gate.isUntoldBefore = true;
      changed(gate);
    },
    close() {
      unlisten();
      if (timer !== undefined) timers.clearTimer(timer);
    },
  };
}

/**
 * Takes what a process says of a minute in place of what it said before; what is said of any but the last two is lost.
 * @returns true if that is less than before
 */
function add(gate: Gate, from: string, said: Extract<SharedChange, { kind: "used" }>, now: number): boolean {
  const { others, usedBy } = gate;
  rollTo(others, now);
  const isNow = said.minute === now;
  if (!isNow && said.minute !== now - 1) return false;
  let used = usedBy.get(from);
  if (!used) {
    // Processes come and go: those that said nothing for two minutes are forgotten.
    for (const [name, { minute }] of usedBy) if (minute < now - 1) usedBy.delete(name);
    used = createMinuteUsage(now);
    usedBy.set(from, used);
  }
  rollTo(used, now);
  if (isNow) {
    const isLess = said.requests < used.requests || said.tokens < used.tokens;
    others.requests += said.requests - used.requests;
    others.tokens += said.tokens - used.tokens;
    used.requests = said.requests;
    used.tokens = said.tokens;
    return isLess;
  }
  const isLess = said.requests < used.requestsBefore || said.tokens < used.tokensBefore;
  others.requestsBefore += said.requests - used.requestsBefore;
  others.tokensBefore += said.tokens - used.tokensBefore;
  used.requestsBefore = said.requests;
  used.tokensBefore = said.tokens;
  return isLess;
}
