import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import { editMembers } from "../../core/json/edit.ts";
import { openTurns } from "../../core/event-loop.ts";
import { hasNoArguments, readArguments } from "../mcp/tool-arguments.ts";

/** One call of a tool in a message of the assistant. */
export interface ToolCall {
  /** No other call of its message has it. */
  readonly id: string;
  /** Empty if the model named nothing. */
  readonly name: string;
  /** An object, or its JSON text, or what the model wrote instead. */
  readonly args: unknown;
  /** False for calls of kinds that only the client and the provider know, such as `custom`. */
  readonly isFunction: boolean;
  /** As the provider wrote it. */
  readonly item: JsonObject;
}

/**
 * The calls of a message, in order.
 * @param newId the id of the call at an index, for calls that have none or one that another call has
 */
export function readToolCalls(message: JsonObject, newId: (index: number) => string): ToolCall[] {
  const items = Array.isArray(message["tool_calls"]) ? message["tool_calls"].filter(isJsonObject) : [];
  const taken = new Set<string>();
  return items.map((item, index) => {
    const given = item["id"];
    const id = typeof given === "string" && given !== "" && !taken.has(given) ? given : newId(index);
    taken.add(id);
    const called = isJsonObject(item["function"]) ? item["function"] : undefined;
    const name = typeof called?.["name"] === "string" ? called["name"] : "";
    return { id, name, args: called?.["arguments"], isFunction: isFunctionCall(item), item };
  });
}

/** Whether a call is one of a function, as far as it has come; providers are careless with `type`. */
export function isFunctionCall({ type, function: called }: JsonObject): boolean {
  return isJsonObject(called) || type === undefined || type === "function";
}

/**
 * The assistant's message as it goes back to the provider: the provider's own bytes, with whatever it needs to find in
 * them, unless it would refuse them itself. Some give calls no id, no arguments, or arguments as an object; and some
 * parse the arguments again, so that ones that are not JSON would end the conversation instead of reaching the model as
 * an error.
 */
export async function messageForProvider(message: Uint8Array, calls: readonly ToolCall[]): Promise<Uint8Array> {
  const repaired: JsonObject[] = [];
  const turns = openTurns();
  for (const call of calls) {
    repaired.push(await repairCall(call));
    if (turns.isOver()) await turns.next();
  }
  const changed = repaired.some((item, index) => item !== calls[index]?.item);
  return editMembers(message, { role: "assistant", ...(changed && { tool_calls: repaired }) });
}

/** The arguments of a call as the provider gets them back: their own text, unless that is not the JSON of an object. */
export async function repairArguments(args: unknown): Promise<string> {
  const read = await readArguments(args);
  const value = "value" in read ? read.value : undefined;
  const isObjectText = typeof args === "string" && value !== undefined && !hasNoArguments(args);
  return isObjectText ? args : JSON.stringify(value ?? {});
}

async function repairCall({ id, args, isFunction, item }: ToolCall): Promise<JsonObject> {
  const argumentsText = await repairArguments(args);
  const called = item["function"];
  const withId = item["id"] === id ? item : { ...item, id };
  if (!isFunction || !isJsonObject(called) || args === argumentsText) return withId;
  return { ...withId, function: { ...called, arguments: argumentsText } };
}
