import { RedisClient } from "bun";

/** Sends one command; rejects if the link is lost before the answer comes. */
export type SendCommand = (command: string, values: readonly string[]) => Promise<unknown>;

/** Two connections to a Redis server, because one that listens can do nothing else. Neither is opened again once it is lost. */
export interface RedisConnections {
  readonly send: SendCommand;
  /** Resolves when both are open and the channels are listened to. */
  readonly opened: Promise<void>;
  close(): void;
}

export interface RedisConnectionsParts {
  readonly url: string;
  readonly channels: readonly string[];
  readonly onMessage: (text: string, channel: string) => void;
  /** One of them was closed, not by `close`. */
  readonly onLost: (problem: string) => void;
}

/** Whoever opens them loses patience sooner, by a clock that knows how busy this process is. */
const MOST_CONNECT_MS = 60_000;

/** @throws Error if it is no URL of a Redis server */
export function openRedisConnections(parts: RedisConnectionsParts): RedisConnections {
  const { url, channels, onMessage, onLost } = parts;
  const options = { connectionTimeout: MOST_CONNECT_MS, autoReconnect: false, enableOfflineQueue: false };
  const commands = new RedisClient(url, options);
  const listener = new RedisClient(url, options);
  const both = [commands, listener];
  for (const client of both) client.onclose = (error) => onLost(problemOf(error));

  const open = async (): Promise<void> => {
    await Promise.all(both.map((client) => client.connect()));
    await listener.subscribe([...channels], onMessage);
  };

  return {
    send: async (command, values) => commands.send(command, [...values]),
    opened: open(),
    close() {
      for (const client of both) {
        client.onclose = null;
        client.close();
      }
    },
  };
}

/** What went wrong, in words; of a server that is one of several, what is to be named instead. */
export function problemOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  if (/^(?:MOVED|ASK|CLUSTERDOWN|CROSSSLOT)\b/.test(text))
    return `${text}: a Redis Cluster is not supported, only a single server`;
  if (/^READONLY\b/.test(text)) return `${text}: it is a replica; name the primary, Sentinel is not asked for it`;
  return text;
}
