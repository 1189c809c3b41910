import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import { type ArgumentsEnd, followArguments } from "../../core/json/arguments-end.ts";
import { createDeltaMerger, type MutableObject } from "./merge-delta.ts";

/** A call as the deltas have built it so far. */
export interface GrowingCall {
  readonly item: MutableObject;
  /** The `index` of the delta that began it; undefined if that had none. */
  readonly index: unknown;
  readonly argumentsEnd: ArgumentsEnd;
}

/** The calls of one answer, found by what deltas say of them. */
export interface GrowingCalls {
  /** The call that a delta continues; undefined if it begins one. */
  find(delta: JsonObject): GrowingCall | undefined;
  /** Begins a call. */
  begin(delta: JsonObject): GrowingCall;
  /** Adds a delta to its call. */
  add(call: GrowingCall, delta: JsonObject): void;
  readonly all: readonly GrowingCall[];
}

export function openGrowingCalls(): GrowingCalls {
  const mergeDelta = createDeltaMerger();
  const all: GrowingCall[] = [];
  /** The last call that was begun at each index. */
  const byIndex = new Map<unknown, GrowingCall>();
  /** The first call of each id. */
  const byId = new Map<string, GrowingCall>();

  /** Some providers send no index: there, a name begins a call. */
  const findWithoutIndex = (id: string, delta: JsonObject): GrowingCall | undefined => {
    const known = byId.get(id);
    const last = all.at(-1);
    if (known || nameOf(delta) === "") return known ?? last;
    return id === "" && last && !last.argumentsEnd.isEmpty() && continues(last, delta) ? last : undefined;
  };

  return {
    all,
    find(delta) {
      const id = idOf(delta);
      const index = indexOf(delta);
      if (index === undefined) return findWithoutIndex(id, delta);
      const known = byIndex.get(index);
      const named = byId.get(id);
      // Others send the same index for every call, and go on with one of them by its id.
      if (named && (named.index === undefined || (known && named.index === index))) return named;
      if (!known || nameOf(delta) === "") return known;
      // There, a name with another id begins a call, and without an id another name does.
      if (id !== "" && idOf(known.item) !== "") return undefined;
      return continues(known, delta) ? known : undefined;
    },
    begin(delta) {
      const index = indexOf(delta);
      const call: GrowingCall = { item: {}, index, argumentsEnd: followArguments() };
      all.push(call);
      if (index !== undefined) byIndex.set(index, call);
      return call;
    },
    add(call, delta) {
      const { index: _, ...item } = withArgumentsText(delta);
      call.argumentsEnd.take(argumentsOf(item));
      mergeDelta(call.item, item);
      const id = idOf(call.item);
      if (id !== "" && !byId.has(id)) byId.set(id, call);
    },
  };
}

/** Whether a name that comes again may be of the same call: it is the same one, and the arguments are not over yet. */
function continues({ item, argumentsEnd }: GrowingCall, delta: JsonObject): boolean {
  const name = nameOf(item);
  if (name !== "" && name !== nameOf(delta)) return false;
  return !argumentsEnd.isWhole() || argumentsOf(withArgumentsText(delta)).trim() === "";
}

/** The name of the function that a call calls; empty if it has none yet. */
export function nameOf(item: JsonObject): string {
  const called = item["function"];
  return isJsonObject(called) && typeof called["name"] === "string" ? called["name"] : "";
}

function argumentsOf(item: JsonObject): string {
  const called = item["function"];
  return isJsonObject(called) && typeof called["arguments"] === "string" ? called["arguments"] : "";
}

/** Empty if there is none: Gemini sends an empty one for every call. */
function idOf({ id }: JsonObject): string {
  return typeof id === "string" ? id : "";
}

function indexOf({ index }: JsonObject): unknown {
  return index ?? undefined;
}

/** Arguments are text, which comes in pieces; if one is an object, it is all of them. */
function withArgumentsText(delta: JsonObject): JsonObject {
  const called = delta["function"];
  if (!isJsonObject(called) || !isJsonObject(called["arguments"])) return delta;
  return { ...delta, function: { ...called, arguments: JSON.stringify(called["arguments"]) } };
}
