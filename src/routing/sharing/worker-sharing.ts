import type { TimerSource } from "../../core/deadlines.ts";
import type { ChangesFrom, FromHub, SharingChannel, ToHub } from "./channel.ts";
import { createOutbox } from "./outbox.ts";
import type { MinuteLeases } from "./minutes.ts";
import type { SharedChange, SlotLeases } from "./sharing.ts";
import { createWorkerMinutes } from "./worker-minutes.ts";
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
  readonly minutes: MinuteLeases;
  close(): void;
}

export function openWorkerSharing({ channel, self, timers, deliver, onHello }: WorkerSharingParts): WorkerSharing {
  let hasBegun = false;
  /** What was said has not been heard yet. */
  let isTelling = false;
  /** With all else that there is to say. */
  const send = (messages: readonly ToHub[]): void => {
    const changes = outbox.take(MAX_CHANGES);
    const all: readonly ToHub[] =
      changes.length > 0 ? [...messages, { kind: "changes", from: self, changes }] : messages;
    isTelling = all.length > 0;
    slots.hold(isTelling);
    if (isTelling) channel.send(all);
  };
  const slots = new WorkerSlots(send, timers);
  const minutes = createWorkerMinutes(channel.send);
  // Nothing is heard of a worker before it was greeted.
  slots.hold(true);

  const flush = (): void => {
    if (hasBegun && !isTelling) send(slots.take());
  };
  const outbox = createOutbox(flush, timers);

  const hear = (message: FromHub): void => {
    if (message.kind === "changes") return deliver(message);
    if (message.kind === "heard") {
      isTelling = false;
      return flush();
    }
    if (message.kind === "held" || message.kind === "give" || message.kind === "freed") return minutes.hear(message);
    if (message.kind !== "hello") return slots.hear(message);
    slots.begin(message, message.slots);
    minutes.begin(message.workers);
    hasBegun = true;
    message.changes.forEach(deliver);
    onHello(message.gateway);
    flush();
  };
  channel.listen((messages) => {
    messages.forEach(hear);
    if (messages.some(({ kind }) => kind === "changes")) channel.send([{ kind: "heard" }]);
  });

  return {
    tell: outbox.put,
    slots,
    minutes: minutes.leases,
    close() {
      outbox.close();
      slots.close();
    },
  };
}
