import type { ConfigFile } from "./config-file.ts";
import { summarizeProblems } from "./locate.ts";

/** What is in use of a configuration file, and whether that is what it holds now. */
export interface FileState {
  /** When what is in use was loaded, in ISO 8601. */
  readonly loadedAt: string;
  /** Of what is in use: a short hash. */
  readonly version: string;
  /** What is wrong with what the file holds now, without any value of it; undefined if it is in use. */
  readonly problem: string | undefined;
}

/** Keeps the state of a file. */
export interface FileStateKeeper {
  readonly current: () => FileState;
  loaded(file: ConfigFile): void;
  /** @param problems all that is wrong, one line each */
  refused(problems: readonly string[]): void;
}

/**
 * @param clock milliseconds since the epoch
 * @param problem what is known to be wrong already with what the file holds
 */
export function keepFileState(file: ConfigFile, clock: () => number, problem?: string): FileStateKeeper {
  const stateOf = ({ version }: ConfigFile, problem?: string): FileState => ({
    loadedAt: new Date(clock()).toISOString(),
    version,
    problem,
  });
  let state = stateOf(file, problem);
  return {
    current: () => state,
    loaded(next) {
      state = stateOf(next);
    },
    refused(problems) {
      state = { ...state, problem: summarizeProblems(file, problems) };
    },
  };
}
