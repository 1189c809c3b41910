import { createLinkedList } from "../../core/linked-list.ts";
import type { QueueKind, Waiter, WaitingQueue } from "./gate.ts";

/** The queues in which somebody waits, by the names of their models. */
export interface Queues {
  find(model: string, kind: QueueKind): WaitingQueue | undefined;
  open(model: string, kind: QueueKind): WaitingQueue;
  /** Forgets a queue in which nobody waits any more. */
  close(queue: WaitingQueue): void;
  all(): WaitingQueue[];
}

export function createQueues(): Queues {
  const kept: Readonly<Record<QueueKind, Map<string, WaitingQueue>>> = {
    queue: new Map(),
    slot: new Map(),
    minute: new Map(),
  };

  return {
    find: (model, kind) => kept[kind].get(model),
    open(model, kind) {
      const queue = { model, kind, waiters: createLinkedList<Waiter>(), deadline: undefined };
      kept[kind].set(model, queue);
      return queue;
    },
    close({ model, kind }) {
      kept[kind].delete(model);
    },
    all: () => Object.values(kept).flatMap((queues) => [...queues.values()]),
  };
}
