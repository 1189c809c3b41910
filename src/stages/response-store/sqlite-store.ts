import { chmodSync, closeSync, openSync, statSync } from "node:fs";
import { createAwaitedAnswers } from "../../core/awaited-answers.ts";
import type { TimerSource } from "../../core/deadlines.ts";
import { listOf, textOf } from "../../core/json/values.ts";
import { startSqliteThread, type ThreadAnswer, type ThreadCall, type ThreadOpening } from "./sqlite-thread.ts";
import { type ResponseStore, sizeOf, type StoreLimits, StoreUnavailable } from "./store.ts";

export interface SqliteStoreParts {
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly timers: TimerSource;
}

/** For its owner alone: it holds what people said. */
const FILE_MODE = 0o600;
const OTHERS = 0o077;

/** More calls than this do not wait for the thread. */
const MAX_WAITING = 1000;

/** Beyond what the thread itself waits for a lock, in milliseconds: then it says why. */
const GRACE_MS = 50;

/**
 * Opens a store in an SQLite file, which several processes of one machine may share.
 * @throws Error if the file cannot be used
 */
export async function openSqliteStore(
  path: string,
  limits: StoreLimits,
  { clock, timers }: SqliteStoreParts,
): Promise<ResponseStore> {
  createPrivately(path);
  const thread = createThread(limits.timeoutMs + GRACE_MS, timers);
  await thread.open({ path, limits, time: clock() });
  const { call } = thread;

  return {
    async put(entry) {
      await call("put", [clock(), entry, sizeOf(entry, limits)]);
    },
    read: async (owner, ids) => (ids.length === 0 ? [] : listOf(await call("read", [clock(), owner, ids])).map(textOf)),
    find: async (owner, items) =>
      items.length === 0 ? [] : listOf(await call("find", [clock(), owner, items])).map(textOf),
    remove: async (owner, id) => (await call("remove", [clock(), owner, id])) === true,
    close: thread.close,
  };
}

/** The file and what SQLite puts beside it get their mode from this one. */
function createPrivately(path: string): void {
  closeSync(openSync(path, "a", FILE_MODE));
  if ((statSync(path).mode & OTHERS) !== 0) chmodSync(path, FILE_MODE);
}

/** The thread with the file, as long as nothing ends it. */
function createThread(timeoutMs: number, timers: TimerSource) {
  const worker = startSqliteThread();
  const calls = createAwaitedAnswers({
    timers,
    timeoutMs,
    max: MAX_WAITING,
    waiters: "calls wait for the file",
    unavailable: (reason) => new StoreUnavailable(reason),
  });
  let problem: string | undefined;
  const opened = Promise.withResolvers<void>();

  const end = (reason: string): void => {
    problem ??= reason;
    opened.reject(new Error(problem));
    calls.endAll(problem);
  };
  worker.addEventListener("message", ({ data }: MessageEvent<ThreadAnswer>) => {
    const { id, result, problem: ofCall } = data;
    if (id === undefined) return ofCall === undefined ? opened.resolve() : end(ofCall);
    calls.answered(id, result, ofCall);
  });
  worker.addEventListener("error", ({ message }) => end(message));
  const ended = Promise.withResolvers<void>();
  worker.addEventListener("close", () => {
    end("its thread has ended");
    ended.resolve();
  });

  /** Waits for the thread to close the file and to end, as long as for a call. */
  const close = async (): Promise<void> => {
    end("it is closed");
    worker.ref();
    worker.postMessage("close");
    const timer = timers.setTimer(ended.resolve, timeoutMs);
    await ended.promise;
    timers.clearTimer(timer);
    worker.unref();
  };

  return {
    async open(opening: ThreadOpening): Promise<void> {
      worker.postMessage(opening);
      try {
        await opened.promise;
      } catch (error) {
        await close();
        throw error;
      }
      // It does not keep the process alive.
      worker.unref();
    },
    async call<Name extends ThreadCall["name"]>(
      name: Name,
      values: Extract<ThreadCall, { name: Name }>["values"],
    ): Promise<unknown> {
      if (problem !== undefined) throw new StoreUnavailable(problem);
      return calls.ask((id) => worker.postMessage({ id, name, values }));
    },
    close,
  };
}
