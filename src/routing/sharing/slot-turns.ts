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

/** Who waits for slots of a gate, first come first served, one slot each time; and who is to give some. */
export class SlotTurns {
  /** In the order of their turns; each wants at least one. */
  readonly #waiting: Holder[] = [];
  #hasAsked = false;

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
    for (let left = slots; left > 0; left -= 1) {
      const holder = this.#waiting.shift();
      if (!holder) break;
      served.set(holder, (served.get(holder) ?? 0) + 1);
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
    if (wanted === 0 && !this.#hasAsked) return;
    this.#hasAsked = wanted > 0;
    for (const holder of holders) {
      const count = Math.min(wanted - holder.wanted, holder.granted);
      // Not with each request that begins to wait: what was asked for comes back first, or is in use.
      if (count === 0 ? holder.unused > 0 : holder.unused === 0 || count >= 2 * holder.unused) {
        demandOf(holder).unused = count;
      }
    }
  }

  /** Slots in use are asked for if there are too many, or if who waits has none, or two fewer than who has the most. */
  #demandOwed(limit: number, holders: readonly Holder[], demandOf: (holder: Holder) => Demand): void {
    const owing = holders.reduce((sum, { owed }) => sum + owed, 0);
    const excess = Math.max(0, -slotsLeft(limit, holders));
    /** How many each has or will be given, if all goes as it was asked for. */
    const levels = new Map(holders.map((holder) => [holder, holder.granted - holder.owed]));
    const kept = new Map(levels);
    const most = (): Holder | undefined =>
      holders.reduce<Holder | undefined>(
        (best, holder) => (best && (kept.get(best) ?? 0) >= (kept.get(holder) ?? 0) ? best : holder),
        undefined,
      );
    const owe = (holder: Holder): void => {
      demandOf(holder).owed += 1;
      kept.set(holder, (kept.get(holder) ?? 0) - 1);
      levels.set(holder, (levels.get(holder) ?? 0) - 1);
    };
    for (let count = owing; count < excess; count += 1) {
      const holder = most();
      if (holder) owe(holder);
    }
    let promised = Math.max(0, owing - excess);
    const line = this.#waiting.map((holder) => ({ holder, left: holder.wanted }));
    for (let next = line.shift(); next; next = line.shift()) {
      const { holder, left } = next;
      const level = levels.get(holder) ?? 0;
      if (promised > 0) {
        promised -= 1;
      } else {
        const giver = most();
        const has = giver ? (kept.get(giver) ?? 0) : 0;
        if (!giver || giver === holder || !(has >= level + 2 || (level <= 0 && has >= 1))) continue;
        owe(giver);
      }
      levels.set(holder, level + 1);
      if (left > 1) line.push({ holder, left: left - 1 });
    }
  }
}
