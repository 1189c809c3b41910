import type { JsonObject } from "../../core/json/parse.ts";
import { type Block, type CallBlock, isText, type OpaqueBlock, type ResultBlock } from "../form/blocks.ts";
import type { Turn } from "../form/conversation.ts";
import { isSet, listOf, objectOf, textOf } from "../../core/json/values.ts";
import { LOCAL_SHELL, readShellAction } from "./local-shell.ts";
import type { ForeignMembers } from "./member-lists.ts";
import { readContent } from "./read-content.ts";
import type { ToolList } from "./read-tools.ts";
import { isEmptyThinking, readThinking } from "./thinking.ts";

/** How a conversation can go on that nobody but the gateway keeps. */
export const GO_ON =
  "with RESPONSES_STORE=sqlite or redis the gateway keeps responses, and previous_response_id goes on from one";

/** Why a request cannot name what was said before. */
export const NO_STORE = `its API keeps no responses; ${GO_ON}`;

/** Why a request cannot refer to an item. Clients such as the Vercel AI SDK do so unless they are told to store nothing. */
const NO_ITEMS =
  "its API keeps no responses; send the item itself, as clients do that are set to store: false, or set " +
  "RESPONSES_STORE=sqlite or redis, with which the gateway keeps responses";

/** Traces of tools that the provider ran, without which the conversation still reads well. */
const TRACES = new Set([
  "web_search_call",
  "file_search_call",
  "code_interpreter_call",
  "image_generation_call",
  "mcp_call",
  "mcp_list_tools",
  "tool_search_call",
  "tool_search_output",
]);

interface Reading {
  readonly turns: { readonly role: Turn["role"]; readonly blocks: Block[] }[];
  readonly tools: ToolList;
  readonly foreign: ForeignMembers;
}

/**
 * The turns of a request's input: what the model said is one turn until somebody else says something, and so are the
 * results of its calls; each other message is a turn of its own.
 */
export function readItems(input: unknown, tools: ToolList, foreign: ForeignMembers): Turn[] {
  const reading: Reading = { turns: [], tools, foreign };
  const items = typeof input === "string" ? [{ role: "user", content: input }] : listOf(input);
  for (const [index, item] of items.entries()) readItem(objectOf(item) ?? {}, `input[${index}]`, reading);
  return reading.turns.map(({ role, blocks }) =>
    role === "system" || role === "developer" ? { role, blocks: blocks.filter(isText) } : { role, blocks },
  );
}

function append({ turns }: Reading, role: "assistant" | "tool", blocks: readonly Block[]): void {
  if (blocks.length === 0) return;
  const last = turns.at(-1);
  if (last?.role === role) for (const block of blocks) last.blocks.push(block);
  else turns.push({ role, blocks: [...blocks] });
}

/** The seal of a call of another API comes in an item of its own before it. */
function appendCall(reading: Reading, call: CallBlock): void {
  const turn = reading.turns.at(-1);
  const before = turn?.role === "assistant" ? turn.blocks.at(-1) : undefined;
  const isSeal = before?.type === "thinking" && before.text === "" && before.seal?.kind === "signature";
  if (isSeal) turn?.blocks.pop();
  append(reading, "assistant", [isSeal ? { ...call, seal: before.seal } : call]);
}

function readItem(item: JsonObject, path: string, reading: Reading): void {
  const type = textOf(item["type"]) ?? ("role" in item ? "message" : "");
  const call = readCall(item, reading.tools.nameOf);
  if (call) return appendCall(reading, call);
  switch (type) {
    case "message":
      return readMessage(item, path, reading);
    case "reasoning": {
      const thinking = readThinking(item);
      return append(reading, "assistant", isEmptyThinking(thinking) ? [] : [thinking]);
    }
    case "function_call_output":
    case "custom_tool_call_output":
    case "local_shell_call_output":
      return append(reading, "tool", [readResult(item, path, reading)]);
    case "additional_tools":
      return reading.foreign.harmless(`${path}.type`);
    case "configuration_update":
      return reading.foreign.harmless(path);
    case "item_reference":
      return reading.foreign.essential(`${path}.type`, NO_ITEMS);
    default:
      if (!TRACES.has(type)) reading.foreign.essential(`${path}.type`);
      return append(reading, "assistant", [readOpaque(item)]);
  }
}

const MESSAGE_ROLES = ["user", "assistant", "system", "developer"] as const;

function readMessage(item: JsonObject, path: string, reading: Reading): void {
  const role = MESSAGE_ROLES.find((known) => known === item["role"]);
  if (!role) return reading.foreign.essential(`${path}.role`);
  if (isSet(item["phase"])) reading.foreign.harmless(`${path}.phase`);
  const blocks = readContent(item["content"], `${path}.content`, reading.foreign);
  if (role === "assistant") return append(reading, role, blocks);
  const media = role === "user" ? -1 : blocks.findIndex(({ type }) => type !== "text");
  if (media >= 0) reading.foreign.essential(`${path}.content[${media}].type`);
  if (blocks.length > 0) reading.turns.push({ role, blocks });
}

/** A call of a tool that the client runs; undefined if the item is something else. */
export function readCall(item: JsonObject, nameOf: ToolList["nameOf"]): CallBlock | undefined {
  const id = textOf(item["call_id"]) ?? textOf(item["id"]) ?? "";
  const name = nameOf(textOf(item["name"]) ?? "", item["namespace"]);
  switch (item["type"]) {
    case "function_call":
      return { type: "call", id, name, input: readArguments(item["arguments"]), kind: "function" };
    case "custom_tool_call":
      return { type: "call", id, name, input: textOf(item["input"]) ?? "", kind: "custom" };
    case "local_shell_call":
      return { type: "call", id, name: LOCAL_SHELL, input: readShellAction(item["action"]), kind: "function" };
    default:
      return undefined;
  }
}

/** Some providers write an object. */
const readArguments = (value: unknown): string => textOf(value) ?? (isSet(value) ? JSON.stringify(value) : "");

function readResult(item: JsonObject, path: string, { foreign }: Reading): ResultBlock {
  const { output } = item;
  const isContent = typeof output === "string" || Array.isArray(output);
  return {
    type: "result",
    callId: textOf(item["call_id"]) ?? textOf(item["id"]) ?? "",
    blocks: readContent(isContent || !isSet(output) ? output : JSON.stringify(output), `${path}.output`, foreign),
    isError: false,
    kind: item["type"] === "custom_tool_call_output" ? "custom" : "function",
  };
}

/** An item that only this API has. */
export const readOpaque = (item: JsonObject): OpaqueBlock => ({
  type: "opaque",
  format: "responses",
  name: textOf(item["type"]) ?? "item",
  value: item,
});
