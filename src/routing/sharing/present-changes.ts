import type { ChangesFrom } from "./channel.ts";
import { minuteOf } from "./minute-window.ts";
import type { SharedChange } from "./sharing.ts";

/** What was said and is still so: cooldowns that go on, and what was used in this minute and the one before. */
export interface PresentChanges {
  note(said: ChangesFrom): void;
  all(): readonly ChangesFrom[];
}

/** Of each kind, so that memory is bounded whatever is said. */
const MAX_ENTRIES = 10_000;
/** What is over is looked for so often, in milliseconds: each time all entries are gone through. */
const PRUNE_EVERY_MS = 5000;

type Cooling = SharedChange & { readonly kind: "cooling" };
type Used = SharedChange & { readonly kind: "used" };

/** @param clock milliseconds since the epoch */
export function createPresentChanges(clock: () => number): PresentChanges {
  const cooling = new Map<string, Said<Cooling>>();
  const used = new Map<string, Said<Used>>();
  let pruneAt = 0;

  const prune = (now: number): void => {
    pruneAt = now + PRUNE_EVERY_MS;
    const minute = minuteOf(now);
    for (const [key, { change }] of cooling) if (change.until <= now) cooling.delete(key);
    for (const [key, { change }] of used) if (change.minute < minute - 1) used.delete(key);
  };

  const put = <Entry>(entries: Map<string, Entry>, key: string, entry: Entry): void => {
    if (entries.size < MAX_ENTRIES || entries.has(key)) entries.set(key, entry);
  };

  return {
    note({ from, changes }) {
      const now = clock();
      if (now >= pruneAt) prune(now);
      for (const change of changes) {
        if (change.kind === "cooling") put(cooling, change.key, { from, change });
        else if (change.kind === "recovered") cooling.delete(change.key);
        else put(used, `${change.minute} ${from} ${change.gate}`, { from, change });
      }
    },
    all() {
      prune(clock());
      return bySpeaker([...cooling.values(), ...used.values()]);
    },
  };
}

/** A change, and who said so. */
export interface Said<Change extends SharedChange = SharedChange> {
  readonly from: string;
  readonly change: Change;
}

/** What each has said, in the order in which it was. */
export function bySpeaker(all: readonly Said[]): readonly ChangesFrom[] {
  const speakers = new Map<string, SharedChange[]>();
  for (const { from, change } of all) {
    const changes = speakers.get(from);
    if (changes) changes.push(change);
    else speakers.set(from, [change]);
  }
  return [...speakers].map(([from, changes]) => ({ from, changes }));
}
