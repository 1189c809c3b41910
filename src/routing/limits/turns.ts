import { createAsking } from "./asking.ts";
import type { Gate, Waiter, WaitingQueue } from "./gate.ts";
import type { Room } from "./room.ts";

export interface TurnParts {
  readonly room: Room;
  /** What is missing at a gate has changed, see `watch-gates.ts`. */
  readonly watch: (gate: Gate) => void;
  /** All queues in which somebody waits. */
  readonly queues: () => Iterable<WaitingQueue>;
}

/** Gives room to those who wait for it: one is asked for each free slot, the queues at a gate in turn. */
export interface Turns {
  /** Who is asked at the moment. */
  asking(): Waiter | undefined;
  /** Asks one that waits, whoever is before it. */
  ask(waiter: Waiter): void;
  /** There may be room at gates, of which the widest are offered first: several models share them. */
  offer(gates: readonly Gate[]): void;
  /** Deployments, by their keys, take requests again. */
  wake(deployments: readonly string[]): void;
}

export function createTurns({ room, watch, queues }: TurnParts): Turns {
  const offered = new Set<Gate>();
  const recovered = new Set<string>();
  const asking = createAsking(room, (gate) => void offered.add(gate));
  let isGiving = false;

  const give = (gate: Gate): void => {
    if (gate.heldFor && room.isOpen(gate)) asking.ask(gate.heldFor);
    let inVain = 0;
    while (!gate.heldFor && inVain < gate.lines.size && room.isOpen(gate)) {
      const [line] = gate.lines.values();
      if (!line) break;
      inVain = asking.askLine(line, gate) ? 0 : inVain + 1;
      // It is the next queue's turn now.
      if (gate.lines.delete(line.queue) && line.places.size() > 0) gate.lines.set(line.queue, line);
    }
    watch(gate);
  };

  const giveAll = (): void => {
    if (isGiving || asking.now()) return;
    isGiving = true;
    while (offered.size > 0 || recovered.size > 0) {
      for (const gate of offered) {
        offered.delete(gate);
        if (gate.waiting > 0) give(gate);
      }
      const keys = new Set(recovered);
      recovered.clear();
      if (keys.size > 0) for (const queue of queues()) while (asking.askQueue(queue, keys));
    }
    isGiving = false;
  };

  return {
    asking: asking.now,
    ask(waiter) {
      if (isGiving || asking.now()) return;
      asking.ask(waiter);
      giveAll();
    },
    offer(gates) {
      for (let index = gates.length - 1; index >= 0; index--) {
        const gate = gates[index];
        if (!gate || gate.waiting === 0) continue;
        if (asking.now()) asking.keep(gate);
        else offered.add(gate);
      }
      if (offered.size > 0) giveAll();
    },
    wake(deployments) {
      for (const key of deployments) recovered.add(key);
      giveAll();
    },
  };
}
