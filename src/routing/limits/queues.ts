import { createLinkedList } from "../../core/linked-list.ts";
import type { Waiter, WaitingQueue } from "./gate.ts";

/** The queues in which somebody waits, by the names of their models. */
export interface Queues {
  /** @param isBrief those who wait for a moment only, for a model without a queue */
  find(model: string, isBrief: boolean): WaitingQueue | undefined;
  open(model: string, isBrief: boolean): WaitingQueue;
  /** Forgets a queue in which nobody waits any more. */
  close(queue: WaitingQueue): void;
  all(): WaitingQueue[];
}

export function createQueues(): Queues {
  const queues = new Map<string, WaitingQueue>();
  const briefOnes = new Map<string, WaitingQueue>();
  const kept = (isBrief: boolean): Map<string, WaitingQueue> => (isBrief ? briefOnes : queues);

  return {
    find: (model, isBrief) => kept(isBrief).get(model),
    open(model, isBrief) {
      const queue = { model, isBrief, waiters: createLinkedList<Waiter>(), deadline: undefined };
      kept(isBrief).set(model, queue);
      return queue;
    },
    close({ model, isBrief }) {
      kept(isBrief).delete(model);
    },
    all: () => [...queues.values(), ...briefOnes.values()],
  };
}
