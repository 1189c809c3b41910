import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import { Failure } from "../../core/errors.ts";
import { editMembers } from "../../core/json/edit.ts";
import { createDeltaMerger, type MutableObject } from "./merge-delta.ts";
import { isFunctionCall } from "./tool-call.ts";
import type { ToolPlan } from "./tool-plan.ts";

/** A call as the deltas have built it so far. */
interface GrowingCall {
  readonly item: MutableObject;
  /** Undefined until its name is known. */
  shown: boolean | undefined;
  /** Its place among the calls that the client sees. */
  shownIndex: number;
  /** Deltas that wait for the name. */
  waiting: Uint8Array[];
}

/** The calls of one step, put together from their deltas. */
export interface ToolCallAccumulator {
  /**
   * Takes one delta of `tool_calls`, which is then part of the call; returns what of it and those before it the client
   * is shown now.
   * @throws Failure if the answer makes more calls than an answer can mean
   */
  take(delta: JsonObject, bytes: Uint8Array): readonly Uint8Array[];
  /** Whether any call is, or may turn out to be, one that the gateway answers. */
  haveOurs(): boolean;
  /** How many calls there are. */
  count(): number;
  /** The calls as they are in a whole message. */
  items(): JsonObject[];
}

export interface ToolCallAccumulatorOptions {
  readonly isOurs: ToolPlan["isOurs"];
  /** Show the gateway's calls too. */
  readonly showsOurs: boolean;
  /** The next place among all calls that the client has seen. */
  readonly nextIndex: () => number;
}

/** Calls of one answer; of so many most would not be run, and each costs far more than its bytes. */
const MAX_CALLS = 1024;

export function createToolCallAccumulator({
  isOurs,
  showsOurs,
  nextIndex,
}: ToolCallAccumulatorOptions): ToolCallAccumulator {
  const calls: GrowingCall[] = [];
  const byIndex = new Map<unknown, GrowingCall>();
  /** The first call of each id. */
  const byId = new Map<string, GrowingCall>();
  const mergeDelta = createDeltaMerger();
  let foundOurs = false;
  let undecided = 0;

  const withId = (id: unknown): GrowingCall | undefined =>
    typeof id === "string" && id !== "" ? byId.get(id) : undefined;

  /** The call that a delta continues; undefined if it begins one. */
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
    if (calls.length >= MAX_CALLS) {
      const message = `The upstream server's answer calls more than ${MAX_CALLS} tools`;
      throw new Failure("upstream_invalid_response", { message });
    }
    const call: GrowingCall = { item: {}, shown: undefined, shownIndex: -1, waiting: [] };
    calls.push(call);
    undecided += 1;
    if (delta["index"] !== undefined) byIndex.set(delta["index"], call);
    return call;
  };

  const decide = (call: GrowingCall): void => {
    if (call.shown !== undefined) return;
    const name = nameOf(call.item);
    const isFunction = isFunctionCall(call.item);
    if (isFunction && name === "") return;
    const ours = isOurs({ name, isFunction });
    undecided -= 1;
    foundOurs ||= ours;
    call.shown = !ours || showsOurs;
    if (call.shown) call.shownIndex = nextIndex();
  };

  return {
    take(delta, bytes) {
      const call = callOf(delta);
      const { index: _, ...item } = withArgumentsText(delta);
      mergeDelta(call.item, item);
      const { id } = call.item;
      if (typeof id === "string" && !byId.has(id)) byId.set(id, call);
      decide(call);
      if (call.shown === undefined) call.waiting.push(bytes);
      if (!call.shown) return [];
      const due = [...call.waiting.splice(0), bytes];
      if (delta["index"] === call.shownIndex) return due;
      return due.map((text) => editMembers(text, { index: call.shownIndex }));
    },
    haveOurs: () => foundOurs || undecided > 0,
    count: () => calls.length,
    items: () => calls.map(({ item }) => item),
  };
}

function nameOf(item: JsonObject): string {
  const called = item["function"];
  return isJsonObject(called) && typeof called["name"] === "string" ? called["name"] : "";
}

/** Arguments are text, which comes in pieces; if one is an object, it is all of them. */
function withArgumentsText(delta: JsonObject): JsonObject {
  const called = delta["function"];
  if (!isJsonObject(called) || !isJsonObject(called["arguments"])) return delta;
  return { ...delta, function: { ...called, arguments: JSON.stringify(called["arguments"]) } };
}
