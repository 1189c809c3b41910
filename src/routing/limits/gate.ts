import type { Deadline } from "../../core/deadlines.ts";
import type { LinkedList, LinkedListNode } from "../../core/linked-list.ts";
import type { LimitOptions } from "../models/model-options.ts";
import type { MinuteLease } from "./minute-lease.ts";
import { createMinuteUsage, type MinuteUsage } from "./minute-usage.ts";

/** What is said of a gate in a configuration. */
export interface GateRule {
  /** What people read: `left`, `openai#2`. */
  readonly label: string;
  readonly limits: LimitOptions;
}

/** The gates of one deployment, from the narrowest. */
export type GateChain = readonly Gate[];

/** One thing that is bounded, such as a server, a key, a deployment: what is in flight at it, and what passed in a minute. */
export interface Gate {
  readonly key: string;
  label: string;
  /** Infinite if it is not bounded, as the next two. */
  maxInFlight: number;
  requestsPerMinute: number;
  tokensPerMinute: number;
  /** It is bounded by the minute. Nothing is counted by the minute at others, which saves reading the clock. */
  isRated: boolean;
  /** The configuration in use has it; otherwise it is forgotten once nothing is in flight at it. */
  isRetained: boolean;
  inFlight: number;
  /** What this process let pass. */
  readonly own: MinuteUsage;
  /** What all other processes said that they let pass, and each of them. */
  readonly others: MinuteUsage;
  readonly usedBy: Map<string, MinuteUsage>;
  /** What may pass here of the minute; undefined if this process has the whole of it. */
  readonly lease: MinuteLease | undefined;
  /** Own usage that the others have not been told of yet. */
  isUntold: boolean;
  isUntoldBefore: boolean;
  /** The minute that they were last told of. */
  toldMinute: number;
  /** Those who wait for room here, by queue; the queue whose turn is next comes first. */
  readonly lines: Map<WaitingQueue, Line>;
  /** How many wait in all lines together. */
  waiting: number;
  /** How many slots more this process was last said to want. */
  wanted: number;
  /** The room that comes is kept for it, because it is first and needs more of the minute than there is. */
  heldFor: Waiter | undefined;
  heldTokens: number;
  /** When the minute may have room again for those who wait. */
  deadline: Deadline | undefined;
}

/** Those of one queue who wait for room at one gate. */
export interface Line {
  readonly queue: WaitingQueue;
  readonly places: LinkedList<Place>;
}

/** A waiter in the line of one gate. */
export interface Place extends LinkedListNode<Place> {
  readonly waiter: Waiter;
  readonly gate: Gate;
  readonly line: Line;
}

/**
 * What is waited for: room, in the queue of the model; or, for a moment, only a slot that another process may give back, or
 * what those say who keep the minutes for all processes.
 */
export type QueueKind = "queue" | "slot" | "minute";

/** Those who wait for one model, the first one first. */
export interface WaitingQueue {
  readonly model: string;
  readonly kind: QueueKind;
  readonly waiters: LinkedList<Waiter>;
  /** When the first one has waited too long. */
  deadline: Deadline | undefined;
}

/** Why a wait came to nothing. */
export interface WaitEnd {
  readonly reason: unknown;
}

export interface Waiter extends LinkedListNode<Waiter> {
  readonly queue: WaitingQueue;
  /** The keys of its deployments, and their gates. */
  readonly deployments: readonly string[];
  readonly chains: readonly GateChain[];
  readonly places: Place[];
  /** Milliseconds of the monotonic clock. */
  readonly since: number;
  /** The same; of one that waits for an answer, milliseconds in which it could have been heard. */
  until: number;
  /** It is asked for the last time, and waits for no answer any more. */
  isLate: boolean;
  readonly tryAgain: () => boolean;
  /** Ends the wait; without a reason if the turn was used. Only the first call counts. */
  settle(end: WaitEnd | undefined): void;
  isOver: boolean;
  /** What ends the wait if the turn that it has at the moment is not used: a permit that it may have got must not be lost. */
  leaving: WaitEnd | undefined;
}

/** @param lease undefined if this process has the whole of every minute */
export function createGate(key: string, rule: GateRule, minute: number, lease: MinuteLease | undefined): Gate {
  const gate: Gate = {
    key,
    label: rule.label,
    maxInFlight: Number.POSITIVE_INFINITY,
    requestsPerMinute: Number.POSITIVE_INFINITY,
    tokensPerMinute: Number.POSITIVE_INFINITY,
    isRated: false,
    isRetained: true,
    inFlight: 0,
    own: createMinuteUsage(minute),
    others: createMinuteUsage(minute),
    usedBy: new Map(),
    lease,
    isUntold: false,
    isUntoldBefore: false,
    toldMinute: minute,
    lines: new Map(),
    waiting: 0,
    wanted: 0,
    heldFor: undefined,
    heldTokens: 0,
    deadline: undefined,
  };
  setRule(gate, rule);
  return gate;
}

/** What is in flight already stays, whatever the limits are now. */
export function setRule(gate: Gate, { label, limits }: GateRule): void {
  gate.label = label;
  gate.maxInFlight = limits.maxInFlight ?? Number.POSITIVE_INFINITY;
  gate.requestsPerMinute = limits.requestsPerMinute ?? Number.POSITIVE_INFINITY;
  gate.tokensPerMinute = limits.tokensPerMinute ?? Number.POSITIVE_INFINITY;
  gate.isRated = limits.requestsPerMinute !== undefined || limits.tokensPerMinute !== undefined;
}
