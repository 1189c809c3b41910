/** A worker at a gate, as the hub knows it. */
export interface Holder {
  readonly worker: number;
  /** By which limit its first share was reckoned. */
  first: number;
  granted: number;
  wanted: number;
  /** How many it was granted because it wanted them. */
  served: number;
  /** How many it was asked for that come back when a request ends, and how many as soon as they are not used. */
  owed: number;
  unused: number;
}

/** What is asked of a holder: so many more owed, and so many unused in all. */
export interface Demand {
  owed: number;
  unused: number;
}

/** How many slots nobody has; below 0 if the limit has become lower. */
export function slotsLeft(limit: number, holders: Iterable<Holder>): number {
  let left = limit;
  for (const { granted } of holders) left -= granted;
  return left;
}

/**
 * Who waits for slots of a gate, and who is to give some. A slot goes to who has the fewest of those who wait; of several
 * first come first served, one slot each time.
 */
export class SlotTurns {
  /** In the order of their turns; each wants at least one. */
  readonly #waiting: Holder[] = [];

  isWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** It wants so many now; none takes it out of the line. */
  want(holder: Holder, count: number): void {
    const isIn = holder.wanted > 0;
    holder.wanted = Math.max(0, count);
    if (!isIn && holder.wanted > 0) this.#waiting.push(holder);
    if (isIn && holder.wanted === 0) this.#waiting.splice(this.#waiting.indexOf(holder), 1);
  }

  /** Takes turns for so many slots. @returns how many each gets */
  serve(slots: number): ReadonlyMap<Holder, number> {
    const served = new Map<Holder, number>();
    for (let left = slots; left > 0 && this.#waiting.length > 0; left -= 1) {
      const holder = fewest(this.#waiting, (each) => each.granted + (served.get(each) ?? 0));
      if (!holder) break;
      served.set(holder, (served.get(holder) ?? 0) + 1);
      this.#waiting.splice(this.#waiting.indexOf(holder), 1);
      holder.wanted -= 1;
      if (holder.wanted > 0) this.#waiting.push(holder);
    }
    return served;
  }

  /** @returns what holders are to be asked for beyond what they were */
  demand(limit: number, holders: ReadonlyMap<number, Holder>): ReadonlyMap<Holder, Demand> {
    const demands = new Map<Holder, Demand>();
    const demandOf = (holder: Holder): Demand => {
      const demand = demands.get(holder) ?? { owed: 0, unused: holder.unused };
      demands.set(holder, demand);
      return demand;
    };
    this.#demandUnused(holders.values(), demandOf);
    this.#demandOwed(limit, [...holders.values()], demandOf);
    return demands;
  }

  #demandUnused(holders: Iterable<Holder>, demandOf: (holder: Holder) => Demand): void {
    const wanted = this.#waiting.reduce((sum, holder) => sum + holder.wanted, 0);
    for (const holder of holders) {
      const count = Math.min(wanted - holder.wanted, holder.granted);
      // Not with each request that begins to wait or ends to: what was asked for comes back first, or is in use.
      if (count > 0 && (holder.unused === 0 || count >= 2 * holder.unused)) demandOf(holder).unused = count;
    }
  }

  /** Slots in use are asked for if there are too many, or if who waits has none, or two fewer than who has the most. */
  #demandOwed(limit: number, holders: readonly Holder[], demandOf: (holder: Holder) => Demand): void {
    const owing = holders.reduce((sum, { owed }) => sum + owed, 0);
    const excess = Math.max(0, -slotsLeft(limit, holders));
    /** How many each has or will be given, if all goes as it was asked for. */
    const levels = new Map(holders.map((holder) => [holder, holder.granted - holder.owed]));
    const kept = new Map(levels);
    const levelOf = (holder: Holder): number => levels.get(holder) ?? 0;
    const keptBy = (holder: Holder): number => kept.get(holder) ?? 0;
    const owe = (holder: Holder): void => {
      demandOf(holder).owed += 1;
      kept.set(holder, keptBy(holder) - 1);
      levels.set(holder, levelOf(holder) - 1);
    };
    for (let count = owing; count < excess; count += 1) {
      const holder = fewest(holders, (each) => -keptBy(each));
      if (holder) owe(holder);
    }
    let promised = Math.max(0, owing - excess);
    const left = new Map(this.#waiting.map((holder) => [holder, holder.wanted]));
    for (let next = fewest(left.keys(), levelOf); next; next = fewest(left.keys(), levelOf)) {
      const level = levelOf(next);
      if (promised === 0) {
        const giver = fewest(holders, (each) => -keptBy(each));
        const has = giver ? keptBy(giver) : 0;
        if (!giver || !(has >= level + 2 || (level <= 0 && has >= 1))) return;
        owe(giver);
      }
      promised = Math.max(0, promised - 1);
      levels.set(next, level + 1);
      const wanted = (left.get(next) ?? 0) - 1;
      left.delete(next);
      if (wanted > 0) left.set(next, wanted);
    }
  }
}

/** @returns the first of those of whom there are as few as of no other */
function fewest(holders: Iterable<Holder>, count: (holder: Holder) => number): Holder | undefined {
  let best: Holder | undefined;
  for (const holder of holders) if (!best || count(holder) < count(best)) best = holder;
  return best;
}
