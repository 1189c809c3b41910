import { Failure } from "../../core/errors.ts";
import { asBuffer, toJson } from "../../core/json/bytes.ts";
import type { JsonObject } from "../../core/json/parse.ts";
import { type Edit, editObject } from "../../core/json/edit.ts";
import type { Member } from "../../core/json/find.ts";
import { watchMembers } from "../../core/json/limits.ts";
import type { ToolDefinition } from "../mcp/tool-definitions.ts";
import { DECISIVE_NAMES, requireSingleMember } from "../../pipeline/prepare-body.ts";

/** The request of one chat completion, which grows by the messages of every step. */
export interface Conversation {
  /**
   * The body of the next call: the client's bytes with the gateway's functions behind its tools and the messages that
   * were added behind its messages.
   * @param toolChoice replaces the client's unless it is undefined
   */
  body(toolChoice: unknown): Uint8Array;
  /** Adds messages, each as JSON text. */
  add(messages: readonly Uint8Array[]): void;
  /** Bytes that were added. */
  addedBytes(): number;
  /** Bytes that it holds in all. */
  bytes(): number;
}

/**
 * Begins the conversation.
 * @param bytes the request as it goes to the provider without tools
 * @param value what the client sent, parsed
 * @param definitions the functions of the gateway that join the client's tools
 * @throws Failure if `messages`, `tools` or `tool_choice` occurs twice, or one of the first two is no list
 */
export function openConversation(bytes: Uint8Array, value: JsonObject, definitions: DefinitionTexts): Conversation {
  requireArray("messages", value["messages"]);
  requireArray("tools", value["tools"] ?? []);
  const request = { bytes, value, members: watchMembers(asBuffer(bytes), DECISIVE_NAMES) };
  const messages = requireSingleMember(request, "messages");
  const tools = requireSingleMember(request, "tools");
  const choice = requireSingleMember(request, "tool_choice");
  const added: Uint8Array[] = [];
  let addedBytes = 0;

  const toolsEdit: Edit =
    tools && Array.isArray(value["tools"])
      ? { kind: "append", member: tools, items: definitions.items }
      : setMember("tools", tools, definitions.array);

  return {
    body(toolChoice) {
      const edits = [toolsEdit];
      if (messages && added.length > 0) edits.push({ kind: "append", member: messages, items: added });
      if (toolChoice !== undefined) edits.push(setMember("tool_choice", choice, toJson(toolChoice)));
      return editObject(bytes, edits);
    },
    add(more) {
      for (const message of more) {
        added.push(message);
        addedBytes += message.length;
      }
    },
    addedBytes: () => addedBytes,
    bytes: () => bytes.length + addedBytes,
  };
}

function requireArray(name: string, value: unknown): void {
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
