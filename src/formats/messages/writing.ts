import type { CacheMark } from "../form/blocks.ts";
import type { Note, WireTarget } from "../form/dialect.ts";
import type { WireObject } from "./members.ts";

/** What is shared by all that write one request. */
export interface Writing {
  readonly target: WireTarget;
  /** Says what the wire could not say as it was asked for; the same is noted once. */
  note(kind: Note["kind"], member: string): void;
  /** Puts a cache mark on a block or tool, if it has one, and returns it. */
  mark(block: WireObject, cache: CacheMark | undefined): WireObject;
  /** Takes off the cache marks that are too many, and returns all notes. */
  finish(): readonly Note[];
}

/** https://docs.anthropic.com/en/docs/build-with-claude/prompt-caching */
const MAX_CACHE_MARKS = 4;

export function openWriting(target: WireTarget): Writing {
  const notes = new Map<string, Note>();
  const marked: WireObject[] = [];
  const note = (kind: Note["kind"], member: string): void => {
    notes.set(`${kind} ${member}`, { kind, member });
  };
  return {
    target,
    note,
    mark(block, cache) {
      if (!cache) return block;
      block["cache_control"] = { type: "ephemeral", ...(cache.ttl && { ttl: cache.ttl }) };
      marked.push(block);
      return block;
    },
    finish() {
      // The last ones reach furthest, and what is before them is cached with them.
      const surplus = marked.slice(0, -MAX_CACHE_MARKS);
      for (const block of surplus) delete block["cache_control"];
      if (surplus.length > 0) note("dropped", "cache_control");
      return [...notes.values()];
    },
  };
}
