import { createDeadlines, type TimerSource } from "../../core/deadlines.ts";
import { createStallTolerantTimers } from "../../core/stall-tolerant-timers.ts";
import type { QueueOptions } from "../models/model-options.ts";
import type { Sharing } from "../sharing/sharing.ts";
import { createFairShares } from "./fair-shares.ts";
import { type Gate, type GateRule, setRule, type WaitingQueue } from "./gate.ts";
import { createKnownGates } from "./known-gates.ts";
import { LeasedMinutes } from "./leased-minutes.ts";
import { createLines } from "./lines.ts";
import { createPassage, type Passage } from "./passage.ts";
import { createQueues } from "./queues.ts";
import { createRoom, type Room } from "./room.ts";
import { shareUsage } from "./shared-usage.ts";
import { createTurns, type Turns } from "./turns.ts";
import { watchGates } from "./watch-gates.ts";
import { createWaiting, type Waiting } from "./waiting.ts";

export interface GateStateOptions {
  readonly timers: TimerSource;
  /** Milliseconds since the epoch: minutes are counted by it, because no two processes share another clock. */
  readonly clock: () => number;
  readonly sharing: Sharing;
}

/** What is in flight, what was used, and who waits, whatever the configuration is. */
export interface GateStates {
  /** Tells and hears nothing more. */
  close(): void;
  /** How many gates are known. */
  size(): number;
  /** Changes whenever gates may have been forgotten. */
  generation(): number;
  /** The gate with this key; made by the rule if it is not known. */
  gate(key: string, rule: GateRule): Gate;
  /** See `ModelGates.use`. */
  use(rules: ReadonlyMap<string, GateRule>, queues: ReadonlyMap<string, QueueOptions>): void;
  /** How the queue of a model is bounded, by the newest configuration that has it. */
  queueOptions(model: string): QueueOptions | undefined;
  /** Those who wait in the queue of a model; undefined if nobody does. */
  queue(model: string): WaitingQueue | undefined;
  /** A request of so many tokens needs more of the minute of a gate than this process has: others are asked. */
  ask(gate: Gate, tokens: number): void;
  /** No request waits for answers for longer in all, in milliseconds of {@link GateStates.answerNow}. */
  readonly minuteWaitMs: number;
  /** A clock that counts the time in which an answer could have been heard. */
  readonly answerNow: () => number;
  readonly passage: Passage;
  readonly room: Room;
  readonly turns: Turns;
  readonly waiting: Waiting;
  /** Milliseconds of the monotonic clock. */
  readonly now: () => number;
}

/** Makes what outlives every configuration. */
export function createGateStates({ timers, clock, sharing }: GateStateOptions): GateStates {
  const { now } = timers;
  const { slots, minutes } = sharing;
  const onForgotten = (gate: Gate): void => leased?.forgotten(gate);
  const known = createKnownGates({ clock, isLeased: minutes !== undefined, onForgotten });
  const gates = known.all;
  const queues = createQueues();
  let queueOptions: ReadonlyMap<string, QueueOptions> = new Map();
  const deadlines = createDeadlines(timers);
  const stallTolerant = createStallTolerantTimers(timers);
  const shares = minutes && createFairShares({ minutes, clock });
  const room = createRoom(clock, slots, shares);
  const onRoom = (gate: Gate): void => turns.offer([gate]);
  const watch = watchGates({ room, slots, deadlines, now, onRoom });
  const turns = createTurns({ room, watch, queues: queues.all });
  const shared = shareUsage({ gates, sharing, clock, timers, onRoom });

  const lines = createLines({ turns, watch, onLeft: known.forgetIdle });
  const watches = {
    room: { now, deadlines },
    answer: { now: stallTolerant.now, deadlines: createDeadlines(stallTolerant) },
  };
  const waiting = createWaiting({ room, turns, queues, lines, watches, now });
  const ofMinutes = { gates, clock, timers, stallTolerant, roll: room.roll, onAnswer: waiting.answered };
  const leased = minutes && shares && new LeasedMinutes({ minutes, shares, ...ofMinutes });
  const passage = createPassage({ clock, slots, shared, leased, onLeft: known.forgetIdle, onRoom: turns.offer });

  slots?.onGranted((key) => {
    const gate = gates.get(key);
    if (gate) onRoom(gate);
  });

  /** Whoever leases the slots has to know of what they are leases. */
  const changeRule = (gate: Gate, rule: GateRule): void => {
    const { maxInFlight } = gate;
    if (slots && gate.wanted > 0) slots.want(gate.key, maxInFlight, 0);
    gate.wanted = 0;
    const { requestsPerMinute, tokensPerMinute } = gate;
    setRule(gate, rule);
    if (gate.requestsPerMinute !== requestsPerMinute || gate.tokensPerMinute !== tokensPerMinute) leased?.changed(gate);
    if (gate.maxInFlight !== maxInFlight) passage.tellInUse(gate);
  };

  return {
    room,
    turns,
    waiting,
    passage,
    now,
    gate: known.of,
    generation: known.generation,
    size: () => gates.size,
    minuteWaitMs: minutes?.waitMs ?? 0,
    answerNow: stallTolerant.now,
    ask: (gate, tokens) => leased?.ask(gate, tokens),
    queueOptions: (model) => queueOptions.get(model),
    queue: (model) => queues.find(model, "queue"),
    close() {
      shared.close();
      leased?.close();
    },
    use(rules, options) {
      known.retain(rules);
      for (const [key, rule] of rules) changeRule(known.of(key, rule), rule);
      queueOptions = options;
      waiting.shorten(options);
      turns.offer([...gates.values()]);
    },
  };
}
