import { watch } from "node:fs";
import { stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import type { TimerSource } from "../../core/deadlines.ts";

/** What the watch uses of the outside world; every member but the timers defaults to the real thing. */
export interface WatchParts {
  readonly timers: Pick<TimerSource, "setTimer" | "clearTimer" | "now">;
  /**
   * Reports the names in a folder that change, undefined for one that is not known.
   * @throws if the platform or the file system has no such events, or the folder is not there
   */
  readonly watchFolder?: (folder: string, onEvent: (name: string | undefined) => void, onError: () => void) => Closable;
  /** What differs when a file is another one or holds something else; undefined if there is none. Follows links. */
  readonly fingerprint?: (path: string) => Promise<string | undefined>;
}

interface Closable {
  close(): void;
}

/** A file is read when it has been left alone for so long: whoever writes it in parts is not done. */
const QUIET_MS = 100;
/** One that is never left alone is read nevertheless. */
const MAX_DELAY_MS = 1000;
/** Finds what has no events: file systems over a network, a file mounted by itself, a link to another folder. */
const POLL_MS = 2000;

/**
 * Calls back after a file has changed, also if it was replaced by another one of its name, or if the folder that it is
 * linked from was, as in volumes of Kubernetes: `..data` becomes another link there. May call back without a change.
 */
export function watchFile(path: string, onChange: () => void, parts: WatchParts): Closable {
  const { timers, watchFolder = watchByEvents, fingerprint = fingerprintOf } = parts;
  const name = basename(path);
  let watched: Closable | undefined;
  let known: string | undefined;
  let firstEventAt: number | undefined;
  let quiet: unknown;
  let poll: unknown;
  let isClosed = false;

  const settle = (): void => {
    firstEventAt = undefined;
    onChange();
  };

  const changed = (): void => {
    const now = timers.now();
    firstEventAt ??= now;
    timers.clearTimer(quiet);
    quiet = timers.setTimer(settle, Math.max(0, Math.min(QUIET_MS, firstEventAt + MAX_DELAY_MS - now)));
  };

  const unwatch = (): void => {
    watched?.close();
    watched = undefined;
  };

  const listen = (): void => {
    unwatch();
    try {
      watched = watchFolder(
        dirname(path),
        (changedName) => {
          if (changedName === undefined || changedName === name || changedName.startsWith("..")) changed();
        },
        unwatch,
      );
    } catch {
      // Polling goes on, and tries again after the next change.
    }
  };

  const look = async (): Promise<void> => {
    const found = await fingerprint(path);
    if (isClosed) return;
    if (found !== known) {
      known = found;
      // The folder may be another one by now.
      listen();
      changed();
    }
    poll = timers.setTimer(() => void look(), POLL_MS);
  };

  listen();
  void fingerprint(path).then((found) => {
    known = found;
    if (!isClosed) poll = timers.setTimer(() => void look(), POLL_MS);
  });

  return {
    close() {
      isClosed = true;
      timers.clearTimer(quiet);
      timers.clearTimer(poll);
      unwatch();
    },
  };
}

const watchByEvents: NonNullable<WatchParts["watchFolder"]> = (folder, onEvent, onError) => {
  const watcher = watch(folder, { persistent: false }, (_, name) => onEvent(name ?? undefined));
  watcher.on("error", onError);
  return watcher;
};

async function fingerprintOf(path: string): Promise<string | undefined> {
  try {
    const { dev, ino, size, mtimeMs } = await stat(path);
    return [dev, ino, size, mtimeMs].join(" ");
  } catch {
    return undefined;
  }
}
