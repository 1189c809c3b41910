import type { TimerSource } from "../../core/deadlines.ts";
import type { ChangesFrom } from "./channel.ts";
import type { KeyHashes } from "./key-hashes.ts";
import { minuteOf } from "./minute-window.ts";
import { createOutbox } from "./outbox.ts";
import { createPresentChanges } from "./present-changes.ts";
import {
  beatOf,
  CHANGES_CHANNEL,
  commandsFor,
  COOLING,
  createRedisReader,
  MINUTES_CHANNEL,
  type RedisReader,
  type Speaker,
  usedIn,
} from "./redis-format.ts";
import { RedisMinutes } from "./redis-minutes.ts";
import { problemOf, type SendCommand } from "./redis-connections.ts";
import { openRedisLink } from "./redis-link.ts";
import type { MinuteLeases } from "./minutes.ts";
import type { SharedChange } from "./sharing.ts";

export interface RedisSharingParts {
  readonly url: string;
  readonly speaker: Speaker;
  readonly hashes: KeyHashes;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly timers: TimerSource;
  readonly random: () => number;
  /** How many processes this gateway has. */
  readonly processes: () => number;
  /** Called with what other gateways say. */
  readonly deliver: (said: ChangesFrom) => void;
  /** Called when the server is away, and when it is back, each once; undefined means that it is back. */
  readonly onChange: (problem: string | undefined) => void;
}

/**
 * Tells other gateways through a Redis server, and hears of them. While it is away, the last word about each thing is kept.
 * Who is not there when a recovery is told does not hear of it: for them the cooldown ends when it was said to.
 */
export interface RedisSharing {
  tell(change: SharedChange): void;
  /** Others have said this: what this process has said of the same is over, and not told again to a server that is back. */
  hear(change: SharedChange & { readonly kind: "recovered" }): void;
  /** Reads what others have said, because there are keys that were not known before. */
  readAgain(): void;
  readonly minutes: MinuteLeases;
  close(): void;
}

/** In one message, so that none is long. */
const MAX_CHANGES = 500;

export function openRedisSharing(parts: RedisSharingParts): RedisSharing {
  const { url, speaker, hashes, clock, timers, random, deliver, onChange, processes } = parts;
  /** What this process has said and is still so: a server that is back may have lost it. */
  const own = createPresentChanges(clock);
  const reader = createRedisReader(speaker.gateway, hashes, clock);
  let send: SendCommand | undefined;
  let writingBy: SendCommand | undefined;
  const report = reportOnce(onChange);
  const onFailure = (by: SendCommand, error: unknown): void => link.lose(by, problemOf(error));
  const minutes = new RedisMinutes({ self: speaker.self, hashes, timers, processes, onFailure });

  /** One message at a time: what comes meanwhile is coalesced, so that a slow server costs no memory. */
  const write = async (): Promise<void> => {
    const by = send;
    if (!by || writingBy === by) return;
    writingBy = by;
    for (let changes = outbox.take(MAX_CHANGES); changes.length > 0; changes = outbox.take(MAX_CHANGES)) {
      try {
        await Promise.all(commandsFor(changes, speaker, hashes, clock()).map(([name, values]) => by(name, values)));
      } catch (error) {
        outbox.putBack(changes);
        link.lose(by, problemOf(error));
      }
      // What was lost goes on with the next link.
      if (send !== by) return;
    }
    writingBy = undefined;
  };
  const outbox = createOutbox(() => void write(), timers);

  const read = (by: SendCommand): Promise<void> =>
    readStored(by, reader, clock(), deliver).catch((error: unknown) => onFailure(by, error));

  /** A server that answers may still refuse to do it: it may be full, or a replica. */
  const join = async (by: SendCommand): Promise<void> => {
    for (const { changes } of own.all()) outbox.putBack(changes);
    await write();
    if (send === by) await read(by);
    if (send !== by) return;
    link.confirm(by);
    report(undefined);
  };

  const link = openRedisLink({
    ...{ url, channels: [CHANGES_CHANNEL, MINUTES_CHANNEL], beatChannel: beatOf(speaker.self), timers, random },
    onMessage(text, channel) {
      if (channel === MINUTES_CHANNEL) return minutes.hear(text);
      const said = reader.message(text);
      if (said) deliver(said);
    },
    onUp(by) {
      send = by;
      minutes.up(by);
      void join(by);
    },
    onBeat: (by) => minutes.count(by),
    onDown(problem) {
      send = undefined;
      writingBy = undefined;
      report(problem);
      minutes.down();
    },
  });

  return {
    tell(change) {
      own.note({ from: speaker.self, changes: [change] });
      outbox.put(change);
    },
    hear: (change) => own.note({ from: speaker.self, changes: [change] }),
    readAgain: () => void (send && read(send)),
    minutes: minutes.leases,
    close() {
      send = undefined;
      minutes.close();
      outbox.close();
      link.close();
    },
  };
}

/** Delivers what others have said and is still so, and takes away what is over. */
async function readStored(by: SendCommand, reader: RedisReader, now: number, deliver: RedisSharingParts["deliver"]) {
  const minute = minuteOf(now);
  const minutes = [minute - 1, minute];
  const [cooling, ...used] = await Promise.all([COOLING, ...minutes.map(usedIn)].map((key) => by("HGETALL", [key])));
  const { said, over } = reader.stored(cooling, new Map(minutes.map((each, index) => [each, used[index]])));
  said.forEach(deliver);
  if (over.length > 0) await by("HDEL", [COOLING, ...over]);
}

function reportOnce(onChange: RedisSharingParts["onChange"]): RedisSharingParts["onChange"] {
  let isAway = false;
  return (problem) => {
    if (isAway === (problem !== undefined)) return;
    isAway = problem !== undefined;
    onChange(problem);
  };
}
