/** What can keep rows out of the database: the disk with the spool, and the database itself. */
export interface Problems {
  /** Notes why one of them takes nothing; undefined if it does. */
  set(of: "disk" | "database", problem: string | undefined): void;
  isDiskFull(): boolean;
}

/** @param onChange called when the first problem comes and when the last one is gone */
export function createProblems(onChange: (problem: string | undefined) => void): Problems {
  let disk: string | undefined;
  let database: string | undefined;
  return {
    set(of, problem) {
      const before = disk ?? database;
      if (of === "disk") disk = problem;
      else database = problem;
      const now = disk ?? database;
      if ((now === undefined) !== (before === undefined)) onChange(now);
    },
    isDiskFull: () => disk !== undefined,
  };
}

/** Counts rows that are lost. */
export interface Losses {
  /** One found no room. */
  add(): void;
  /** Those that find no room are over. */
  end(): void;
  /** So many were lost in another way. */
  tell(count: number): void;
  total(): number;
}

/** @param onLost called when rows begin to be lost, and with their number when that is over */
export function createLosses(onLost: (count: number | undefined) => void): Losses {
  let total = 0;
  let current = 0;
  return {
    add() {
      if (current === 0) onLost(undefined);
      current += 1;
      total += 1;
    },
    end() {
      if (current === 0) return;
      onLost(current);
      current = 0;
    },
    tell(count) {
      total += count;
      onLost(count);
    },
    total: () => total,
  };
}
