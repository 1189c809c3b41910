import type { TimerSource } from "../../core/deadlines.ts";
import { createStallTolerantTimers } from "../../core/stall-tolerant-timers.ts";
import { parseJson } from "../../core/json/parse.ts";
import type { KeyHashes } from "./key-hashes.ts";
import { REDIS_WAITS, unknownProcesses } from "./late-minutes.ts";
import { type Claimed, claimCommand, readClaimed } from "./minute-script.ts";
import type { MinuteAnswer, MinuteClaim, MinuteLeases, MinuteListener } from "./minutes.ts";
import { problemOf, type SendCommand } from "./redis-connections.ts";
import { minuteKey, MINUTES_CHANNEL } from "./redis-format.ts";

/** Others, who hold what they have not used, are waited for until then, in milliseconds in which they could be heard. */
const RECALL_MS = 12;

export interface RedisMinutesParts {
  /** The name of this process. */
  readonly self: string;
  readonly hashes: KeyHashes;
  readonly timers: TimerSource;
  /** How many processes this gateway has. */
  readonly processes: () => number;
  /** A command that was sent by this has failed. */
  readonly onFailure: (by: SendCommand, error: unknown) => void;
}

/** A claim that is not answered. */
interface Pending {
  readonly claim: MinuteClaim;
  /** Others are told once it is made, because they wait for what it gives back. */
  readonly frees: boolean;
  /** There is not enough, unless others give something back. */
  refusal: MinuteAnswer | undefined;
  /** Others are not waited for any more. */
  isLate: boolean;
  timer: unknown;
}

/** A process's end of the minutes that a script in Redis keeps for all. */
export class RedisMinutes {
  readonly leases: MinuteLeases;
  readonly #parts: RedisMinutesParts;
  readonly #pending = new Map<string, Pending>();
  #send: SendCommand | undefined;
  /** Whether the server of this connection has the script; undefined if it does not let it be named. */
  #isLoaded: boolean | undefined = false;
  #isDown = false;
  /** How many processes listen, as Redis has last said; 0 if it never has. */
  #listening = 0;
  #listener: MinuteListener | undefined;
  /** The gate of which others want what is not used. */
  #wanted: string | undefined;

  constructor(parts: RedisMinutesParts) {
    this.#parts = { ...parts, timers: createStallTolerantTimers(parts.timers) };
    this.leases = {
      ...REDIS_WAITS,
      processes: () =>
        this.#listening > 0 ? Math.max(parts.processes(), this.#listening) : unknownProcesses(parts.processes()),
      claim: (claim) => this.#claim(claim),
      listen: (listener) => void (this.#listener = listener),
    };
  }

  up(by: SendCommand): void {
    this.#send = by;
    this.#isLoaded = false;
    for (const each of this.#pending.values()) this.#make(each);
    if (!this.#isDown) return;
    this.#isDown = false;
    this.#listener?.away(false);
  }

  /**
   * Asks how many processes there are: one that goes on by itself has to know, also if none of them has claimed yet. A server
   * that does not allow it says nothing of the others.
   */
  count(by: SendCommand): void {
    by("PUBSUB", ["NUMSUB", MINUTES_CHANNEL]).then(
      (reply) => {
        const count = Array.isArray(reply) ? Number((reply as unknown[])[1]) : Number.NaN;
        if (count > 0) this.#listening = count;
      },
      () => {},
    );
  }

  down(): void {
    this.#isDown = true;
    this.close();
    this.#listener?.away(true);
  }

  /** What another process says on the channel of minutes. */
  hear(text: string): void {
    const { self, hashes } = this.#parts;
    const said = parseJson(text);
    if (!Array.isArray(said)) return;
    const [kind, hash, from, ...names] = said as unknown[];
    const gate = typeof hash === "string" ? hashes.keyOf(hash) : undefined;
    if (gate === undefined || from === self) return;
    if (kind === "give" && names.includes(self)) {
      this.#wanted = gate;
      this.#listener?.wanted(gate);
      this.#wanted = undefined;
    }
    if (kind !== "freed") return;
    const each = this.#pending.get(gate);
    if (each?.refusal) this.#make(each);
    else this.#listener?.freed(gate);
  }

  close(): void {
    this.#send = undefined;
    for (const each of [...this.#pending.values()]) this.#end(each);
  }

  #claim(claim: MinuteClaim): void {
    const known = this.#pending.get(claim.gate);
    if (known) this.#end(known);
    if (this.#isDown) return;
    const frees = !claim.asks || this.#wanted === claim.gate;
    const each: Pending = { claim, frees, refusal: undefined, isLate: false, timer: undefined };
    this.#pending.set(claim.gate, each);
    if (claim.asks) each.timer = this.#parts.timers.setTimer(() => this.#refuse(each), RECALL_MS);
    this.#make(each);
  }

  #make(each: Pending): void {
    const by = this.#send;
    if (!by) return;
    const { self, hashes, onFailure } = this.#parts;
    const { claim, frees } = each;
    const hash = hashes.hashOf(claim.gate);
    const keys = [minuteKey(hash, claim.minute), minuteKey(hash, claim.minute - 1)] as const;
    const isNamed = this.#isLoaded === true;
    const [command, values] = claimCommand(claim, self, keys, isNamed);
    by(command, values)
      .then((reply) => {
        if (this.#send === by && this.#isLoaded === false) this.#isLoaded = true;
        if (frees) this.#tell(by, "freed", claim.gate);
        this.#take(by, each, readClaimed(claim, reply));
      })
      .catch((error: unknown) => {
        if (!isNamed || !isWithoutScript(error)) onFailure(by, error);
        else if (this.#send === by) this.#makeAgain(each, error);
      });
  }

  /** Sends the script, which was only named: the server has lost it, or does not let it be named. */
  #makeAgain(each: Pending, error: unknown): void {
    this.#isLoaded = /^NOSCRIPT\b/.test(problemOf(error)) ? false : undefined;
    if (this.#pending.get(each.claim.gate) === each) this.#make(each);
  }

  #take(by: SendCommand, each: Pending, { answer, unspent }: Claimed): void {
    const { claim } = each;
    if (this.#pending.get(claim.gate) !== each) return;
    const isShort = answer.requestsWaitMs > 0 || answer.tokensWaitMs > 0;
    if (isShort && unspent.length > 0) {
      this.#tell(by, "give", claim.gate, unspent);
      each.refusal = answer;
      if (!each.isLate) return;
    }
    this.#end(each);
    this.#listener?.answered(answer);
  }

  #refuse(each: Pending): void {
    each.isLate = true;
    // If nothing has come from Redis, others judge that.
    if (!each.refusal) return;
    this.#end(each);
    this.#listener?.answered(each.refusal);
  }

  #tell(by: SendCommand, kind: "give" | "freed", gate: string, names: readonly string[] = []): void {
    const { self, hashes, onFailure } = this.#parts;
    const text = JSON.stringify([kind, hashes.hashOf(gate), self, ...names]);
    by("PUBLISH", [MINUTES_CHANNEL, text]).catch((error: unknown) => onFailure(by, error));
  }

  #end(each: Pending): void {
    this.#parts.timers.clearTimer(each.timer);
    if (this.#pending.get(each.claim.gate) === each) this.#pending.delete(each.claim.gate);
  }
}

/** The script cannot be run by its name: it is not there, or the server, or a proxy before it, does not allow that. */
const isWithoutScript = (error: unknown): boolean =>
  /^(?:NOSCRIPT|NOPERM|ERR unknown command)\b/.test(problemOf(error));
