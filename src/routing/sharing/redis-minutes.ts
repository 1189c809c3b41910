import type { TimerSource } from "../../core/deadlines.ts";
import { parseJson } from "../../core/json/parse.ts";
import type { KeyHashes } from "./key-hashes.ts";
import { REDIS_WAITS } from "./late-minutes.ts";
import { type Claimed, claimCommand, readClaimed } from "./minute-script.ts";
import type { MinuteAnswer, MinuteClaim, MinuteLeases, MinuteListener } from "./minutes.ts";
import type { SendCommand } from "./redis-connections.ts";
import { minuteKey, MINUTES_CHANNEL } from "./redis-format.ts";

/** Others, who hold what they have not used, are waited for until then, in milliseconds. */
const RECALL_MS = 12;

export interface RedisMinutesParts {
  /** The name of this process. */
  readonly self: string;
  readonly hashes: KeyHashes;
  readonly timers: Pick<TimerSource, "setTimer" | "clearTimer">;
  /** How many processes there are at least. */
  readonly processes: () => number;
  /** A command that was sent by this has failed. */
  readonly onFailure: (by: SendCommand, error: unknown) => void;
}

/** A process's end of the minutes that a script in Redis keeps for all. */
export interface RedisMinutes {
  readonly leases: MinuteLeases;
  up(by: SendCommand): void;
  down(): void;
  /** What another process says on {@link MINUTES_CHANNEL}. */
  hear(text: string): void;
  close(): void;
}

/** A claim that is not answered. */
interface Pending {
  readonly claim: MinuteClaim;
  /** Others are told once it is made, because they wait for what it gives back. */
  readonly frees: boolean;
  /** There is not enough, unless others give something back. */
  refusal: MinuteAnswer | undefined;
  timer: unknown;
}

export function createRedisMinutes({ self, hashes, timers, processes, onFailure }: RedisMinutesParts): RedisMinutes {
  const pending = new Map<string, Pending>();
  let send: SendCommand | undefined;
  let isDown = false;
  let listener: MinuteListener | undefined;
  /** The gate of which others want what is not used. */
  let wanted: string | undefined;

  const end = (each: Pending): void => {
    timers.clearTimer(each.timer);
    if (pending.get(each.claim.gate) === each) pending.delete(each.claim.gate);
  };

  const tell = (by: SendCommand, kind: "give" | "freed", gate: string, names?: readonly string[]): void => {
    const text = JSON.stringify([kind, hashes.hashOf(gate), self, ...(names ?? [])]);
    by("PUBLISH", [MINUTES_CHANNEL, text]).catch((error: unknown) => onFailure(by, error));
  };

  const make = (each: Pending): void => {
    const by = send;
    if (!by) return;
    const { claim, frees } = each;
    const hash = hashes.hashOf(claim.gate);
    const keys = [minuteKey(hash, claim.minute), minuteKey(hash, claim.minute - 1)] as const;
    const [command, values] = claimCommand(claim, self, keys);
    by(command, values)
      .then((reply) => {
        if (frees) tell(by, "freed", claim.gate);
        take(by, each, readClaimed(claim, reply));
      })
      .catch((error: unknown) => onFailure(by, error));
  };

  const take = (by: SendCommand, each: Pending, { answer, unspent }: Claimed): void => {
    const { claim } = each;
    if (pending.get(claim.gate) !== each) return;
    const isShort = answer.requestsWaitMs > 0 || answer.tokensWaitMs > 0;
    if (!isShort || unspent.length === 0) {
      end(each);
      return listener?.answered(answer);
    }
    each.refusal = answer;
    tell(by, "give", claim.gate, unspent);
  };

  const refuse = (each: Pending): void => {
    // If nothing has come from Redis, others judge that.
    if (!each.refusal) return;
    end(each);
    listener?.answered(each.refusal);
  };

  const claim = (made: MinuteClaim): void => {
    const known = pending.get(made.gate);
    if (known) end(known);
    if (isDown) return;
    const frees = !made.asks || wanted === made.gate;
    const each: Pending = { claim: made, frees, refusal: undefined, timer: undefined };
    pending.set(made.gate, each);
    if (made.asks) each.timer = timers.setTimer(() => refuse(each), RECALL_MS);
    make(each);
  };

  return {
    leases: {
      ...REDIS_WAITS,
      ...{ processes, claim },
      listen: (given) => void (listener = given),
    },
    up(by) {
      send = by;
      for (const each of pending.values()) make(each);
      if (isDown) {
        isDown = false;
        listener?.away(false);
      }
    },
    down() {
      send = undefined;
      isDown = true;
      for (const each of [...pending.values()]) end(each);
      listener?.away(true);
    },
    hear(text) {
      const said = parseJson(text);
      if (!Array.isArray(said)) return;
      const [kind, hash, from, ...names] = said as unknown[];
      const gate = typeof hash === "string" ? hashes.keyOf(hash) : undefined;
      if (gate === undefined || from === self) return;
      if (kind === "give" && names.includes(self)) {
        wanted = gate;
        listener?.wanted(gate);
        wanted = undefined;
      }
      if (kind !== "freed") return;
      const each = pending.get(gate);
      if (each?.refusal) make(each);
      else listener?.freed(gate);
    },
    close() {
      for (const each of [...pending.values()]) end(each);
      send = undefined;
    },
  };
}
