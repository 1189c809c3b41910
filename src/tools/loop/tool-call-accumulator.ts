import { Failure } from "../../core/errors.ts";
import { editMembers } from "../../core/json/edit.ts";
import type { JsonObject } from "../../core/json/parse.ts";
import { type GrowingCall, nameOf, openGrowingCalls } from "./growing-calls.ts";
import { isFunctionCall } from "./tool-call.ts";
import type { ToolPlan } from "./tool-plan.ts";

/** What the client is shown of a call. */
interface ShownCall {
  /** Undefined until the call's name is known. */
  isShown: boolean | undefined;
  /** Its place among the calls that the client sees. */
  index: number;
  /** Deltas that wait for the name. */
  readonly waiting: Uint8Array[];
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
export const MAX_CALLS = 1024;

export const tooManyCalls = (): Failure =>
  new Failure("upstream_invalid_response", {
    message: `The upstream server's answer calls more than ${MAX_CALLS} tools`,
  });

export function createToolCallAccumulator({
  isOurs,
  showsOurs,
  nextIndex,
}: ToolCallAccumulatorOptions): ToolCallAccumulator {
  const calls = openGrowingCalls();
  const shown = new Map<GrowingCall, ShownCall>();
  let foundOurs = false;
  let undecided = 0;

  const begin = (delta: JsonObject): GrowingCall => {
    if (calls.all.length >= MAX_CALLS) throw tooManyCalls();
    undecided += 1;
    return calls.begin(delta);
  };

  const shownOf = (call: GrowingCall): ShownCall => {
    let known = shown.get(call);
    if (!known) shown.set(call, (known = { isShown: undefined, index: -1, waiting: [] }));
    return known;
  };

  const decide = (call: GrowingCall, decided: ShownCall): void => {
    if (decided.isShown !== undefined) return;
    const name = nameOf(call.item);
    const isFunction = isFunctionCall(call.item);
    if (isFunction && name === "") return;
    const ours = isOurs({ name, isFunction });
    undecided -= 1;
    foundOurs ||= ours;
    decided.isShown = !ours || showsOurs;
    if (decided.isShown) decided.index = nextIndex();
  };

  return {
    take(delta, bytes) {
      const call = calls.find(delta) ?? begin(delta);
      calls.add(call, delta);
      const share = shownOf(call);
      decide(call, share);
      if (share.isShown === undefined) share.waiting.push(bytes);
      if (!share.isShown) return [];
      const due = [...share.waiting.splice(0), bytes];
      if (delta["index"] === share.index) return due;
      return due.map((text) => editMembers(text, { index: share.index }));
    },
    haveOurs: () => foundOurs || undecided > 0,
    count: () => calls.all.length,
    items: () => calls.all.map(({ item }) => item),
  };
}
