import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import { editMembers } from "../../core/json/edit.ts";
import { isFunctionCall } from "./tool-call.ts";
import type { ToolPlan } from "./tool-plan.ts";

/** Names whose text comes whole, and perhaps again; every other text comes in pieces. */
const WHOLE_TEXTS: ReadonlySet<string> = new Set(["id", "type", "role", "name", "format"]);

/**
 * Adds what a delta brings to what the deltas before it have built: texts are joined, objects are merged, and of lists
 * the members with the same `index`. What a provider invents is treated alike, so that it can be given back to it.
 */
export function mergeDelta(built: JsonObject, delta: JsonObject): JsonObject {
  const merged: Record<string, unknown> = { ...built };
  for (const [name, value] of Object.entries(delta)) merged[name] = merge(name, merged[name], value);
  return merged;
}

function merge(name: string, earlier: unknown, later: unknown): unknown {
  if (later === null || later === undefined) return earlier ?? later;
  if (earlier === null || earlier === undefined) return later;
  if (typeof later === "string" && typeof earlier === "string") {
    if (WHOLE_TEXTS.has(name)) return later === "" ? earlier : later;
    return earlier + later;
  }
  if (isJsonObject(earlier) && isJsonObject(later)) return mergeDelta(earlier, later);
  // Mistral's content is a text while it answers, and a list of parts while it thinks.
  if (Array.isArray(earlier)) return mergeLists(earlier, typeof later === "string" ? textPart(later) : later);
  if (Array.isArray(later) && typeof earlier === "string") return mergeLists(textPart(earlier), later);
  return later;
}

function textPart(text: string): unknown[] {
  return text === "" ? [] : [{ type: "text", text }];
}

function mergeLists(earlier: readonly unknown[], later: unknown): unknown[] {
  const merged = [...earlier];
  for (const item of Array.isArray(later) ? (later as readonly unknown[]) : [later]) {
    const at = indexOf(item) === undefined ? -1 : merged.findIndex((known) => indexOf(known) === indexOf(item));
    const known = merged[at];
    if (isJsonObject(known) && isJsonObject(item)) merged[at] = mergeDelta(known, item);
    else merged.push(item);
  }
  return merged;
}

function indexOf(item: unknown): number | undefined {
  const index = isJsonObject(item) ? item["index"] : undefined;
  return typeof index === "number" ? index : undefined;
}

/** A call as the deltas have built it so far. */
interface GrowingCall {
  item: JsonObject;
  /** Undefined until its name is known. */
  shown: boolean | undefined;
  /** Its place among the calls that the client sees. */
  shownIndex: number;
  /** Deltas that wait for the name. */
  waiting: Uint8Array[];
}

/** The calls of one round, put together from their deltas. */
export interface ToolCallAccumulator {
  /** Takes one delta of `tool_calls`; gives what of it and those before it the client is shown now. */
  take(delta: JsonObject, bytes: Uint8Array): readonly Uint8Array[];
  /** Whether any call is, or may turn out to be, one that the gateway answers. */
  haveOurs(): boolean;
  /** The calls as they stand in a whole message. */
  items(): JsonObject[];
}

export interface ToolCallAccumulatorOptions {
  readonly isOurs: ToolPlan["isOurs"];
  /** Show the gateway's calls too. */
  readonly showsOurs: boolean;
  /** The next place among all calls that the client has seen. */
  readonly nextIndex: () => number;
}

export function createToolCallAccumulator({
  isOurs,
  showsOurs,
  nextIndex,
}: ToolCallAccumulatorOptions): ToolCallAccumulator {
  const calls: GrowingCall[] = [];
  const byIndex = new Map<unknown, GrowingCall>();
  let foundOurs = false;

  const withId = (id: unknown): GrowingCall | undefined =>
    typeof id === "string" && id !== "" ? calls.find(({ item }) => item["id"] === id) : undefined;

  /** The call that a delta goes on with; undefined where it begins one. */
  const knownCall = (delta: JsonObject): GrowingCall | undefined => {
    const { index, id } = delta;
    const isNamed = nameOf(delta) !== "";
    // Some providers send no index: there, a name begins a call.
    if (index === undefined) return withId(id) ?? (isNamed ? undefined : calls.at(-1));
    // Others send the same one for every call: there, a name with another id does.
    const known = byIndex.get(index);
    const knownId = known?.item["id"];
    return isNamed && id && knownId && id !== knownId ? undefined : known;
  };

  const callOf = (delta: JsonObject): GrowingCall => {
    const known = knownCall(delta);
    if (known) return known;
    const call: GrowingCall = { item: {}, shown: undefined, shownIndex: -1, waiting: [] };
    calls.push(call);
    if (delta["index"] !== undefined) byIndex.set(delta["index"], call);
    return call;
  };

  const decide = (call: GrowingCall): void => {
    if (call.shown !== undefined) return;
    const name = nameOf(call.item);
    const isFunction = isFunctionCall(call.item);
    if (isFunction && name === "") return;
    const ours = isOurs({ name, isFunction });
    foundOurs ||= ours;
    call.shown = !ours || showsOurs;
    if (call.shown) call.shownIndex = nextIndex();
  };

  return {
    take(delta, bytes) {
      const call = callOf(delta);
      const { index: _, ...item } = withArgumentsText(delta);
      call.item = mergeDelta(call.item, item);
      decide(call);
      if (call.shown === undefined) call.waiting.push(bytes);
      if (!call.shown) return [];
      const due = [...call.waiting.splice(0), bytes];
      if (delta["index"] === call.shownIndex) return due;
      return due.map((text) => editMembers(text, { index: call.shownIndex }));
    },
    haveOurs: () => foundOurs || calls.some(({ shown }) => shown === undefined),
    items: () => calls.map(({ item }) => item),
  };
}

function nameOf(item: JsonObject): string {
  const called = item["function"];
  return isJsonObject(called) && typeof called["name"] === "string" ? called["name"] : "";
}

/** Arguments are text, which comes in pieces; where one is an object, it is all of them. */
function withArgumentsText(delta: JsonObject): JsonObject {
  const called = delta["function"];
  if (!isJsonObject(called) || !isJsonObject(called["arguments"])) return delta;
  return { ...delta, function: { ...called, arguments: JSON.stringify(called["arguments"]) } };
}
