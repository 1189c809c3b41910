import { openSchemaBudget, type SchemaBudget } from "./schema-references.ts";
import type { Note, WireTarget } from "../form/dialect.ts";

/** An object of the wire while it is put together. */
export type WireObject = { [name: string]: unknown };

/** What is shared by all that write one request. */
export interface Writing {
  readonly target: WireTarget;
  /** Of all its schemas. */
  readonly schemas: SchemaBudget;
  /** Says what the wire could not say as it was asked for; the same is noted once. */
  note(kind: Note["kind"], member: string): void;
  readonly notes: () => readonly Note[];
}

export function openWriting(target: WireTarget): Writing {
  const notes = new Map<string, Note>();
  return {
    target,
    schemas: openSchemaBudget(),
    note(kind, member) {
      notes.set(`${kind} ${member}`, { kind, member });
    },
    notes: () => [...notes.values()],
  };
}
