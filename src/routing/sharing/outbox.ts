import type { TimerSource } from "../../core/deadlines.ts";
import type { SharedChange } from "./sharing.ts";

/** Totals are told so often at most, in milliseconds, the first one and everything else at once. */
const TOTALS_EVERY_MS = 50;
/** What is said about more than this, while nobody can be told, is lost. */
const MAX_ENTRIES = 10_000;

/** What is to be told, the last word about each thing only. */
export interface Outbox {
  put(change: SharedChange): void;
  /** Takes out what was put in first, at most so many. */
  take(most: number): readonly SharedChange[];
  /** Puts back what could not be told, unless there is a later word. */
  putBack(changes: readonly SharedChange[]): void;
  close(): void;
}

type Used = SharedChange & { readonly kind: "used" };

/** The last total of a minute is told although the next one has begun; of minutes before that nobody wants to know. */
const slotOf = ({ gate, minute }: Used): string => `${minute % 2} ${gate}`;

/** @param onDue called when something is to be told; who cannot tell it leaves it in */
export function createOutbox(onDue: () => void, timers: Pick<TimerSource, "setTimer" | "clearTimer">): Outbox {
  const states = new Map<string, SharedChange>();
  const totals = new Map<string, Used>();
  let timer: unknown;
  let isDue = false;

  const beDue = (): void => {
    if (isDue) return;
    isDue = true;
    queueMicrotask(() => {
      isDue = false;
      onDue();
    });
  };
  const onTimer = (): void => {
    timer = undefined;
    if (totals.size === 0) return;
    timer = timers.setTimer(onTimer, TOTALS_EVERY_MS);
    onDue();
  };
  const set = <Entry>(entries: Map<string, Entry>, key: string, entry: Entry): void => {
    if (entries.size < MAX_ENTRIES || entries.has(key)) entries.set(key, entry);
  };
  const takeFrom = (entries: Map<string, SharedChange>, taken: SharedChange[], most: number): void => {
    for (const [key, change] of entries) {
      if (taken.length >= most) return;
      entries.delete(key);
      taken.push(change);
    }
  };

  return {
    put(change) {
      if (change.kind !== "used") {
        set(states, change.key, change);
        return beDue();
      }
      set(totals, slotOf(change), change);
      if (timer !== undefined) return;
      timer = timers.setTimer(onTimer, TOTALS_EVERY_MS);
      beDue();
    },
    take(most) {
      const taken: SharedChange[] = [];
      takeFrom(states, taken, most);
      takeFrom(totals, taken, most);
      return taken;
    },
    putBack(changes) {
      for (const change of changes) {
        if (change.kind !== "used") {
          if (!states.has(change.key)) set(states, change.key, change);
        } else if ((totals.get(slotOf(change))?.minute ?? -1) < change.minute) {
          set(totals, slotOf(change), change);
        }
      }
    },
    close: () => timers.clearTimer(timer),
  };
}
