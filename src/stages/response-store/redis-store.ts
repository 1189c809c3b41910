import type { TimerSource } from "../../core/deadlines.ts";
import { listOf, textOf } from "../../core/json/values.ts";
import { createRedisConnection } from "./redis-connection.ts";
import { KEY_PREFIX, PUT, READ, REMOVE } from "./redis-scripts.ts";
import { type ResponseStore, sizeOf, type StoreLimits } from "./store.ts";

export interface RedisStoreParts {
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly timers: TimerSource;
}

/** A store in Redis, which all gateways may share. Connects when it is first needed, and again after a failure. */
export function createRedisStore(url: string, limits: StoreLimits, { clock, timers }: RedisStoreParts): ResponseStore {
  const { ttlMs, maxBytes, maxOwnerBytes, timeoutMs } = limits;
  const redis = createRedisConnection(url, timeoutMs, timers);
  const run = (script: string, values: readonly (string | number)[]): Promise<unknown> =>
    redis.send("EVAL", [script, "1", KEY_PREFIX, ...values.map(String)]);
  const oldest = (): number => clock() - ttlMs;

  return {
    async put(entry) {
      const { id, owner, text, items, chain } = entry;
      const bytes = sizeOf(entry, limits);
      const meta = JSON.stringify([owner, bytes, items]);
      const room = [maxOwnerBytes, maxBytes, bytes];
      await run(PUT, [owner, id, clock(), ttlMs, ...room, meta, text, JSON.stringify(items), ...chain]);
    },
    async read(owner, ids) {
      return ids.length === 0 ? [] : listOf(await run(READ, [owner, oldest(), ...ids])).map(textOf);
    },
    async find(owner, items) {
      if (items.length === 0) return [];
      return listOf(await redis.send("HMGET", [`${KEY_PREFIX}items:${owner}`, ...items])).map(textOf);
    },
    async remove(owner, id) {
      return (await run(REMOVE, [owner, oldest(), id])) === 1;
    },
    close: () => redis.close(),
  };
}
