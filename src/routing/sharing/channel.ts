import type { MinuteAnswer, MinuteClaim } from "./minutes.ts";
import type { SharedChange } from "./sharing.ts";

/** What one process says, under the name that it has made up for itself. */
export interface ChangesFrom {
  readonly from: string;
  readonly changes: readonly SharedChange[];
}

/**
 * What came last was heard, and more may come: what is to be said meanwhile is coalesced, so that nothing piles up before a
 * process that has been stopped.
 */
interface Heard {
  readonly kind: "heard";
}

/** What a worker says to the hub: the process that holds the workers together. */
export type ToHub =
  | ({ readonly kind: "changes" } & ChangesFrom)
  | Heard
  /** A gate has this limit; `first`, the first time: by which limit the worker reckoned the share that it began with. */
  | { readonly kind: "limit"; readonly gate: string; readonly limit: number; readonly first?: number }
  /** So many requests wait for slots, `served` of which the hub has granted the worker, as far as it knows, since it began. */
  | { readonly kind: "want"; readonly gate: string; readonly count: number; readonly served: number }
  /** The worker has so many slots fewer. */
  | { readonly kind: "return"; readonly gate: string; readonly count: number }
  /** It has used so much of a minute, and asks for more or gives some back. */
  | ({ readonly kind: "claim" } & MinuteClaim);

/** Slots of a gate that a worker has. */
export interface SlotsHeld {
  readonly gate: string;
  readonly limit: number;
  readonly count: number;
}

/** What the hub says to a worker. `limit`: by which it has reckoned the worker's first share. */
export type FromHub =
  /** The first message: what there is to know, and with which slots the worker begins. */
  | {
      readonly kind: "hello";
      /** Name of the gateway, the same for all of its workers. */
      readonly gateway: string;
      /** The worker's number, from 1, of so many. */
      readonly worker: number;
      readonly workers: number;
      readonly changes: readonly ChangesFrom[];
      /** Of gates that are not in it the worker has its {@link fairShare}. */
      readonly slots: readonly SlotsHeld[];
    }
  | ({ readonly kind: "changes" } & ChangesFrom)
  | Heard
  /** So many slots more, `served` of them because the worker wants them. */
  | ({ readonly kind: "grant"; readonly served: number } & SlotsHeld)
  /**
   * Others want slots: so many more are to come back when a request that has one ends, whoever waits here, and so many in
   * all as soon as they are not used.
   */
  | {
      readonly kind: "ask";
      readonly gate: string;
      readonly limit: number;
      readonly owed: number;
      readonly unused: number;
    }
  /** The answer to a claim. */
  | ({ readonly kind: "held" } & MinuteAnswer)
  /** Others need what the worker has not used of a minute: it is to say how much that is. */
  | { readonly kind: "give"; readonly gate: string }
  /** There may be more than when it was refused. */
  | { readonly kind: "freed"; readonly gate: string };

/** The way from a worker to the hub and back, which keeps the order. */
export interface SharingChannel {
  /** Never throws; what cannot be sent is lost. */
  send(messages: readonly ToHub[]): void;
  listen(listener: (messages: readonly FromHub[]) => void): void;
}

/** How many slots of a gate a worker begins with, which each worker and the hub reckon alike without a word. */
export function fairShare(limit: number, workers: number, worker: number): number {
  return Math.floor(limit / workers) + (worker <= limit % workers ? 1 : 0);
}
