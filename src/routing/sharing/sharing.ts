import type { MinuteLeases } from "./minutes.ts";

/** What one process tells the others. Times are milliseconds since the epoch, because no two processes share another clock. */
export type SharedChange =
  /** A deployment cools: it failed too often, or its provider wants to be left alone. */
  | { readonly kind: "cooling"; readonly key: string; readonly until: number; readonly why: string }
  /** It has answered well again. */
  | { readonly kind: "recovered"; readonly key: string }
  /** What this process has let pass at a gate in a minute (counted from the epoch) so far, estimates settled. */
  | {
      readonly kind: "used";
      readonly gate: string;
      readonly minute: number;
      readonly requests: number;
      readonly tokens: number;
    };

/** Which slots of gates this process may use, if several processes share them. */
export interface SlotLeases {
  /** How many slots of a gate this process may use now, of `limit` in all. Never waits. */
  granted(gate: string, limit: number): number;
  /** Requests wait here for so many more of them; what is granted is told to `onGranted`. 0 takes the wish back. */
  want(gate: string, limit: number, count: number): void;
  /** So many are in use here: what is not may be given to others. */
  inUse(gate: string, count: number): void;
  onGranted(listener: (gate: string) => void): void;
}

/** How the processes of a gateway, and several gateways, know of each other's cooldowns and limits. */
export interface Sharing {
  /** Tells the others. Never waits and never throws; what cannot be told is lost. */
  tell(change: SharedChange): void;
  /** @param listener told of what others say, each with a `used` of its own. @returns what ends it */
  listen(listener: (change: SharedChange, from: string) => void): () => void;
  /** There is nobody to tell. */
  readonly isAlone?: boolean;
  /** Absent if this process has all slots. */
  readonly slots?: SlotLeases | undefined;
  /** Absent if this process has the whole of every minute. */
  readonly minutes?: MinuteLeases | undefined;
}

/** One process alone. */
export const ALONE: Sharing = { tell() {}, listen: () => () => {}, isAlone: true };
