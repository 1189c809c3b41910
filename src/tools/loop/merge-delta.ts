import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";

/** An object that deltas build, and that nothing else references. */
export type MutableObject = Record<string, unknown>;

/**
 * Adds what a delta brings to what the deltas before it have built: texts are joined, objects are merged, and of lists
 * the members with the same `index`. What a provider invents is treated alike, so that it can be given back to it.
 * Costs as much as the delta, not as what was built: `built` is changed in place, and takes over parts of the delta.
 */
export type MergeDelta = (built: MutableObject, delta: JsonObject) => void;

/** Names whose text comes whole, and perhaps again; every other text comes in pieces. */
const WHOLE_TEXTS: ReadonlySet<string> = new Set(["id", "type", "role", "name", "format"]);

const MEMBER = { configurable: true, enumerable: true, writable: true } as const;

/** Creates the merger for what one answer builds; it knows the lists of that. */
export function createDeltaMerger(): MergeDelta {
  /** Where the members of a list are by their `index`, so that they need not be looked for. */
  const positions = new WeakMap<readonly unknown[], Map<number, number>>();

  const mergeDelta: MergeDelta = (built, delta) => {
    for (const name of Object.keys(delta)) {
      const earlier = Object.hasOwn(built, name) ? built[name] : undefined;
      const merged = merge(name, earlier, delta[name]);
      // Assigned, this name would not become a member.
      if (name === "__proto__") Object.defineProperty(built, name, { value: merged, ...MEMBER });
      else built[name] = merged;
    }
  };

  const merge = (name: string, earlier: unknown, later: unknown): unknown => {
    if (later === null || later === undefined) return earlier ?? later;
    if (earlier === null || earlier === undefined) return later;
    if (typeof later === "string" && typeof earlier === "string") {
      if (WHOLE_TEXTS.has(name)) return later === "" ? earlier : later;
      return earlier + later;
    }
    if (isJsonObject(earlier) && isJsonObject(later)) {
      mergeDelta(earlier as MutableObject, later);
      return earlier;
    }
    // Mistral's content is a text while it answers, and a list of parts while it thinks.
    if (Array.isArray(earlier)) return mergeList(earlier, typeof later === "string" ? textPart(later) : later);
    if (Array.isArray(later) && typeof earlier === "string") return mergeList(textPart(earlier), later);
    return later;
  };

  const mergeList = (built: unknown[], later: unknown): unknown[] => {
    const known = positionsIn(built);
    for (const item of Array.isArray(later) ? (later as readonly unknown[]) : [later]) {
      const index = isJsonObject(item) ? item["index"] : undefined;
      const position = typeof index === "number" ? known.get(index) : undefined;
      const member = position === undefined ? undefined : built[position];
      if (isJsonObject(member) && isJsonObject(item)) mergeDelta(member as MutableObject, item);
      else notePosition(known, item, built.push(item) - 1);
    }
    return built;
  };

  const positionsIn = (list: readonly unknown[]): Map<number, number> => {
    let known = positions.get(list);
    if (!known) {
      positions.set(list, (known = new Map()));
      for (const [position, item] of list.entries()) notePosition(known, item, position);
    }
    return known;
  };

  return mergeDelta;
}

function notePosition(known: Map<number, number>, item: unknown, position: number): void {
  const index = isJsonObject(item) ? item["index"] : undefined;
  if (typeof index === "number" && !known.has(index)) known.set(index, position);
}

function textPart(text: string): unknown[] {
  return text === "" ? [] : [{ type: "text", text }];
}
