import type { TimerSource } from "../../core/deadlines.ts";
import type { ChangesFrom, FromHub, ToHub } from "./channel.ts";
import { MinuteHub } from "./minute-hub.ts";
import { bySpeaker, createPresentChanges, type Said } from "./present-changes.ts";
import { SlotHub } from "./slot-hub.ts";

/**
 * What the process that holds the workers together does for their routing: it passes on what they say, and leases slots
 * and minutes.
 */
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

/** Changes that a worker has still to be told, if it does not listen for long; more are lost. */
const MAX_UNTOLD = 10_000;

/** A worker that can be told things. */
interface Member {
  readonly send: (messages: readonly FromHub[]) => void;
  /** What is to be sent when what was heard has been dealt with. */
  readonly outgoing: FromHub[];
  /** The last word about each thing, of those that it has still to be told. */
  readonly untold: Map<string, Said>;
  /** It has not heard yet what it was told. */
  isTold: boolean;
}

export function createSharingHub({ workers, clock, timers, gateway }: SharingHubParts): SharingHub {
  const members = new Map<number, Member>();
  const present = createPresentChanges(clock);

  const flush = (): void => {
    for (const { send, outgoing } of members.values()) {
      if (outgoing.length > 0) send(outgoing.splice(0));
    }
  };
  const tell = (member: Member): void => {
    if (member.isTold || member.untold.size === 0) return;
    member.isTold = true;
    const said = bySpeaker([...member.untold.values()]);
    member.untold.clear();
    member.outgoing.push(...said.map((each) => ({ kind: "changes", ...each }) as const));
  };
  const passOn = (worker: number, { from, changes }: ChangesFrom): void => {
    for (const [other, member] of members) {
      if (other === worker) continue;
      for (const change of changes) {
        const about = change.kind === "used" ? `${change.minute % 2} ${from} ${change.gate}` : change.key;
        if (member.untold.size < MAX_UNTOLD || member.untold.has(about)) member.untold.set(about, { from, change });
      }
      tell(member);
    }
  };
  const leased = {
    workers,
    send: (worker: number, message: FromHub) => void members.get(worker)?.outgoing.push(message),
    timers: {
      ...timers,
      setTimer: (callback: () => void, delayMs: number) =>
        timers.setTimer(() => {
          callback();
          flush();
        }, delayMs),
    },
  };
  const slots = new SlotHub(leased);
  const minutes = new MinuteHub({ ...leased, clock });

  const hearOne = (worker: number, member: Member, message: ToHub): void => {
    if (message.kind === "heard") {
      member.isTold = false;
      return tell(member);
    }
    if (message.kind === "claim") return minutes.claim(worker, message);
    if (message.kind !== "changes") return slots.hear(worker, message);
    for (const change of message.changes) if (change.kind === "used") minutes.told(worker, change);
    present.note(message);
    passOn(worker, message);
  };

  return {
    join(worker, send) {
      const known = { changes: present.all(), slots: slots.join(worker) };
      members.set(worker, { send, outgoing: [], untold: new Map(), isTold: false });
      send([{ kind: "hello", gateway, worker, workers, ...known }]);
      flush();
    },
    hear(worker, messages) {
      const member = members.get(worker);
      if (!member) return;
      for (const message of messages) hearOne(worker, member, message);
      // A claim has an answer of its own.
      if (messages.some(({ kind }) => kind !== "heard" && kind !== "claim")) member.outgoing.push({ kind: "heard" });
      flush();
    },
    leave(worker) {
      if (!members.delete(worker)) return;
      slots.leave(worker);
      minutes.leave(worker);
      flush();
    },
    close() {
      slots.close();
      minutes.close();
    },
  };
}
