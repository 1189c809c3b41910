import { Failure } from "../../core/errors.ts";
import { asBuffer, toJson, writeArray } from "../../core/json/bytes.ts";
import type { JsonObject } from "../../core/json/parse.ts";
import { type Edit, editObject } from "../../core/json/edit.ts";
import type { Member } from "../../core/json/find.ts";
import { watchMembers } from "../../core/json/limits.ts";
import type { Format } from "../../formats/format.ts";
import type { ToolDefinition } from "../mcp/tool-definitions.ts";
import { requireSingleMember } from "../../pipeline/body/prepare-body.ts";
import { DECISIVE_NAMES } from "../../pipeline/body/received-body.ts";
import type { GrowingRequest } from "./growing-request.ts";

/** A request in the client's own bytes, which grows by what every step says. */
export interface Conversation extends GrowingRequest<unknown> {
  /** Adds messages, or what the API has in place of them, each as JSON text. */
  add(messages: readonly Uint8Array[]): void;
  /** All that were added. */
  added(): readonly Uint8Array[];
}

/** The member that holds what was said. */
export type TurnsMember = NonNullable<Format["images"]>["member"];

/**
 * Begins the conversation. Its bodies are the client's bytes with the gateway's functions behind its tools, and what was
 * added behind what was said before.
 * @param bytes the request as it goes to the provider without tools
 * @param value what the client sent, parsed
 * @param definitions the functions of the gateway that join the client's tools
 * @param turns the member that holds what was said: a list, or in the Responses API a text or nothing at all
 * @throws Failure if it, `tools` or `tool_choice` occurs twice, or one of the first two is of another type
 */
export function openConversation(
  bytes: Uint8Array,
  value: JsonObject,
  definitions: DefinitionTexts,
  turns: TurnsMember = "messages",
): Conversation {
  const said = turns === "input" ? listInput(value["input"]) : value[turns];
  requireArray(turns, said);
  requireArray("tools", value["tools"] ?? []);
  const request = { bytes, value, members: watchMembers(asBuffer(bytes), DECISIVE_NAMES) };
  const messages = requireSingleMember(request, turns);
  const tools = requireSingleMember(request, "tools");
  const choice = requireSingleMember(request, "tool_choice");
  const isList = Array.isArray(value[turns]);
  const before = isList ? [] : said.map(toJson);
  const added: Uint8Array[] = [];
  let addedBytes = 0;

  const turnsEdit = (): Edit =>
    messages && isList
      ? { kind: "append", member: messages, items: added }
      : setMember(turns, messages, writeArray([...before, ...added]));

  const toolsEdit: Edit =
    tools && Array.isArray(value["tools"])
      ? { kind: "append", member: tools, items: definitions.items }
      : setMember("tools", tools, definitions.array);

  return {
    body(toolChoice) {
      const edits = [toolsEdit];
      if (added.length > 0) edits.push(turnsEdit());
      if (toolChoice !== undefined) edits.push(setMember("tool_choice", choice, toJson(toolChoice)));
      return editObject(bytes, edits);
    },
    add(more) {
      for (const message of more) {
        added.push(message);
        addedBytes += message.length;
      }
    },
    added: () => added,
    addedBytes: () => addedBytes,
    bytes: () => bytes.length + addedBytes,
  };
}

/** A text is what the user says; with an answer before it, or a prompt, there may be none. */
function listInput(input: unknown): unknown {
  if (typeof input === "string") return [{ role: "user", content: input }];
  return input ?? [];
}

function requireArray(name: string, value: unknown): asserts value is readonly unknown[] {
  if (Array.isArray(value)) return;
  throw new Failure("invalid_request", { message: `${name} must be an array`, param: name });
}

function setMember(name: string, member: Member | undefined, json: Uint8Array): Edit {
  return member ? { kind: "replace", member, json } : { kind: "insert", name, json };
}

/** Definitions as JSON texts: each by itself, and all as an array. */
interface DefinitionTexts {
  readonly items: readonly Uint8Array[];
  readonly array: Uint8Array;
}

/** Writes the definitions of tools as JSON. */
export type WriteDefinitions = (definitions: readonly ToolDefinition[]) => DefinitionTexts;

/** Creates a writer that writes the same definitions once: most requests are offered the very same. */
export function createDefinitionWriter(): WriteDefinitions {
  const known = new WeakMap<readonly ToolDefinition[], DefinitionTexts>();
  return (definitions) => {
    let texts = known.get(definitions);
    if (!texts) known.set(definitions, (texts = { items: definitions.map(toJson), array: toJson(definitions) }));
    return texts;
  };
}
