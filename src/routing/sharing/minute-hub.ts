import type { TimerSource } from "../../core/deadlines.ts";
import type { FromHub } from "./channel.ts";
import { decide, decideAlone, isUnspent } from "./minute-ledger.ts";
import { minuteOf } from "./minute-window.ts";
import type { MinuteClaim } from "./minutes.ts";
import type { SharedChange } from "./sharing.ts";
import {
  endWorker,
  isBelow,
  mostOf,
  rollTo,
  setBefore,
  type Share,
  shareOf,
  sumsOf,
  type WorkerMinute,
} from "./worker-shares.ts";

/** Of more gates than this each worker has its fair share. */
const MAX_GATES = 10_000;
/** So long one who needs more waits for those who hold what they have not used, in milliseconds. */
const RECALL_MS = 100;

export interface MinuteHubParts {
  readonly workers: number;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly timers: Pick<TimerSource, "setTimer" | "clearTimer">;
  readonly send: (worker: number, message: FromHub) => void;
}

interface Pending {
  claim: MinuteClaim;
  timer: unknown;
}

interface Gate extends WorkerMinute {
  readonly name: string;
  /** Those who need what others have not used, in the order in which they asked. */
  readonly pending: Map<number, Pending>;
  /** Those who were told that there is not enough. */
  readonly refused: Set<number>;
}

/** Keeps, for the workers of a gateway, what each may use of the minutes of gates. */
export class MinuteHub {
  readonly #parts: MinuteHubParts;
  readonly #gates = new Map<string, Gate>();

  constructor(parts: MinuteHubParts) {
    this.#parts = parts;
  }

  claim(worker: number, claim: MinuteClaim): void {
    const gate = this.#gateOf(claim);
    if (!gate) return this.#send(worker, decideAlone(claim, this.#parts.workers));
    const { minute, before, used, held } = claim;
    if (minute < gate.minute) {
      // It has ended for all others: nothing of it is granted any more.
      if (minute === gate.minute - 1) setBefore(gate, worker, used);
      return this.#send(worker, { ...decide({ ...claim, asks: false }, sumsOf(gate, undefined, 1)) });
    }
    const hasFaded = setBefore(gate, worker, before);
    let share = shareOf(gate, worker);
    const last = share?.held;
    if (!share) gate.shares.push((share = { worker, used, held, toldAt: 0, isAsked: false }));
    Object.assign(share, { used, held, toldAt: this.#parts.clock(), isAsked: false });
    const isLess = hasFaded || (last !== undefined && isBelow(held, last));
    const pending = gate.pending.get(worker);
    if (pending && claim.asks) pending.claim = claim;
    else {
      this.#endPending(gate, worker);
      if (!this.#answer(gate, share, claim)) this.#wait(gate, worker, claim);
    }
    this.#settle(gate, isLess);
  }

  /** A worker has told everybody what it has used. */
  told(worker: number, { gate: name, minute, requests, tokens }: SharedChange & { readonly kind: "used" }): void {
    const gate = this.#gates.get(name);
    const share = gate?.minute === minute && shareOf(gate, worker);
    if (!share) return;
    share.used = { requests: Math.max(share.used.requests, requests), tokens: Math.ceil(tokens) };
    share.held = mostOf(share.held, share.used);
    share.toldAt = this.#parts.clock();
  }

  /** It has ended: what it has not used is free. */
  leave(worker: number): void {
    for (const gate of this.#gates.values()) {
      this.#endPending(gate, worker);
      gate.refused.delete(worker);
      endWorker(gate, worker, this.#parts.clock());
      this.#settle(gate, true);
    }
  }

  close(): void {
    for (const gate of this.#gates.values())
      for (const worker of [...gate.pending.keys()]) this.#endPending(gate, worker);
  }

  #gateOf({ gate: name, minute }: MinuteClaim): Gate | undefined {
    let gate = this.#gates.get(name);
    if (!gate) {
      if (this.#gates.size >= MAX_GATES) this.#prune();
      if (this.#gates.size >= MAX_GATES) return undefined;
      gate = { name, minute, shares: [], before: [], pending: new Map(), refused: new Set() };
      this.#gates.set(name, gate);
    }
    // A clock that was set back takes nothing away.
    if (gate.minute > minuteOf(this.#parts.clock())) gate.minute = minute;
    if (minute > gate.minute) rollTo(gate, minute);
    return gate;
  }

  #prune(): void {
    const now = minuteOf(this.#parts.clock());
    for (const [name, { minute, pending }] of this.#gates) {
      if (minute < now - 1 && pending.size === 0) this.#gates.delete(name);
    }
  }

  /** @returns false if others hold what is missing, and have been asked for it */
  #answer(gate: Gate, share: Share, claim: MinuteClaim): boolean {
    if (share.worker === undefined) return true;
    const answer = decide(claim, sumsOf(gate, share, this.#parts.workers));
    const isShort = answer.requestsWaitMs > 0 || answer.tokensWaitMs > 0;
    if (isShort && this.#recall(gate, share)) return false;
    if (isShort) gate.refused.add(share.worker);
    share.held = answer.held;
    this.#send(share.worker, answer);
    return true;
  }

  /** Asks the others for what they have not used, but for those who need more and came before. */
  #recall(gate: Gate, asking: Share): boolean {
    let isAsked = false;
    const first = [...gate.pending.keys()];
    for (const share of gate.shares) {
      if (share === asking || share.worker === undefined) continue;
      const place = first.indexOf(share.worker);
      const own = first.indexOf(asking.worker ?? -1);
      if (place >= 0 && (own < 0 || place < own)) continue;
      if (!share.isAsked && isUnspent(share)) {
        share.isAsked = true;
        this.#parts.send(share.worker, { kind: "give", gate: gate.name });
      }
      isAsked ||= share.isAsked;
    }
    return isAsked;
  }

  #wait(gate: Gate, worker: number, claim: MinuteClaim): void {
    const timer = this.#parts.timers.setTimer(() => {
      // Who has not said yet what it has not used will not be waited for again.
      for (const share of gate.shares) if (share.isAsked) Object.assign(share, { isAsked: false, used: share.held });
      this.#settle(gate, false);
    }, RECALL_MS);
    gate.pending.set(worker, { claim, timer });
  }

  #endPending(gate: Gate, worker: number): void {
    const pending = gate.pending.get(worker);
    if (!pending) return;
    this.#parts.timers.clearTimer(pending.timer);
    gate.pending.delete(worker);
  }

  /** Answers those who wait for others, as far as these have spoken. */
  #settle(gate: Gate, isLess: boolean): void {
    for (const [worker, { claim }] of [...gate.pending]) {
      const share = claim.minute === gate.minute ? shareOf(gate, worker) : undefined;
      if (!share) this.#send(worker, decide({ ...claim, asks: false }, sumsOf(gate, undefined, 1)));
      if (!share || this.#answer(gate, share, claim)) this.#endPending(gate, worker);
    }
    if (!isLess) return;
    for (const worker of gate.refused) this.#parts.send(worker, { kind: "freed", gate: gate.name });
    gate.refused.clear();
  }

  #send(worker: number, answer: ReturnType<typeof decide>): void {
    this.#parts.send(worker, { kind: "held", ...answer });
  }
}
