import type { FromHub, ToHub } from "./channel.ts";
import type { MinuteClaim, MinuteLeases, MinuteListener } from "./minutes.ts";

/** The supervising process answers within a millisecond, unless it is stopped, or the machine is very busy. */
const WAITS = { waitMs: 1000, patienceMs: 995 } as const;

/** A worker's end of the minutes that the hub keeps. */
export interface WorkerMinutes {
  readonly leases: MinuteLeases;
  /** The hub has greeted the worker, and hears it from now on. */
  begin(workers: number): void;
  hear(message: FromHub & { readonly kind: "held" | "give" | "freed" }): void;
}

/** @param send never throws */
export function createWorkerMinutes(send: (messages: readonly ToHub[]) => void): WorkerMinutes {
  let listener: MinuteListener | undefined;
  let workers = 0;
  let isScheduled = false;
  /** The last one on each gate. */
  const claims = new Map<string, MinuteClaim>();

  const flush = (): void => {
    isScheduled = false;
    const messages = [...claims.values()].map((claim) => ({ kind: "claim", ...claim }) as const);
    claims.clear();
    if (messages.length > 0) send(messages);
  };
  const schedule = (): void => {
    if (workers === 0 || isScheduled) return;
    isScheduled = true;
    queueMicrotask(flush);
  };

  return {
    leases: {
      ...WAITS,
      processes: () => Math.max(1, workers),
      claim(claim) {
        claims.set(claim.gate, claim);
        schedule();
      },
      listen: (given) => void (listener = given),
    },
    begin(count) {
      workers = count;
      schedule();
    },
    hear(message) {
      if (message.kind === "held") listener?.answered(message);
      else if (message.kind === "give") listener?.wanted(message.gate);
      else listener?.freed(message.gate);
    },
  };
}
