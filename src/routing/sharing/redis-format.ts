import { type JsonObject, parseJson } from "../../core/json/parse.ts";
import type { ChangesFrom } from "./channel.ts";
import type { KeyHashes } from "./key-hashes.ts";
import { MINUTE_MS, minuteOf } from "./minute-window.ts";
import type { SharedChange } from "./sharing.ts";

/** All of it in one slot of a cluster. */
const PREFIX = "{inference-gateway:routing}:";
export const CHANGES_CHANNEL = `${PREFIX}changes`;
/** A hash: of each deployment that cools, until when, why, and who says so. */
export const COOLING = `${PREFIX}cooling`;
/** A hash: of each gate and process, its requests and tokens. */
export const usedIn = (minute: number): string => `${PREFIX}used:${minute}`;
/** Where processes say that they need, or give back, what others have of a minute. */
export const MINUTES_CHANNEL = `${PREFIX}minutes`;
/** A hash: of each process what it has of a minute of a gate, see `minute-script.ts`. */
export const minuteKey = (hash: string, minute: number): string => `${PREFIX}minute:${hash}:${minute}`;
export const beatOf = (process: string): string => `${PREFIX}beat:${process}`;

/** Anything longer than this is taken for a mistake. */
const MAX_COOLING_MS = 24 * 3_600_000;
const COOLING_KEPT_MS = String(MAX_COOLING_MS);
/** The minute, the next one, which looks at it, and one more for clocks that differ. */
const USED_KEPT_MS = "180000";
const MAX_REASON = 200;

/** Who speaks: a process of a gateway. */
export interface Speaker {
  readonly gateway: string;
  readonly self: string;
}

export type Command = readonly [name: string, values: readonly string[]];

/** Writes for those who come later, and tells those who are there. */
export function commandsFor(
  all: readonly SharedChange[],
  { gateway, self }: Speaker,
  { hashOf }: KeyHashes,
  now: number,
): Command[] {
  const minute = minuteOf(now);
  // The last word about a minute may have waited for long.
  const changes = all.filter((change) => change.kind !== "used" || change.minute >= minute - 1);
  if (changes.length === 0) return [];
  const commands: Command[] = [];
  const cooling: string[] = [];
  const recovered: string[] = [];
  const used = new Map<number, string[]>();
  const told = changes.map((change) => {
    const hash = hashOf(change.kind === "used" ? change.gate : change.key);
    if (change.kind === "recovered") {
      recovered.push(hash);
      return [hash];
    }
    if (change.kind === "cooling") {
      const why = change.why.slice(0, MAX_REASON);
      cooling.push(hash, JSON.stringify([change.until, why, gateway, self]));
      return [hash, change.until, why];
    }
    const fields = used.get(change.minute) ?? [];
    used.set(change.minute, fields);
    fields.push(`${hash} ${gateway} ${self}`, `${change.requests} ${change.tokens}`);
    return [hash, change.minute, change.requests, change.tokens];
  });
  if (cooling.length > 0) commands.push(["HSET", [COOLING, ...cooling]], ["PEXPIRE", [COOLING, COOLING_KEPT_MS]]);
  if (recovered.length > 0) commands.push(["HDEL", [COOLING, ...recovered]]);
  for (const [minute, fields] of used) {
    commands.push(["HSET", [usedIn(minute), ...fields]], ["PEXPIRE", [usedIn(minute), USED_KEPT_MS]]);
  }
  commands.push(["PUBLISH", [CHANGES_CHANNEL, JSON.stringify({ gateway, from: self, told })]]);
  return commands;
}

/** What is read belongs to others: what is not as it is written here, or not known here, is passed over. */
export interface RedisReader {
  /** @returns what a message says; undefined if it is of this gateway, or says nothing */
  message(text: string): ChangesFrom | undefined;
  /** @returns with the fields of cooldowns that are over */
  stored(
    cooling: unknown,
    used: ReadonlyMap<number, unknown>,
  ): { said: readonly ChangesFrom[]; over: readonly string[] };
}

export function createRedisReader(own: string, { keyOf }: KeyHashes, clock: () => number): RedisReader {
  const coolingOf = (hash: unknown, until: unknown, why: unknown): SharedChange | undefined => {
    const key = typeof hash === "string" ? keyOf(hash) : undefined;
    if (key === undefined || !isCount(until) || typeof why !== "string") return undefined;
    if (until <= clock() || until > clock() + MAX_COOLING_MS) return undefined;
    return { kind: "cooling", key, until, why: why.slice(0, MAX_REASON) };
  };
  const usedOf = (hash: unknown, minute: unknown, requests: unknown, tokens: unknown): SharedChange | undefined => {
    const gate = typeof hash === "string" ? keyOf(hash) : undefined;
    if (gate === undefined || !isCount(minute) || !isCount(requests) || !isCount(tokens)) return undefined;
    const isPresent = Math.abs(minute - minuteOf(clock())) <= 1;
    return isPresent ? { kind: "used", gate, minute, requests, tokens } : undefined;
  };
  const changeOf = (told: unknown): SharedChange | undefined => {
    if (!Array.isArray(told)) return undefined;
    const [hash, second, third, fourth] = told as unknown[];
    if (told.length === 4) return usedOf(hash, second, third, fourth);
    if (told.length === 3) return coolingOf(hash, second, third);
    const key = told.length === 1 && typeof hash === "string" ? keyOf(hash) : undefined;
    return key === undefined ? undefined : { kind: "recovered", key };
  };

  return {
    message(text) {
      const { gateway, from, told } = (parseJson(text) ?? {}) as JsonObject;
      if (gateway === own || typeof from !== "string" || !Array.isArray(told)) return undefined;
      const changes = told.flatMap((each) => changeOf(each) ?? []);
      return changes.length > 0 ? { from, changes } : undefined;
    },
    stored(cooling, used) {
      const said: ChangesFrom[] = [];
      const over: string[] = [];
      for (const [hash, text] of fieldsOf(cooling)) {
        const value = parseJson(text);
        const [until, why, gateway, from] = Array.isArray(value) ? (value as unknown[]) : [];
        // Not at once: a new one may just be written.
        if (!isCount(until) || until + MINUTE_MS <= clock()) over.push(hash);
        const change = coolingOf(hash, until, why);
        if (change && gateway !== own && typeof from === "string") said.push({ from, changes: [change] });
      }
      for (const [minute, fields] of used) {
        for (const [field, text] of fieldsOf(fields)) {
          const [hash, gateway, from] = field.split(" ");
          const [requests, tokens] = text.split(" ").map(Number);
          const change = usedOf(hash, minute, requests, tokens);
          if (change && gateway !== own && from !== undefined) said.push({ from, changes: [change] });
        }
      }
      return { said, over };
    },
  };
}

const isCount = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value) && value >= 0;

const fieldsOf = (hash: unknown): [string, string][] =>
  typeof hash === "object" && hash !== null
    ? Object.entries(hash).filter((entry): entry is [string, string] => typeof entry[1] === "string")
    : [];
