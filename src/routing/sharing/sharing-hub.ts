import type { TimerSource } from "../../core/deadlines.ts";
import type { FromHub, ToHub } from "./channel.ts";
import { createPresentChanges } from "./present-changes.ts";
import { SlotHub } from "./slot-hub.ts";

/** What the process that holds the workers together does for their routing: it passes on what they say, and leases slots. */
export interface SharingHub {
  /** A worker can be told things from now on; its first message goes to it at once. */
  join(worker: number, send: (messages: readonly FromHub[]) => void): void;
  /** A worker has said this; nothing is heard of one that has not joined. */
  hear(worker: number, messages: readonly ToHub[]): void;
  /** It has ended. */
  leave(worker: number): void;
  close(): void;
}

export interface SharingHubParts {
  readonly workers: number;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly timers: Pick<TimerSource, "setTimer" | "clearTimer">;
  /** Name of this gateway among all that share, such as a UUID. */
  readonly gateway: string;
}

export function createSharingHub({ workers, clock, timers, gateway }: SharingHubParts): SharingHub {
  const members = new Map<number, (messages: readonly FromHub[]) => void>();
  const present = createPresentChanges(clock);
  /** What is to be sent when what was heard has been dealt with: one message to each. */
  const outgoing = new Map<number, FromHub[]>();

  const send = (worker: number, message: FromHub): void => {
    const messages = outgoing.get(worker);
    if (messages) messages.push(message);
    else outgoing.set(worker, [message]);
  };
  const flush = (): void => {
    const all = [...outgoing];
    outgoing.clear();
    for (const [worker, messages] of all) members.get(worker)?.(messages);
  };
  const slots = new SlotHub({
    workers,
    send,
    timers: {
      ...timers,
      setTimer: (callback, delayMs) =>
        timers.setTimer(() => {
          callback();
          flush();
        }, delayMs),
    },
  });

  return {
    join(worker, sendTo) {
      members.set(worker, sendTo);
      const known = { changes: present.all(), slots: slots.join(worker) };
      send(worker, { kind: "hello", gateway, worker, workers, ...known });
      flush();
    },
    hear(worker, messages) {
      if (!members.has(worker)) return;
      for (const message of messages) {
        if (message.kind !== "changes") {
          slots.hear(worker, message);
          continue;
        }
        present.note(message);
        for (const other of members.keys()) if (other !== worker) send(other, message);
      }
      flush();
    },
    leave(worker) {
      if (!members.delete(worker)) return;
      slots.leave(worker);
      outgoing.delete(worker);
      flush();
    },
    close: () => slots.close(),
  };
}
