import { createLinkedList } from "../../core/linked-list.ts";
import type { Gate, Place, Waiter } from "./gate.ts";
import type { Turns } from "./turns.ts";

/** The lines at all gates: a waiter is in those of all gates of its deployments, because room may come at any of them. */
export interface Lines {
  /** Joins the lines; if there is room for it, it is asked before this returns. */
  enter(waiter: Waiter): void;
  leave(waiter: Waiter): void;
  /** The other gates of deployments of the first ones of each line at this one. */
  elsewhere(gate: Gate, atMost: number): readonly Gate[];
}

export interface LineParts {
  readonly turns: Turns;
  /** What is missing at a gate has changed, see `watch-gates.ts`. */
  readonly watch: (gate: Gate) => void;
  /** Somebody has left the line of a gate. */
  readonly onLeft: (gate: Gate) => void;
}

export function createLines({ turns, watch, onLeft }: LineParts): Lines {
  return {
    enter(waiter) {
      const { queue, chains, places } = waiter;
      const gates = [...new Set(chains.flat())];
      for (const gate of gates) {
        let line = gate.lines.get(queue);
        if (!line) gate.lines.set(queue, (line = { queue, places: createLinkedList<Place>() }));
        const place: Place = { waiter, gate, line, previous: undefined, next: undefined };
        line.places.append(place);
        places.push(place);
        gate.waiting += 1;
      }
      turns.offer(gates.filter(({ heldFor }) => !heldFor));
      for (const gate of gates) watch(gate);
    },
    elsewhere(gate, atMost) {
      const others = new Set<Gate>();
      for (const { places } of gate.lines.values()) {
        for (const { waiter } of places.members(atMost)) for (const place of waiter.places) others.add(place.gate);
      }
      others.delete(gate);
      return [...others];
    },
    leave(waiter) {
      const kept: Gate[] = [];
      for (const place of waiter.places) {
        const { gate, line } = place;
        line.places.remove(place);
        if (line.places.size() === 0) gate.lines.delete(waiter.queue);
        gate.waiting -= 1;
        if (gate.heldFor === waiter) {
          gate.heldFor = undefined;
          kept.push(gate);
        }
        watch(gate);
        onLeft(gate);
      }
      // Those behind it may go where room was kept for it.
      turns.offer(kept);
    },
  };
}
