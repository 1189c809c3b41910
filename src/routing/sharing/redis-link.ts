import type { TimerSource } from "../../core/deadlines.ts";
import { createStallTolerantTimers } from "../../core/stall-tolerant-timers.ts";
import { openRedisConnections, problemOf, type RedisConnections, type SendCommand } from "./redis-connections.ts";

export interface RedisLinkParts {
  readonly url: string;
  /** What is listened to. */
  readonly channels: readonly string[];
  /** Where the link talks to itself; its own. */
  readonly beatChannel: string;
  readonly timers: TimerSource;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly onMessage: (text: string, channel: string) => void;
  /** It listens, and commands can be sent until it is lost. */
  readonly onUp: (send: SendCommand) => void;
  /** It is up, and about each second that it still is. */
  readonly onBeat: (send: SendCommand) => void;
  /** It was lost, or could not be made; another attempt follows. */
  readonly onDown: (problem: string) => void;
}

export interface RedisLink {
  /** What is sent by this is done: should it be lost, the next attempt follows soon. */
  confirm(send: SendCommand): void;
  /** What was to be sent was not: begins anew, if this is what it was sent by. */
  lose(send: SendCommand, problem: string): void;
  close(): void;
}

/** For connecting. */
const CONNECT_MS = 2000;
/** So often the link sends itself a message, which must have come before the next one. */
const BEAT_MS = 1000;
/** Beyond these, so long is waited in which an answer could have been heard: a busy process, or machine, is no lost link. */
const GRACE_MS = 250;
const NO_BEAT = `no answer within ${BEAT_MS} ms`;
/** Waits before attempts to connect: each time twice as long, of which a random part of at least half is waited. */
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 10_000;

/** Keeps a link to a Redis server, from now on until it is closed: connects, notices when it is lost, and connects again. */
export function openRedisLink(parts: RedisLinkParts): RedisLink {
  const { url, channels, beatChannel, timers, random, onMessage, onUp, onBeat, onDown } = parts;
  /** Undefined between attempts. */
  let current: RedisConnections | undefined;
  let failures = 0;
  let hasBeat = true;
  /** For the connection, the next beat, or the next attempt. */
  const wait = createWait(timers);

  const fail = (failed: RedisConnections, problem: string): void => {
    if (failed !== current) return;
    current = undefined;
    failed.close();
    wait.start(connect, Math.min(FIRST_WAIT_MS * 2 ** failures, LONGEST_WAIT_MS) * (0.5 + random() / 2));
    failures += 1;
    onDown(problem);
  };

  const open = (): RedisConnections => {
    const opened: RedisConnections = openRedisConnections({
      url,
      channels: [...channels, beatChannel],
      onMessage(text, from) {
        if (opened !== current) return;
        if (from === beatChannel) hasBeat = true;
        else onMessage(text, from);
      },
      onLost: (problem) => fail(opened, problem),
    });
    return opened;
  };

  const connect = (): void => {
    let opened: RedisConnections;
    try {
      opened = open();
    } catch (error) {
      // Only another URL helps, which a restart brings: there is no further attempt.
      return onDown(problemOf(error));
    }
    current = opened;
    wait.start(() => wait.more(() => fail(opened, `no answer within ${CONNECT_MS} ms`)), CONNECT_MS);
    const begin = (): void => {
      if (opened !== current) return;
      hasBeat = true;
      beat(opened);
      onUp(opened.send);
    };
    opened.opened.then(begin, (error: unknown) => fail(opened, problemOf(error)));
  };

  const beat = (connections: RedisConnections): void => {
    if (!hasBeat) return fail(connections, NO_BEAT);
    hasBeat = false;
    const next = (): void => beat(connections);
    wait.start(() => (hasBeat ? next() : wait.more(next)), BEAT_MS);
    connections.send("PUBLISH", [beatChannel, ""]).catch((error: unknown) => fail(connections, problemOf(error)));
    onBeat(connections.send);
  };

  connect();
  return {
    confirm(send) {
      if (current?.send === send) failures = 0;
    },
    lose(send, problem) {
      if (current?.send === send) fail(current, problem);
    },
    close() {
      wait.end();
      current?.close();
      current = undefined;
    },
  };
}

/** One wait at a time. */
function createWait(timers: TimerSource) {
  const stallTolerant = createStallTolerantTimers(timers);
  let end = (): void => {};
  const waitBy = (
    { setTimer, clearTimer }: Pick<TimerSource, "setTimer" | "clearTimer">,
    callback: () => void,
    delay: number,
  ) => {
    end();
    const timer = setTimer(callback, delay);
    end = (): void => clearTimer(timer);
  };
  return {
    start: (callback: () => void, delayMs: number) => waitBy(timers, callback, delayMs),
    more: (callback: () => void) => waitBy(stallTolerant, callback, GRACE_MS),
    end: () => end(),
  };
}
