import type { JsonObject } from "../json/decode-object.ts";
import { type Edit, editObject } from "../json/edit-object.ts";
import type { Member } from "../json/find-member.ts";
import { toJson } from "../json/to-json.ts";
import { findDecisive } from "../relay/prepare-body.ts";
import type { ToolPlan } from "./tool-plan.ts";

/** The request of one chat completion, which grows by the messages of every round. */
export interface Conversation {
  /**
   * The body of the next call: the client's bytes with the gateway's functions behind its tools and the messages that
   * were added behind its messages.
   * @param toolChoice replaces the client's unless it is undefined
   */
  body(toolChoice: unknown): Uint8Array;
  /** Adds messages, each as JSON text. */
  add(messages: readonly Uint8Array[]): void;
}

/**
 * Begins the conversation.
 * @param bytes the request as it goes to the provider without tools
 * @param value what the client sent, parsed
 * @throws Failure where `messages`, `tools` or `tool_choice` stands twice
 */
export function openConversation(bytes: Uint8Array, value: JsonObject, plan: ToolPlan): Conversation {
  const request = { bytes, value };
  const messages = findDecisive(request, "messages");
  const tools = findDecisive(request, "tools");
  const choice = findDecisive(request, "tool_choice");
  const added: Uint8Array[] = [];

  const toolsEdit: Edit =
    tools && Array.isArray(value["tools"])
      ? { kind: "append", member: tools, items: plan.definitions.map(toJson) }
      : setMember("tools", tools, plan.definitions);

  return {
    body(toolChoice) {
      const edits = [toolsEdit];
      if (messages && added.length > 0) edits.push({ kind: "append", member: messages, items: added });
      if (toolChoice !== undefined) edits.push(setMember("tool_choice", choice, toolChoice));
      return editObject(bytes, edits);
    },
    add(more) {
      added.push(...more);
    },
  };
}

function setMember(name: string, member: Member | undefined, value: unknown): Edit {
  return member ? { kind: "replace", member, value } : { kind: "insert", name, value };
}
