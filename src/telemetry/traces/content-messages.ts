import { isJsonObject } from "../../core/json/parse.ts";
import { listOf, textOf } from "../../core/json/values.ts";

/** A part of a message, as the GenAI conventions have it. */
type Part = Readonly<Record<string, unknown>> & { readonly type: string };

/** Writes messages as the GenAI conventions have them: a JSON text, and no more than fits an attribute. */
export interface MessageWriter {
  /**
   * @param content text, or parts as any of the APIs has them
   * @param calls tools that are called beside it, as Chat Completions has them
   */
  add(role: string, content: unknown, calls?: unknown): void;
  /** Empty if there is no message. */
  text(): string;
}

/** Of all texts of one attribute together. */
const MAX_CHARACTERS = 16 * 1024;
/** Of messages, and of parts of each. */
const MAX_ENTRIES = 256;

/** https://github.com/open-telemetry/semantic-conventions/blob/main/docs/gen-ai/gen-ai-input-messages.json */
export function createMessageWriter(): MessageWriter {
  const messages: { readonly role: string; readonly parts: readonly Part[] }[] = [];
  let left = MAX_CHARACTERS;

  const cut = (text: string): string => {
    const kept = text.slice(0, left);
    left -= kept.length;
    return kept.length < text.length ? `${kept}…` : kept;
  };

  const textPart = (text: string): Part => ({ type: "text", content: cut(text) });

  const callPart = (id: unknown, name: unknown, given: unknown): Part => ({
    type: "tool_call",
    id: cut(textOf(id) ?? ""),
    name: cut(textOf(name) ?? ""),
    arguments: cut(typeof given === "string" ? given : (JSON.stringify(given) ?? "")),
  });

  const partOf = (part: unknown): Part => {
    if (!isJsonObject(part)) return textPart(textOf(part) ?? "");
    const { type, text, functionCall } = part;
    if (typeof text === "string") return textPart(text);
    if (type === "function_call") return callPart(part["call_id"], part["name"], part["arguments"]);
    if (type === "tool_use") return callPart(part["id"], part["name"], part["input"]);
    if (isJsonObject(functionCall)) return callPart("", functionCall["name"], functionCall["args"]);
    if (type === "tool_result")
      return { type: "tool_call_response", response: cut(JSON.stringify(part["content"] ?? "")) };
    // Pictures, sounds and files are told, and not kept.
    return { type: textOf(type) ?? "unknown" };
  };

  return {
    add(role, content, calls) {
      if (left <= 0 || messages.length >= MAX_ENTRIES) return;
      const inner = isJsonObject(content) ? (content["parts"] ?? content["content"] ?? content["text"]) : content;
      const parts = typeof inner === "string" ? [textPart(inner)] : listOf(inner).slice(0, MAX_ENTRIES).map(partOf);
      for (const call of listOf(calls).slice(0, MAX_ENTRIES)) {
        const made = isJsonObject(call) ? call["function"] : undefined;
        if (isJsonObject(call) && isJsonObject(made)) parts.push(callPart(call["id"], made["name"], made["arguments"]));
      }
      messages.push({ role: cut(role), parts });
    },
    text: () => (messages.length === 0 ? "" : JSON.stringify(messages)),
  };
}
