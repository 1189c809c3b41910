/** A longer escape of one character, in bytes, is none, however many zeros its number begins with. A power of two. */
export const MAX_ESCAPE = 256;

/**
 * A place between two bytes, and what is under way there. Reused for each {@link MAX_ESCAPE}th place, so its arrays may
 * hold more than counts; emptying them instead takes a third of all time.
 */
export interface Column {
  /** -1 while nothing is under way. */
  position: number;
  /** Escapes that have begun: their node, where they begin, how deep they are within others, and {@link Column.reach}. */
  escapes: number;
  readonly nodes: number[];
  readonly origins: number[];
  readonly depths: number[];
  readonly reaches: number[];
  /** Occurrences that have begun: how far they are, and where they begin. */
  matches: number;
  readonly states: number[];
  readonly starts: number[];
  /** The first byte that something under way here may yet mask. */
  reach: number;
}

/** The columns of the last {@link MAX_ESCAPE} places. */
export class Columns {
  readonly #columns: Column[] = [];

  /** The column of a place, or of the one that it takes the place of: its `position` says which. */
  at(position: number): Column {
    const index = position & (MAX_ESCAPE - 1);
    return (this.#columns[index] ??= {
      position: -1,
      escapes: 0,
      nodes: [],
      origins: [],
      depths: [],
      reaches: [],
      matches: 0,
      states: [],
      starts: [],
      reach: 0,
    });
  }
}
