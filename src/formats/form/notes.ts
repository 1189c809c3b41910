import type { Note } from "./dialect.ts";

/** Gathers what a writer could not say as it was asked for; each member once. */
export interface Notes {
  dropped(member: string): void;
  adjusted(member: string): void;
  readonly all: readonly Note[];
}

export function gatherNotes(): Notes {
  const all: Note[] = [];
  const known = new Set<string>();
  const add = (kind: Note["kind"], member: string): void => {
    if (known.has(member)) return;
    known.add(member);
    all.push({ kind, member });
  };
  return {
    all,
    dropped: (member) => add("dropped", member),
    adjusted: (member) => add("adjusted", member),
  };
}
