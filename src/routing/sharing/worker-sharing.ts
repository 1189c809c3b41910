import type { TimerSource } from "../../core/deadlines.ts";
import type { ChangesFrom, FromHub, SharingChannel } from "./channel.ts";
import { createOutbox } from "./outbox.ts";
import type { SharedChange, SlotLeases } from "./sharing.ts";
import { WorkerSlots } from "./slot-leases.ts";

/** Changes in one message. */
const MAX_CHANGES = 1000;

export interface WorkerSharingParts {
  readonly channel: SharingChannel;
  /** The name of this process. */
  readonly self: string;
  readonly timers: Pick<TimerSource, "setTimer" | "clearTimer">;
  readonly deliver: (said: ChangesFrom) => void;
  /** Called once, with the name that the workers of this gateway have in common. */
  readonly onHello: (gateway: string) => void;
}

/** A worker's end of the channel to the process that holds the workers together. */
export interface WorkerSharing {
  tell(change: SharedChange): void;
  readonly slots: SlotLeases;
  close(): void;
}

export function openWorkerSharing({ channel, self, timers, deliver, onHello }: WorkerSharingParts): WorkerSharing {
  let hasBegun = false;
  const slots = new WorkerSlots((messages) => channel.send(messages), timers);

  const flush = (): void => {
    // Nothing is heard of a worker before it was greeted.
    if (!hasBegun) return;
    for (let changes = outbox.take(MAX_CHANGES); changes.length > 0; changes = outbox.take(MAX_CHANGES)) {
      channel.send([{ kind: "changes", from: self, changes }]);
    }
  };
  const outbox = createOutbox(flush, timers);

  const hear = (message: FromHub): void => {
    if (message.kind === "changes") return deliver(message);
    if (message.kind !== "hello") return slots.hear(message);
    slots.begin(message, message.slots);
    hasBegun = true;
    message.changes.forEach(deliver);
    onHello(message.gateway);
    flush();
  };
  channel.listen((messages) => messages.forEach(hear));

  return {
    tell: outbox.put,
    slots,
    close() {
      outbox.close();
      slots.close();
    },
  };
}
