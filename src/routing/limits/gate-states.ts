import { createDeadlines, type TimerSource } from "../../core/deadlines.ts";
import type { QueueOptions } from "../models/model-options.ts";
import type { Sharing } from "../sharing/sharing.ts";
import { createGate, type Gate, type GateChain, type GateRule, setRule, type WaitingQueue } from "./gate.ts";
import { minuteOf, rollTo } from "./minute-usage.ts";
import { createQueues } from "./queues.ts";
import { createRoom, type Room } from "./room.ts";
import { shareUsage } from "./shared-usage.ts";
import { createTurns, type Turns } from "./turns.ts";
import { createWaiting, type Waiting } from "./waiting.ts";

export interface GateStateOptions {
  readonly timers: TimerSource;
  /** Milliseconds since the epoch: minutes are counted by it, because no two processes share another clock. */
  readonly clock: () => number;
  readonly sharing: Sharing;
}

/** What is in flight, what was used, and who waits, whatever the configuration is. */
export interface GateStates {
  /** Forgets all gates but those of the configuration in use; one at which something is in flight goes when that is over. */
  retain(keys: ReadonlySet<string>): void;
  /** Tells and hears nothing more. */
  close(): void;
  /** How many gates are known. */
  size(): number;
  /** Changes whenever gates may have been forgotten. */
  generation(): number;
  /** The gate with this key; made by the rule if it is not known. */
  gate(key: string, rule: GateRule): Gate;
  /** Puts limits into force, for requests of earlier configurations too. */
  apply(rules: ReadonlyMap<string, GateRule>, queues: ReadonlyMap<string, QueueOptions>): void;
  /** How the queue of a model is bounded, by the newest configuration that has it. */
  queueOptions(model: string): QueueOptions | undefined;
  /** Those who wait in the queue of a model; undefined if nobody does. */
  queue(model: string): WaitingQueue | undefined;
  /** Lets a request pass all gates of a chain. @returns the minute it counts in; below 0 if that is none */
  enter(chain: GateChain, tokens: number): number;
  /** It is over. @param tokens by how many it used more than was estimated */
  leave(chain: GateChain, minute: number, tokens: number): void;
  readonly room: Room;
  readonly turns: Turns;
  readonly waiting: Waiting;
  /** Milliseconds of the monotonic clock. */
  readonly now: () => number;
}

/** Makes what outlives every configuration. */
export function createGateStates({ timers, clock, sharing }: GateStateOptions): GateStates {
  const { now } = timers;
  const { slots } = sharing;
  const gates = new Map<string, Gate>();
  /** Of the configuration in use. */
  let retained: ReadonlySet<string> | undefined;
  let generation = 0;
  const queues = createQueues();
  let queueOptions: ReadonlyMap<string, QueueOptions> = new Map();
  const deadlines = createDeadlines(timers);
  const room = createRoom(clock, slots);
  const turns = createTurns({ room, slots, deadlines, now, queues: queues.all });
  const shared = shareUsage({ gates, sharing, clock, timers, onRoom: (gate) => turns.offer([gate]) });

  const forgetIdle = (gate: Gate): void => {
    if (!gate.isRetained && gate.inFlight === 0 && gate.waiting === 0) {
      gates.delete(gate.key);
      generation += 1;
    }
  };

  const waiting = createWaiting({ room, turns, queues, deadlines, now, onLeft: forgetIdle });

  slots?.onGranted((key) => {
    const gate = gates.get(key);
    if (gate) turns.offer([gate]);
  });

  const gateOf = (key: string, rule: GateRule): Gate => {
    let gate = gates.get(key);
    if (!gate) gates.set(key, (gate = createGate(key, rule, minuteOf(clock()))));
    gate.isRetained = retained?.has(key) ?? true;
    return gate;
  };

  const isSlotted = (gate: Gate): boolean => gate.maxInFlight !== Number.POSITIVE_INFINITY;

  return {
    ...{ room, turns, waiting, now, gate: gateOf, generation: () => generation, size: () => gates.size },
    queueOptions: (model) => queueOptions.get(model),
    queue: (model) => queues.find(model, false),
    close: shared.close,
    retain(keys) {
      retained = keys;
      generation += 1;
      for (const gate of [...gates.values()]) {
        gate.isRetained = keys.has(gate.key);
        forgetIdle(gate);
      }
    },
    apply(rules, options) {
      for (const [key, rule] of rules) setRule(gateOf(key, rule), rule);
      queueOptions = options;
      waiting.shorten(options);
      turns.offer([...gates.values()]);
    },
    enter(chain, tokens) {
      let minute = -1;
      for (const gate of chain) {
        gate.inFlight += 1;
        if (slots && isSlotted(gate)) slots.inUse(gate.key, gate.inFlight);
        if (!gate.isRated) continue;
        // It was moved on to the present minute when room was looked for.
        minute = gate.own.minute;
        gate.own.requests += 1;
        gate.own.tokens += tokens;
        shared.changed(gate);
      }
      return minute;
    },
    leave(chain, minute, tokens) {
      let waitingCount = 0;
      for (const gate of chain) {
        gate.inFlight -= 1;
        waitingCount += gate.waiting;
        if (slots && isSlotted(gate)) slots.inUse(gate.key, gate.inFlight);
        if (gate.isRated && tokens !== 0 && minute >= 0) {
          rollTo(gate.own, minuteOf(clock()));
          if (gate.own.minute === minute) {
            gate.own.tokens = Math.max(0, gate.own.tokens + tokens);
            shared.changed(gate);
          } else if (gate.own.minute === minute + 1) {
            gate.own.tokensBefore = Math.max(0, gate.own.tokensBefore + tokens);
            shared.changedBefore(gate);
          }
        }
        forgetIdle(gate);
      }
      if (waitingCount > 0) turns.offer(chain);
    },
  };
}
