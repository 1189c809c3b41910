import type { ConfigSource, ReadSource } from "../config/config-source.ts";
import type { WatchParts } from "../config/file/watch-file.ts";

export interface ReloadParts {
  /** What the configuration in use was read from. */
  readonly source: ConfigSource;
  /** Reads it anew. */
  readonly read: () => Promise<ReadSource>;
  readonly apply: (read: ReadSource) => Promise<unknown> | undefined;
  readonly watch: WatchParts;
}

/** Reloads one after the other: at most one goes on, and one waits, which will read what is there then. */
export interface Reloads {
  /** Reads and applies everything, changed or not. */
  reload(): void;
  /** Does so if one of the files holds something else than when it was last read. */
  reloadIfChanged(): void;
}

export function createReloads({ source, read, apply }: Omit<ReloadParts, "watch">): Reloads {
  let seen = stateOf({ ok: true, source });
  let wanted: "always" | "if-changed" | undefined;
  let isBusy = false;

  const run = async (): Promise<void> => {
    if (isBusy) return;
    isBusy = true;
    try {
      while (wanted !== undefined) {
        const how = wanted;
        wanted = undefined;
        // What nobody foresaw must not end a gateway that serves.
        const found = await read().catch((error: unknown): ReadSource => {
          return {
            ok: false,
            problem: `the settings cannot be read: ${error instanceof Error ? error.name : "error"}`,
          };
        });
        const state = stateOf(found);
        if (how === "if-changed" && state === seen) continue;
        seen = state;
        await apply(found);
      }
    } finally {
      isBusy = false;
    }
  };

  return {
    reload() {
      wanted = "always";
      void run();
    },
    reloadIfChanged() {
      wanted ??= "if-changed";
      void run();
    },
  };
}

/** What tells one content of the files that are watched from another, also if it cannot be read. */
function stateOf(read: ReadSource): string {
  if (!read.ok) return read.problem;
  const { file, routing } = read.source;
  const states = [file, routing].map((one) => one && (one.version || one.problems.join("\n")));
  return states.join("\n");
}

/** Reloads on SIGHUP, and when the configuration file, or the one of ROUTING_CONFIG_PATH, is saved, if there is one. */
export function reloadOnChange(parts: ReloadParts): void {
  const reloads = createReloads(parts);
  process.on("SIGHUP", reloads.reload);
  const files = [parts.source.file, parts.source.routing].flatMap((file) => (file ? [file.name] : []));
  if (files.length === 0) return;
  void import("../config/file/watch-file.ts").then(({ watchFile }) => {
    for (const file of files) watchFile(file, reloads.reloadIfChanged, parts.watch);
    // It may have been saved while the gateway was built.
    reloads.reloadIfChanged();
  });
}
