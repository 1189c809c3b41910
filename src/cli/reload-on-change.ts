import { type ConfigSource, loadSourceAgain, type ReadSource, sourceIn } from "../config/config-source.ts";
import type { WatchParts } from "../config/file/watch-file.ts";
import type { UntouchedProviders } from "../config/providers/untouched-providers.ts";
import type { LoadedConfig } from "../config/load-config.ts";
import { nextTurn } from "../core/event-loop.ts";
import type { OnReloadSignal } from "./signals.ts";

export interface ReloadParts {
  /** What the configuration in use was read from. */
  readonly source: ConfigSource;
  /** Reads it anew. */
  readonly read: () => Promise<ReadSource>;
  /** Puts it in force, or says what is wrong with it. @param source what it was read from, if that could be read */
  readonly apply: (loaded: LoadedConfig, source: ConfigSource | undefined) => Promise<unknown> | undefined;
  readonly watch: WatchParts;
}

/** Reloads one after the other: at most one goes on, and one waits, which will read what is there then. */
export interface Reloads {
  /** Reads and applies everything, changed or not. */
  reload(): void;
  /** Does so if something else is read than the last time. */
  reloadIfChanged(): void;
}

/**
 * What is wrong with a file that was just saved is told if it is still so after this time: it may be half written, or gone
 * for the moment.
 */
const DOUBT_MS = 500;
/** And after this one, if it is another thing each time. */
const MAX_DOUBT_MS = 5000;

/** A configuration that does not check, and may not be meant. */
interface Doubt {
  readonly state: string;
  readonly at: number;
  /** Since when there has been none that checks. */
  readonly since: number;
}

export function createReloads({ source, read, apply, watch: { timers } }: ReloadParts): Reloads {
  const untouched: UntouchedProviders = new Map();
  let seen = stateOf({ ok: true, source });
  let wanted: "always" | "if-changed" | undefined;
  let isBusy = false;
  let doubt: Doubt | undefined;
  let lookAgain: unknown;

  /** Whether one that does not check is left alone for now; it will be read again. */
  const isDoubtful = (state: string): boolean => {
    const now = timers.now();
    const { at, since } = doubt?.state === state ? doubt : { at: now, since: doubt?.since ?? now };
    const until = Math.min(at + DOUBT_MS, since + MAX_DOUBT_MS);
    if (now >= until) return false;
    doubt = { state, at, since };
    timers.clearTimer(lookAgain);
    lookAgain = timers.setTimer(reloadIfChanged, until - now);
    return true;
  };

  const handle = async (how: "always" | "if-changed"): Promise<void> => {
    // What nobody foresaw must not end a gateway that serves.
    const found = await read().catch((error: unknown): ReadSource => {
      return { ok: false, problem: `the settings cannot be read: ${error instanceof Error ? error.name : "error"}` };
    });
    const state = stateOf(found);
    // Requests go on between what takes milliseconds each.
    await nextTurn();
    const isChanged = state !== seen;
    if (how === "always" || isChanged) {
      const loaded = await load(found, untouched);
      if (how === "if-changed" && !loaded.ok && isDoubtful(state)) return;
      seen = state;
      await apply(loaded, found.ok ? found.source : undefined);
    }
    doubt = undefined;
    timers.clearTimer(lookAgain);
  };

  const run = async (): Promise<void> => {
    if (isBusy) return;
    isBusy = true;
    try {
      while (wanted !== undefined) {
        const how = wanted;
        wanted = undefined;
        await handle(how);
      }
    } finally {
      isBusy = false;
    }
  };

  const reloadIfChanged = (): void => {
    wanted ??= "if-changed";
    void run();
  };

  return {
    reload() {
      wanted = "always";
      void run();
    },
    reloadIfChanged,
  };
}

const load = async (read: ReadSource, untouched: UntouchedProviders): Promise<LoadedConfig> =>
  read.ok ? loadSourceAgain(read.source, untouched) : { ok: false, problems: [read.problem], warnings: [] };

/**
 * Identifies what was read, also if it cannot be used: a hash, as there are secrets in it. That it is not
 * only of the file itself lets who has put another secret in place save the file as it is.
 */
const stateOf = (read: ReadSource): string =>
  read.ok ? String(Bun.hash(JSON.stringify(sourceIn(read.source)))) : read.problem;

/** Reloads on SIGHUP, and when the configuration file, or the one of ROUTING_CONFIG_PATH, is saved, if there is one. */
export function reloadOnChange(onSignal: OnReloadSignal, parts: ReloadParts): void {
  const reloads = createReloads(parts);
  onSignal(reloads.reload);
  const files = [parts.source.file, parts.source.routing].flatMap((file) => (file ? [file.name] : []));
  if (files.length === 0) return;
  void import("../config/file/watch-file.ts").then(({ watchFile }) => {
    for (const file of files) watchFile(file, reloads.reloadIfChanged, parts.watch);
    // It may have been saved while the gateway was built.
    reloads.reloadIfChanged();
  });
}
