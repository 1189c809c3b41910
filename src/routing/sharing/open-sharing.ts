import { callEach } from "../../core/faults.ts";
import type { TimerSource } from "../../core/deadlines.ts";
import type { ChangesFrom, SharingChannel } from "./channel.ts";
import { createKeyHashes } from "./key-hashes.ts";
import { createPresentChanges } from "./present-changes.ts";
import { createLateMinutes } from "./late-minutes.ts";
import type { RedisSharing } from "./redis-sharing.ts";
import type { SharedChange, Sharing } from "./sharing.ts";
import { openWorkerSharing } from "./worker-sharing.ts";

export interface SharingParts {
  /** The way to the other workers of this gateway; undefined if this process serves alone. */
  readonly channel?: SharingChannel | undefined;
  /** Redis or Valkey, through which gateways know of each other; undefined if they do not. */
  readonly redisUrl?: string | undefined;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly timers: TimerSource;
  /** Names this process; a UUID unless a test says otherwise. */
  readonly newId?: () => string;
  /** From 0 to 1. */
  readonly random?: () => number;
  /** Called when Redis is away, and when it is back, each once; undefined means that it is back. */
  readonly onRedisChange: (problem: string | undefined) => void;
  /** Loads what speaks to Redis. */
  readonly loadRedis?: () => Promise<Pick<typeof import("./redis-sharing.ts"), "openRedisSharing">>;
}

/** What a process shares, until it is closed. */
export interface OpenSharing extends Sharing {
  /** Those who listen are ready: they are told what was heard so far. Before that Redis is left alone. */
  start(): void;
  /**
   * Configurations in use have these keys of deployments and gates. Redis is connected to only once there are any, and of
   * other keys nothing is heard through it.
   */
  retain(keys: ReadonlySet<string>): void;
  close(): void;
}

/**
 * Joins the workers of one gateway, which know of each other through the process that holds them together, and gateways,
 * which do so through Redis. Each worker has a connection to Redis of its own, and passes over there what its own gateway
 * says; nothing that was heard is told again.
 */
export function openSharing(parts: SharingParts): OpenSharing {
  const { channel, redisUrl, clock, timers, onRedisChange } = parts;
  const { newId = () => crypto.randomUUID(), random = Math.random } = parts;
  const listeners = new Set<(change: SharedChange, from: string) => void>();
  const self = newId();
  const hashes = createKeyHashes();
  let redis: RedisSharing | undefined;
  /** What was said before there was anything to share it by. */
  const early = createPresentChanges(clock);
  const minutes = redisUrl === undefined ? undefined : createLateMinutes(() => worker?.minutes.processes() ?? 1);
  /** What was heard before anybody could use it. */
  const heard = createPresentChanges(clock);
  let gateway = channel ? undefined : self;
  let hasKeys = false;
  let hasStarted = false;
  let isOpening = false;
  let isClosed = false;

  const deliver = ({ from, changes }: ChangesFrom): void => {
    if (from === self) return;
    if (!hasStarted) return heard.note({ from, changes });
    for (const change of changes) {
      if (change.kind === "recovered") redis?.hear(change);
      callEach(listeners, (listener) => listener(change, from));
    }
  };

  /** As soon as there is something to share, and the name under which. */
  const openRedis = async (): Promise<void> => {
    if (redisUrl === undefined || gateway === undefined || !hasKeys || !hasStarted || isOpening) return;
    isOpening = true;
    const speaker = { gateway, self };
    const loaded = await loadOrTell(parts, () => (isOpening = false));
    if (!loaded || isClosed) return;
    const processes = (): number => worker?.minutes.processes() ?? 1;
    const given = { url: redisUrl, speaker, hashes, clock, timers, random, deliver, processes };
    redis = loaded.openRedisSharing({ ...given, onChange: onRedisChange });
    minutes?.follow(redis.minutes);
    for (const { changes } of early.all()) changes.forEach(redis.tell);
  };

  const onHello = (name: string): void => {
    gateway = name;
    void openRedis();
  };
  const worker = channel && openWorkerSharing({ channel, self, timers, deliver, onHello });

  return {
    tell(change) {
      worker?.tell(change);
      if (redis) redis.tell(change);
      else if (redisUrl !== undefined) early.note({ from: self, changes: [change] });
    },
    listen(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    isAlone: channel === undefined && redisUrl === undefined,
    slots: worker?.slots,
    minutes: minutes?.leases ?? worker?.minutes,
    start() {
      if (hasStarted) return;
      hasStarted = true;
      heard.all().forEach(deliver);
      void openRedis();
    },
    retain(keys) {
      const hasNew = redisUrl !== undefined && hashes.retain(keys);
      hasKeys ||= keys.size > 0;
      if (hasNew) redis?.readAgain();
      void openRedis();
    },
    close() {
      isClosed = true;
      worker?.close();
      redis?.close();
    },
  };
}

/** @returns undefined if it cannot be loaded now: the next configuration tries again */
async function loadOrTell(
  { onRedisChange, loadRedis = () => import("./redis-sharing.ts") }: Pick<SharingParts, "onRedisChange" | "loadRedis">,
  onFailure: () => void,
) {
  try {
    return await loadRedis();
  } catch {
    onFailure();
    onRedisChange("its client could not be loaded");
    return undefined;
  }
}
