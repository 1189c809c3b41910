import type { TimerSource } from "../../core/deadlines.ts";
import type { MinuteAnswer, MinuteLeases } from "../sharing/minutes.ts";
import type { Gate } from "./gate.ts";
import { usedOf } from "./minute-claim.ts";
import type { FairShares } from "./fair-shares.ts";
import { createMinuteClaims, type MinuteClaims } from "./minute-claims.ts";
import { createSpareMinutes, type SpareMinutes } from "./spare-minutes.ts";

export interface LeasedMinutesParts {
  readonly minutes: MinuteLeases;
  readonly shares: FairShares;
  readonly gates: ReadonlyMap<string, Gate>;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly timers: Pick<TimerSource, "setTimer" | "clearTimer">;
  /** Timers that count only the time in which an answer could have been heard. */
  readonly stallTolerant: Pick<TimerSource, "setTimer" | "clearTimer">;
  /** Puts aside what a gate counts of minutes that are over. */
  readonly roll: (gate: Gate) => void;
  /** A gate may have room, or it is known now that it has none: those who wait there are to be asked. */
  readonly onAnswer: (gate: Gate) => void;
}

/** More is asked for when one part in so many of what was there is left. */
const LOW_PARTS = 4;

/** After so long it is asked again whether there is room, in milliseconds, although the minute was said to have none for longer. */
const ASK_AGAIN_MS = 1000;

/** Claims, for the gates of this process, what passes there in minutes that are shared with other processes. */
export class LeasedMinutes {
  readonly #parts: LeasedMinutesParts;
  readonly #claims: MinuteClaims;
  readonly #spare: SpareMinutes;

  constructor(parts: LeasedMinutesParts) {
    this.#parts = parts;
    const { minutes, clock, timers, stallTolerant, roll } = parts;
    const onSilence = (): void => this.#setAlone(true);
    this.#claims = createMinuteClaims({ minutes, clock, timers: stallTolerant, roll, onSilence });
    const tell = (gate: Gate): void => this.#claims.claim(gate, false);
    this.#spare = createSpareMinutes({ timers, roll, tell, giveBack: (gate) => this.#giveBack(gate) });
    minutes.listen({
      answered: (answer) => this.#answered(answer),
      wanted: (name) => this.#wanted(name),
      freed: (name) => this.#freed(name),
      away: (isAway) => this.#setAlone(isAway),
    });
  }

  /** A request of so many tokens needs more than there is. */
  ask(gate: Gate, tokens: number): void {
    const { lease } = gate;
    if (!lease || this.#isAlone()) return;
    if (!lease.isNeeded) {
      lease.isNeeded = true;
      lease.neededTokens = Math.ceil(Math.min(tokens, gate.tokensPerMinute));
    }
    this.#claims.askSoon(gate);
  }

  /** Something has passed: asks for more before there is none left. */
  passed(gate: Gate): void {
    const { lease, own } = gate;
    if (!lease) return;
    const isLow = lease.lowRequests > 0 && own.requests + lease.lowRequests > lease.requests;
    if (!isLow && !(lease.lowTokens > 0 && own.tokens + lease.lowTokens > lease.tokens)) return;
    lease.lowRequests = 0;
    lease.lowTokens = 0;
    if (!this.#isAlone()) this.#claims.askSoon(gate);
  }

  /** What has passed in this minute was more, or less, than was thought. */
  corrected(gate: Gate): void {
    const { lease, own } = gate;
    if (!lease || this.#isAlone()) return;
    // What is missing is made good before anybody gets more.
    if (own.tokens > lease.tokens) this.#claims.askSoon(gate);
    else this.#spare.watch(gate);
  }

  /** As {@link corrected}, of the minute before. */
  correctedBefore(gate: Gate): void {
    if (!this.#isAlone()) this.#claims.askSoon(gate);
  }

  /** The limits of the gate are others now. */
  changed(gate: Gate): void {
    if (!gate.lease || gate.lease.minute < 0) return;
    this.#parts.shares.changed(gate);
    this.#giveBack(gate);
  }

  /** No configuration has the gate any more, and nobody is in it. */
  forgotten(gate: Gate): void {
    if (!gate.lease || gate.lease.minute < 0) return;
    gate.lease.isNeeded = false;
    this.#giveBack(gate);
  }

  close(): void {
    this.#claims.forget();
    this.#spare.close();
  }

  #isAlone(): boolean {
    return this.#parts.shares.isAlone();
  }

  #answered(answer: MinuteAnswer): void {
    // A late answer says that somebody is there again.
    if (this.#isAlone()) return this.#setAlone(false);
    const { roll, onAnswer } = this.#parts;
    const gate = this.#claims.settle(answer);
    if (!gate?.lease) return;
    const { lease, own } = gate;
    roll(gate);
    if (answer.minute === lease.minute) this.#take(gate, answer);
    lease.isNeeded = false;
    if (gate.waiting > 0) onAnswer(gate);
    // By what is left when those who waited have passed.
    lease.lowRequests = Math.max(0, Math.floor((lease.requests - own.requests) / LOW_PARTS));
    lease.lowTokens = Math.max(0, Math.floor((lease.tokens - own.tokens) / LOW_PARTS));
    if (lease.isWanted) this.#giveBack(gate);
    else this.#spare.watch(gate);
  }

  #take(gate: Gate, { held, others, requestsWaitMs, tokensWaitMs, processes }: MinuteAnswer): void {
    const { lease } = gate;
    if (!lease) return;
    const time = this.#parts.clock();
    Object.assign(lease, { ...held, others, processes });
    lease.askAgainAt = time + ASK_AGAIN_MS;
    if (requestsWaitMs > 0) lease.refusedUntil = time + requestsWaitMs;
    if (tokensWaitMs > 0) {
      lease.tokensRefusedUntil = time + tokensWaitMs;
      lease.tokensRefused = lease.neededTokens;
    }
  }

  #wanted(name: string): void {
    const gate = this.#parts.gates.get(name);
    if (!gate?.lease) return;
    // What it says of what is not used is on its way.
    if (gate.lease.asked > 0 && !gate.lease.hasSaidSpare) gate.lease.isWanted = true;
    else this.#giveBack(gate);
  }

  #freed(name: string): void {
    const gate = this.#parts.gates.get(name);
    if (!gate?.lease) return;
    Object.assign(gate.lease, { refusedUntil: 0, tokensRefusedUntil: 0 });
    if (gate.waiting > 0) this.#parts.onAnswer(gate);
  }

  #giveBack(gate: Gate): void {
    this.#spare.forget(gate);
    if (!gate.lease || this.#isAlone()) return;
    this.#parts.roll(gate);
    Object.assign(gate.lease, { ...usedOf(gate), lowRequests: 0, lowTokens: 0, isWanted: false });
    this.#claims.claim(gate, gate.lease.isNeeded);
  }

  #setAlone(isAlone: boolean): void {
    if (this.#isAlone() === isAlone) return;
    this.#parts.shares.setAlone(isAlone);
    this.#claims.forget();
    for (const gate of this.#parts.gates.values()) {
      const { lease, own } = gate;
      if (!lease || !gate.isRated) continue;
      Object.assign(lease, { isWanted: false, isNeeded: false, refusedUntil: 0, tokensRefusedUntil: 0 });
      this.#parts.roll(gate);
      this.#parts.shares.of(gate);
      // Who has been away may have lost what it knew.
      if (own.requests + own.requestsBefore > 0) this.#giveBack(gate);
      if (gate.waiting > 0) this.#parts.onAnswer(gate);
    }
  }
}
