import type { TimerSource } from "../../core/deadlines.ts";
import type { Gate } from "./gate.ts";
import { hasSpare, usedOf } from "./minute-claim.ts";

/** What was not used for so long to twice as long is given back, in milliseconds. */
const GIVE_BACK_MS = 1000;

export interface SpareMinutesParts {
  readonly timers: Pick<TimerSource, "setTimer" | "clearTimer">;
  /** Puts aside what a gate counts of minutes that are over. */
  readonly roll: (gate: Gate) => void;
  readonly giveBack: (gate: Gate) => void;
  /** It is to be said what is used and what is held. */
  readonly tell: (gate: Gate) => void;
}

/** Looks after what gates have of a minute and do not use, so that others need not ask for it. */
export interface SpareMinutes {
  watch(gate: Gate): void;
  forget(gate: Gate): void;
  close(): void;
}

export function createSpareMinutes({ timers, roll, giveBack, tell }: SpareMinutesParts): SpareMinutes {
  const spare = new Set<Gate>();
  let timer: unknown;
  let isClosed = false;

  const look = (gate: Gate): void => {
    const { lease } = gate;
    if (!lease || lease.asked > 0) return;
    const { minute } = lease;
    roll(gate);
    const { requests, tokens } = usedOf(gate);
    const isIdle = lease.seen?.requests === requests && lease.seen.tokens === tokens;
    lease.seen = { requests, tokens };
    // What is left of a minute that is over is of no use, but others are to know that it was not used.
    if (isIdle || minute !== lease.minute) giveBack(gate);
    else if (hasSpare(gate, lease)) tell(gate);
    else spare.delete(gate);
  };

  const lookAtAll = (): void => {
    timer = undefined;
    for (const gate of [...spare]) look(gate);
    if (spare.size > 0) timer = timers.setTimer(lookAtAll, GIVE_BACK_MS);
  };

  return {
    watch(gate) {
      if (isClosed || !gate.lease || !hasSpare(gate, gate.lease)) return;
      spare.add(gate);
      timer ??= timers.setTimer(lookAtAll, GIVE_BACK_MS);
    },
    forget: (gate) => void spare.delete(gate),
    close() {
      isClosed = true;
      timers.clearTimer(timer);
    },
  };
}
