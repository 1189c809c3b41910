import { RedisClient } from "bun";
import type { TimerSource } from "../../core/deadlines.ts";

/** Sends one command; rejects if the link is lost before the answer comes. */
export type SendCommand = (command: string, values: readonly string[]) => Promise<unknown>;

export interface RedisLinkParts {
  readonly url: string;
  /** What is listened to. */
  readonly channel: string;
  /** Where the link talks to itself; its own. */
  readonly beatChannel: string;
  readonly timers: Pick<TimerSource, "setTimer" | "clearTimer">;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly onMessage: (text: string) => void;
  /** It listens, and commands can be sent until it is lost. */
  readonly onUp: (send: SendCommand) => void;
  /** It was lost, or could not be made; another attempt follows. */
  readonly onDown: (problem: string) => void;
}

export interface RedisLink {
  /** What could be sent was not done: begins anew, if this is what it was sent by. */
  lose(send: SendCommand, problem: string): void;
  close(): void;
}

/** For connecting. */
const CONNECT_MS = 2000;
/** So often the link sends itself a message, which must have come before the next one. */
const BEAT_MS = 1000;
/** Waits before attempts to connect: each time twice as long, of which a random part of at least half is waited. */
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 10_000;
const CLIENT_OPTIONS = { connectionTimeout: CONNECT_MS, autoReconnect: false, enableOfflineQueue: false };

/** One life of the link: two connections, because one that listens can do nothing else. */
interface Connections {
  readonly send: SendCommand;
  isUp: boolean;
  hasBeat: boolean;
  close(): void;
}

/** Keeps a link to a Redis server, from now on until it is closed: connects, notices when it is lost, and connects again. */
export function openRedisLink(parts: RedisLinkParts): RedisLink {
  const { url, channel, beatChannel, timers, random, onMessage, onUp, onDown } = parts;
  let current: Connections | undefined;
  let failures = 0;
  let timer: unknown;
  let isClosed = false;

  const fail = (failed: Connections | undefined, problem: string): void => {
    if (isClosed || failed !== current) return;
    current = undefined;
    failed?.close();
    timers.clearTimer(timer);
    const wait = Math.min(FIRST_WAIT_MS * 2 ** failures, LONGEST_WAIT_MS);
    failures += 1;
    timer = timers.setTimer(connect, wait * (0.5 + random() / 2));
    onDown(problem);
  };

  const open = (): Connections => {
    const commands = new RedisClient(url, CLIENT_OPTIONS);
    const listener = new RedisClient(url, CLIENT_OPTIONS);
    const connections: Connections = {
      send: (command, values) => commands.send(command, [...values]),
      isUp: false,
      hasBeat: true,
      close() {
        for (const client of [commands, listener]) {
          client.onclose = null;
          client.close();
        }
      },
    };
    const hear = (text: string, from: string): void => {
      if (connections !== current) return;
      if (from === beatChannel) connections.hasBeat = true;
      else onMessage(text);
    };
    for (const client of [commands, listener]) {
      client.onclose = (error) => fail(connections, error?.message ?? "the connection was closed");
    }
    const listening = async (): Promise<void> => {
      await Promise.all([commands.connect(), listener.connect()]);
      await listener.subscribe([channel, beatChannel], hear);
      if (connections !== current) return;
      connections.isUp = true;
      failures = 0;
      timers.clearTimer(timer);
      beat(connections);
      onUp(connections.send);
    };
    listening().catch((error: unknown) => fail(connections, problemOf(error)));
    return connections;
  };

  const connect = (): void => {
    try {
      const opened = open();
      current = opened;
      timer = timers.setTimer(() => fail(opened, `no answer within ${CONNECT_MS} ms`), CONNECT_MS);
    } catch (error) {
      // Nothing but another URL helps, which only a restart brings.
      isClosed = true;
      onDown(problemOf(error));
    }
  };

  const beat = (connections: Connections): void => {
    if (!connections.hasBeat) return fail(connections, `no answer within ${BEAT_MS} ms`);
    connections.hasBeat = false;
    timer = timers.setTimer(() => beat(connections), BEAT_MS);
    connections.send("PUBLISH", [beatChannel, ""]).catch((error: unknown) => fail(connections, problemOf(error)));
  };

  connect();
  return {
    lose(send, problem) {
      if (current?.send === send) fail(current, problem);
    },
    close() {
      isClosed = true;
      timers.clearTimer(timer);
      current?.close();
      current = undefined;
    },
  };
}

export const problemOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
