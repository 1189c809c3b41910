import type { Static } from "@sinclair/typebox";
import type { Problem } from "../schema/building-blocks.ts";
import { checkAgainst } from "../schema/check.ts";
import { Message } from "./message-schema.ts";
import { CreateChatCompletionRequest } from "./request-schema.ts";

/** Says whether an assistant message is complete without `content`. */
function standsWithoutContent(message: Static<typeof Message>): boolean {
  return (
    (message.tool_calls?.length ?? 0) > 0 ||
    (message.function_call ?? undefined) !== undefined ||
    typeof message.refusal === "string" ||
    (message.audio ?? undefined) !== undefined
  );
}

/**
 * The rules of a message that its schema does not express: `content` may be null or absent only on an assistant message
 * that carries something else (and null on a `function` message, as OpenAI has it), and a `tool` message names the
 * call that it answers.
 * @param message a message that its schema accepts
 * @param path its path in the request; called only if there is a problem, as every message of every request
 * is checked here
 */
function checkMessage(message: Static<typeof Message>, path: () => string): Problem | undefined {
  if (message.content === null || message.content === undefined) {
    if (message.role === "assistant" && !standsWithoutContent(message)) {
      const field = `${path()}.content`;
      return {
        path: field,
        message: `${field} must be a string or an array if there are no tool_calls, function_call, refusal or audio`,
      };
    }
    if (message.role !== "assistant" && !(message.role === "function" && message.content === null)) {
      const field = `${path()}.content`;
      const wanted = message.content === null ? "must be a string or an array" : "is required";
      return { path: field, message: `${field} ${wanted}` };
    }
  }
  if (message.role === "tool" && typeof message.tool_call_id !== "string") {
    const field = `${path()}.tool_call_id`;
    const wanted = message.tool_call_id === null ? "must be a string" : "is required";
    return { path: field, message: `${field} ${wanted}` };
  }
  return undefined;
}

/** Says whether every message keeps the rules that the schema does not express. */
function keepMessageRules({ messages }: Static<typeof CreateChatCompletionRequest>): boolean {
  for (const message of messages) if (checkMessage(message, () => "") !== undefined) return false;
  return true;
}

/** Checks a body of `POST /v1/chat/completions`. */
export const checkChatRequest = checkAgainst(CreateChatCompletionRequest, {
  areKept: keepMessageRules,
  rules: new Map([[Message, (value, path) => checkMessage(value as Static<typeof Message>, path)]]),
});
