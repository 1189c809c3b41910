import type { CooldownOptions } from "../models/model-options.ts";
import { FirstTokenTimes } from "./first-token-times.ts";
import { ResultWindow } from "./result-window.ts";

/**
 * What a failed attempt says of its deployment: that it does not work, that its provider wants to be left alone by this
 * key, that the key is not accepted; that it works, because it refused what is wrong with the request; or nothing.
 */
export type Blame = "failure" | "limit" | "key" | "alive" | "nothing";

/** How an attempt failed, as far as it says something of the deployment. */
export interface Fault {
  readonly blame: Blame;
  /** In a word or two, for people. */
  readonly why: string;
  /** When the provider wants to be asked again, in milliseconds from now; undefined if it does not say. */
  readonly retryAfterMs: number | undefined;
}

/** Closed: it is asked; open: it cools; half-open: it has cooled, and one request finds out how it is. */
export type Circuit = "closed" | "open" | "half_open";

/** Told by a state: whether others should hear of it, and whether people should, because the circuit opened or closed. */
export interface CircuitListener {
  cooling(state: DeploymentState, opened: boolean): void;
  recovered(state: DeploymentState): void;
}

/** No provider is left alone for longer than a day, whatever it says. */
const LONGEST_COOLING_MS = 24 * 60 * 60 * 1000;

/** The share of a deployment that has just recovered. */
const FIRST_SHARE = 0.1;

/**
 * How a deployment does, whatever configuration it is in. All times are milliseconds of the monotonic clock. A class,
 * because every attempt writes to it.
 */
export class DeploymentState {
  readonly key: string;
  readonly label: string;
  readonly firstToken = new FirstTokenTimes();
  /** Attempts that hold it, their answers included. */
  inFlight = 0;
  /** Requests that it answered, and all attempts. */
  requests = 0;
  attempts = 0;
  /** Failures in a row. */
  failures = 0;
  /** Until when its circuit is open; 0 if it is closed. Half-open after that time. */
  coolingUntil = 0;
  /** Why it cools. */
  why: string | undefined;
  readonly #listener: CircuitListener;
  readonly #results = new ResultWindow();
  /** The attempt that its half-open circuit let through, by number; 0 if there is none. */
  #trial = 0;
  #trials = 0;
  #cooledAt = 0;
  /** How often it was opened since it last worked for as long as it had cooled. */
  #openings = 0;
  #lastCoolingMs = 0;
  /** It cools because it fails, as far as this process knows; not for its limits or its key. */
  #hasFailed = false;
  #recoveredAt = Number.NEGATIVE_INFINITY;

  constructor(key: string, label: string, listener: CircuitListener) {
    this.key = key;
    this.label = label;
    this.#listener = listener;
  }

  circuit(now: number): Circuit {
    if (this.coolingUntil === 0) return "closed";
    return now < this.coolingUntil ? "open" : "half_open";
  }

  /** Whether a request may be sent to it: not while it cools, and only one while its circuit is half-open. */
  isAvailable(now: number): boolean {
    return this.coolingUntil === 0 || (now >= this.coolingUntil && this.#trial === 0);
  }

  /** From a tenth to 1: the part of its weight that it has so long after a recovery. */
  share(now: number, slowStartMs: number): number {
    const since = now - this.#recoveredAt;
    return since >= slowStartMs ? 1 : FIRST_SHARE + ((1 - FIRST_SHARE) * since) / slowStartMs;
  }

  /** An attempt begins. @returns what is to be said when it is over: its number if a half-open circuit lets it through, or 0 */
  enter(now: number): number {
    this.inFlight += 1;
    if (this.coolingUntil === 0 || now < this.coolingUntil || this.#trial !== 0) return 0;
    this.#trials += 1;
    return (this.#trial = this.#trials);
  }

  /** An attempt is over. */
  leave(trial: number): void {
    this.inFlight -= 1;
    if (trial === this.#trial) this.#trial = 0;
  }

  /** An attempt that began then is answered: it works. */
  answered(startedAt: number, now: number): void {
    if (this.coolingUntil !== 0 && startedAt >= this.#cooledAt && this.recover(now)) this.#listener.recovered(this);
  }

  /** An answer came to its end. */
  succeeded(now: number): void {
    this.failures = 0;
    this.#results.add(false);
    if (this.#openings > 0 && this.coolingUntil === 0 && now - this.#recoveredAt >= this.#lastCoolingMs) {
      this.#openings = 0;
    }
  }

  /** An attempt that began then has failed. */
  failed({ blame, why, retryAfterMs }: Fault, cooldown: CooldownOptions, startedAt: number, now: number): void {
    if (blame === "nothing") return;
    if (blame === "alive") return this.answered(startedAt, now);
    if (blame === "failure") {
      this.failures += 1;
      this.#results.add(true);
    }
    if (blame === "limit" && retryAfterMs !== undefined) {
      this.#coolFor(retryAfterMs, why, now);
    } else if (this.coolingUntil !== 0) {
      // What began before it was opened says nothing new: many requests in flight would make it cool longer and longer.
      if (startedAt < this.#cooledAt) return;
      this.#open(cooldown, why, now);
    } else if (blame !== "failure" || this.#failsTooOften(cooldown)) {
      this.#open(cooldown, why, now);
    }
    this.#hasFailed = blame === "failure";
  }

  /** An active check found that it works, which says nothing of its limits. */
  checked(now: number): void {
    if (this.#hasFailed && this.recover(now)) this.#listener.recovered(this);
  }

  /** Another process has seen that it is to cool, or works. */
  heard(until: number | undefined, why: string, now: number): void {
    if (until === undefined) this.recover(now);
    else if (until > Math.max(now, this.coolingUntil)) {
      this.#cool(until, why, now);
      this.#hasFailed = false;
    }
  }

  /** Closes the circuit. @returns false if it was closed */
  recover(now: number): boolean {
    if (this.coolingUntil === 0) return false;
    this.coolingUntil = 0;
    this.why = undefined;
    this.failures = 0;
    this.#results.clear();
    // Its answer may go on for long; the next time that the circuit is half-open does not wait for it.
    this.#trial = 0;
    this.#recoveredAt = now;
    return true;
  }

  #failsTooOften({ failures, rate }: CooldownOptions): boolean {
    return this.failures >= failures || this.#results.failureRate() >= rate;
  }

  /** Each time twice as long. */
  #open({ forMs, maxMs }: CooldownOptions, why: string, now: number): void {
    const milliseconds = Math.min(forMs * 2 ** this.#openings, maxMs);
    this.#openings += 1;
    this.#coolFor(milliseconds, why, now);
  }

  #coolFor(milliseconds: number, why: string, now: number): void {
    const coolingMs = Math.min(milliseconds, LONGEST_COOLING_MS);
    if (now + coolingMs <= this.coolingUntil) return;
    const opened = this.coolingUntil === 0;
    this.#lastCoolingMs = coolingMs;
    this.#cool(now + coolingMs, why, now);
    this.#listener.cooling(this, opened);
  }

  #cool(until: number, why: string, now: number): void {
    this.coolingUntil = Math.min(until, now + LONGEST_COOLING_MS);
    this.#cooledAt = now;
    this.why = why;
  }
}
