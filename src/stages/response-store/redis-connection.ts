import { RedisClient } from "bun";
import type { TimerSource } from "../../core/deadlines.ts";
import { StoreUnavailable } from "./store.ts";

/** After a failure everybody is refused for so long, in milliseconds: a server that does not answer is waited for by few. */
const REST_MS = 500;

/** A connection that is opened when it is needed, and anew after it was lost. */
export interface RedisConnection {
  /**
   * Sends one command.
   * @throws StoreUnavailable if there is no answer in time
   */
  send(command: string, values: readonly string[]): Promise<unknown>;
  close(): void;
}

/** @param timeoutMs for connecting and for each command */
export function createRedisConnection(url: string, timeoutMs: number, timers: TimerSource): RedisConnection {
  let client: RedisClient | undefined;
  let connecting: Promise<RedisClient> | undefined;
  let restsUntil = Number.NEGATIVE_INFINITY;
  let problem = "";

  const open = async (): Promise<RedisClient> => {
    const opened = new RedisClient(url, {
      connectionTimeout: timeoutMs,
      autoReconnect: false,
      enableOfflineQueue: false,
    });
    client = opened;
    await opened.connect();
    return opened;
  };

  const connected = (): RedisClient | Promise<RedisClient> => {
    if (client?.connected) return client;
    connecting ??= open().finally(() => (connecting = undefined));
    return connecting;
  };

  const send = async (command: string, values: readonly string[]): Promise<unknown> =>
    (await connected()).send(command, [...values]);

  const lose = (error: unknown): StoreUnavailable => {
    problem = error instanceof Error ? error.message : String(error);
    // An answer of the server, such as one of a script that it cannot run, is no reason to leave it.
    if (error instanceof TimedOut || client?.connected !== true) {
      restsUntil = timers.now() + REST_MS;
      client?.close();
      client = undefined;
    }
    return new StoreUnavailable(problem, { cause: error });
  };

  return {
    async send(command, values) {
      if (timers.now() < restsUntil) throw new StoreUnavailable(problem);
      try {
        return await within(send(command, values), timeoutMs, timers);
      } catch (error) {
        throw lose(error);
      }
    },
    close() {
      client?.close();
      client = undefined;
    },
  };
}

class TimedOut extends Error {}

function within<Result>(work: Promise<Result>, timeoutMs: number, { setTimer, clearTimer }: TimerSource) {
  const { promise, resolve, reject } = Promise.withResolvers<Result>();
  const timer = setTimer(() => reject(new TimedOut(`no answer within ${timeoutMs} ms`)), timeoutMs);
  work.then(resolve, reject).finally(() => clearTimer(timer));
  return promise;
}
