import type { JsonObject } from "../../core/json/parse.ts";
import type { CacheMark } from "../form/blocks.ts";
import type { WireTarget } from "../form/dialect.ts";
import type { ClaudeWriting } from "../form/claude-thinking.ts";
import { gatherNotes, type Notes } from "../form/notes.ts";

/** Whose model it is, as far as this wire's requests differ by it. */
export type Family = "claude" | "nova" | "nova2" | "gpt-oss" | "other";

const FAMILIES: readonly (readonly [pattern: RegExp, family: Family])[] = [
  [/claude/, "claude"],
  [/nova-2/, "nova2"],
  [/nova/, "nova"],
  [/gpt-oss/, "gpt-oss"],
];

/** @param model an id, `us.amazon.nova-pro-v1:0`, or an ARN; a profile of the operator's own does not tell */
export function familyOf(model: string): Family {
  const name = model.toLowerCase();
  return FAMILIES.find(([pattern]) => pattern.test(name))?.[1] ?? "other";
}

type Place = "content" | "tools";

/** What is shared by all that write one request. */
export interface Writing extends ClaudeWriting {
  readonly family: Family;
  readonly notes: Notes;
  /** Calls and their results are told in words, because the request has no tools. */
  readonly tellsCalls: boolean;
  /** What stands behind a block or a tool with that mark: a cache point, or nothing. */
  cachePoint(mark: CacheMark | undefined, place: Place): readonly JsonObject[];
  /** The blocks without the cache points that are too many. */
  withinLimit(blocks: readonly JsonObject[]): readonly JsonObject[];
  /** A document's name as the wire takes it, another one for each. */
  documentName(wanted: string | undefined): string;
}

/** https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html */
const MAX_CACHE_POINTS = 4;

export function openWriting(target: WireTarget, tellsCalls: boolean): Writing {
  const notes = gatherNotes();
  const family = familyOf(target.model);
  /** In the order in which the provider caches what is before them. */
  const points: Readonly<Record<Place, JsonObject[]>> = { tools: [], content: [] };
  const names = new Set<string>();
  const hasCache = (place: Place): boolean =>
    family === "claude" || (place === "content" && (family === "nova" || family === "nova2"));
  return {
    target,
    family,
    notes,
    tellsCalls,
    note: (kind, member) => notes[kind](member),
    cachePoint(mark, place) {
      if (!mark) return [];
      if (!hasCache(place)) {
        notes.dropped("cache_control");
        return [];
      }
      // Only Claude keeps it for an hour.
      const ttl = mark.ttl === "1h" && family === "claude" ? { ttl: mark.ttl } : {};
      const point = { cachePoint: { type: "default", ...ttl } };
      points[place].push(point);
      return [point];
    },
    withinLimit(blocks) {
      const all = [...points.tools, ...points.content];
      if (all.length <= MAX_CACHE_POINTS) return blocks;
      // The last ones reach furthest, and what is before them is cached with them.
      const surplus = new Set(all.slice(0, -MAX_CACHE_POINTS));
      notes.dropped("cache_control");
      return blocks.filter((block) => !surplus.has(block));
    },
    documentName(wanted) {
      const name = cleanName(wanted ?? "") || "document";
      let unique = name;
      for (let number = 2; names.has(unique); number++) unique = `${name} (${number})`;
      names.add(unique);
      return unique;
    },
  };
}

const MAX_NAME_CHARACTERS = 190;

/** Letters, digits, single spaces, hyphens and brackets. */
const cleanName = (name: string): string =>
  name
    .replace(/\.\w{1,5}$/, "")
    .replace(/[^a-zA-Z0-9 ()[\]-]/g, "-")
    .replace(/ {2,}/g, " ")
    .trim()
    .slice(0, MAX_NAME_CHARACTERS);
