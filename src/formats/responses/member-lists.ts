import type { ForeignMember } from "../form/conversation.ts";
import type { Note } from "../form/dialect.ts";

/** `input[3].phase` and `input[7].phase` are one thing to tell, however long the conversation is. */
const shapeOf = (path: string): string => path.replace(/\[\d+\]/g, "[]");

/** What a reader did not understand; of members of one shape the first. */
export interface ForeignMembers {
  /** Leaving it out would change what the answer means. */
  essential(path: string, reason?: string): void;
  harmless(path: string): void;
  list(): readonly ForeignMember[];
}

export function createForeignMembers(): ForeignMembers {
  const members = new Map<string, ForeignMember>();
  const add = (path: string, isEssential: boolean, reason?: string): void => {
    const shape = shapeOf(path);
    const known = members.get(shape);
    if (!known || (isEssential && !known.isEssential)) members.set(shape, { path, isEssential, reason });
  };
  return {
    essential: (path, reason) => add(path, true, reason),
    harmless: (path) => add(path, false),
    list: () => [...members.values()],
  };
}

/** What a writer could not say; of members of one shape the first. */
export interface Notes {
  dropped(member: string): void;
  adjusted(member: string): void;
  list(): readonly Note[];
}

export function createNotes(): Notes {
  const notes = new Map<string, Note>();
  const add = (kind: Note["kind"], member: string): void => {
    const shape = `${kind} ${shapeOf(member)}`;
    if (!notes.has(shape)) notes.set(shape, { kind, member });
  };
  return {
    dropped: (member) => add("dropped", member),
    adjusted: (member) => add("adjusted", member),
    list: () => [...notes.values()],
  };
}
