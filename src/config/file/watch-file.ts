import { watch } from "node:fs";
import { stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import type { TimerSource } from "../../core/deadlines.ts";

/** What the watch uses of the outside world; every member but the timers defaults to the real thing. */
export interface WatchParts {
  readonly timers: Pick<TimerSource, "setTimer" | "clearTimer" | "now">;
  /**
   * Reports what happens in a folder.
   * @throws if the platform or the file system has no such events, or the folder is not there
   */
  readonly watchFolder?: (folder: string, onEvent: OnFolderEvent, onError: () => void) => Closable;
  /** Looks at the file that a path leads to; undefined if there is none. Follows links. */
  readonly look?: (path: string) => Promise<SeenFile | undefined>;
}

/**
 * `rename` if a name is there now that was not, stands for another file, or is gone; `change` if what the file of that name
 * holds has changed. The name is undefined if it is not known.
 */
type OnFolderEvent = (kind: "rename" | "change", name: string | undefined) => void;

/** As much of a file as says whether it is another one, or holds something else. */
export interface SeenFile {
  readonly id: string;
  /** Differs when what it holds does. */
  readonly state: string;
  /**
   * Whether it was written before it got its name: something was done to it after it was last written. False also if there
   * was no tick of the file system's clock between the two.
   */
  readonly isMoved: boolean;
  readonly isEmpty: boolean;
}

interface Closable {
  close(): void;
}

/**
 * A file that is written in place is read when it has been left alone for so long: whoever writes it in parts is not done.
 * Less than a tenth of a second, so that what is saved ten times a second is read as often.
 */
const QUIET_MS = 50;
/**
 * One that has taken the place of another may still be written if it was made there, but then there are events of that. Two
 * ticks of the slowest clock that Linux has for files.
 */
const MADE_QUIET_MS = 20;
/** One that is never left alone is read nevertheless. */
const MAX_DELAY_MS = 1000;
/** Finds what has no events: file systems over a network, a file mounted by itself, a link to another folder. */
const POLL_MS = 2000;

/**
 * Calls back after a file has changed. At once if a whole one took its place, as by a rename onto its name, or by another link
 * in `..data` of a volume of Kubernetes: nobody writes it any more. May call back without a change.
 */
export function watchFile(path: string, onChange: () => void, parts: WatchParts): Closable {
  const { timers, watchFolder = watchByEvents, look = lookAt } = parts;
  const name = basename(path);
  let watched: Closable | undefined;
  let known: SeenFile | undefined;
  let poll: unknown;
  let isClosed = false;

  /** When it is known what is read: what changes after that is found by the next look. */
  const report = (found: SeenFile | undefined): void => {
    known = found;
    onChange();
  };

  const quiet = createQuiet(timers, async () => {
    const found = await look(path);
    if (!isClosed) report(found);
  });

  /** @param isLink whether it was a link on the way to the file, which leads to a whole one */
  const replaced = async (isLink: boolean): Promise<void> => {
    const found = await look(path);
    if (isClosed) return;
    const isOther = !isSame(found, known);
    const isWhole = isOther && found && !quiet.isAwaited();
    if (isWhole && (isLink || found.isMoved)) report(found);
    else if (isOther || !isLink) quiet.await(isWhole && !found.isEmpty ? MADE_QUIET_MS : QUIET_MS);
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
        (kind, changedName) => {
          const isLink = changedName !== name && changedName?.startsWith("..") === true;
          if (changedName !== undefined && changedName !== name && !isLink) return;
          if (kind === "rename") void replaced(isLink);
          else quiet.await(QUIET_MS);
        },
        unwatch,
      );
    } catch {
      // Polling goes on, and tries again after the next change.
    }
  };

  const pollOnce = async (): Promise<void> => {
    const found = await look(path);
    if (isClosed) return;
    if (!isSame(found, known)) {
      known = found;
      // The folder may be another one by now.
      listen();
      quiet.await(QUIET_MS);
    }
    poll = timers.setTimer(() => void pollOnce(), POLL_MS);
  };

  listen();
  void look(path).then((found) => {
    known ??= found;
    if (!isClosed) poll = timers.setTimer(() => void pollOnce(), POLL_MS);
  });

  return {
    close() {
      isClosed = true;
      quiet.forget();
      timers.clearTimer(poll);
      unwatch();
    },
  };
}

/** Calls back when nothing has happened for a while, or something for long. */
function createQuiet({ now, setTimer, clearTimer }: WatchParts["timers"], onQuiet: () => Promise<void>) {
  let firstEventAt: number | undefined;
  let timer: unknown;
  return {
    /** Something happens now. @param quietMs how long nothing is to happen after it */
    await(quietMs: number) {
      firstEventAt ??= now();
      clearTimer(timer);
      const delayMs = Math.max(0, Math.min(quietMs, firstEventAt + MAX_DELAY_MS - now()));
      timer = setTimer(() => {
        firstEventAt = undefined;
        void onQuiet();
      }, delayMs);
    },
    isAwaited: () => firstEventAt !== undefined,
    forget: () => clearTimer(timer),
  };
}

const isSame = (one: SeenFile | undefined, other: SeenFile | undefined): boolean =>
  one?.id === other?.id && one?.state === other?.state;

const watchByEvents: NonNullable<WatchParts["watchFolder"]> = (folder, onEvent, onError) => {
  const watcher = watch(folder, { persistent: false }, (kind, name) => onEvent(kind, name ?? undefined));
  watcher.on("error", onError);
  return watcher;
};

async function lookAt(path: string): Promise<SeenFile | undefined> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return {
      id: `${dev} ${ino}`,
      state: `${size} ${mtimeNs}`,
      isMoved: size > 0n && ctimeNs > mtimeNs,
      isEmpty: size === 0n,
    };
  } catch {
    return undefined;
  }
}
