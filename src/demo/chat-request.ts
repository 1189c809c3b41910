import type { JsonObject } from "./json-object.ts";

/** Roles that a message may have. */
export const CHAT_ROLES = ["system", "developer", "user", "assistant", "tool", "function"] as const;
export type ChatRole = (typeof CHAT_ROLES)[number];

/** A call that the assistant made earlier in the conversation. */
export interface ChatToolCall {
  readonly id: string;
  readonly name: string;
  /** JSON text, as it stood in the message. */
  readonly arguments: string;
}

/** One message, with its text parts joined by newlines; pictures and other parts are left out. */
export interface ChatMessage {
  readonly role: ChatRole;
  readonly text: string;
  readonly toolCalls: readonly ChatToolCall[];
  /** The call that a `tool` message answers. */
  readonly toolCallId: string | undefined;
}

/** A function that the model may call. */
export interface ChatTool {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the arguments; empty where the client gave none. */
  readonly parameters: JsonObject;
}

/** `tool_choice`: one of OpenAI's words, or the one function to be called. */
export type ChatToolChoice = "auto" | "none" | "required" | { readonly name: string };

/** What the demo provider reads of a chat completion request; all else is ignored. */
export interface ChatRequest {
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly tools: readonly ChatTool[];
  readonly toolChoice: ChatToolChoice;
  readonly stream: boolean;
  /** The client asked for the usage chunk at the end of a stream. */
  readonly includeUsage: boolean;
  /** Longest answer in tokens, which here are words. */
  readonly maxTokens: number | undefined;
}
