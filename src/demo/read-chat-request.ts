import { CHAT_ROLES } from "./chat-request.ts";
import type { ChatMessage, ChatRequest, ChatRole, ChatTool, ChatToolCall, ChatToolChoice } from "./chat-request.ts";
import { DEMO_CHAT_MODEL } from "./demo-models.ts";
import { refuseField, refuseModel } from "./demo-refusal.ts";
import type { Reading } from "./demo-refusal.ts";
import { isJsonObject } from "./json-object.ts";

/** Reads the parsed body of `POST /chat/completions`; refuses wrong known fields with their path, ignores unknown ones. */
export function readChatRequest(body: unknown): Reading<ChatRequest> {
  if (!isJsonObject(body)) return refuseField(null, "The request body must be a JSON object.");
  const model = body["model"];
  if (typeof model !== "string" || model === "") return refuseField("model", "model must be a non-empty string.");
  if (model !== DEMO_CHAT_MODEL) return refuseModel(model);

  const messages = readMessages(body["messages"]);
  if (!messages.ok) return messages;
  const tools = readTools(body["tools"]);
  if (!tools.ok) return tools;
  const toolChoice = readToolChoice(body["tool_choice"], tools.value);
  if (!toolChoice.ok) return toolChoice;

  const stream = body["stream"] ?? false;
  if (typeof stream !== "boolean") return refuseField("stream", "stream must be a boolean.");
  const streamOptions = body["stream_options"] ?? {};
  if (!isJsonObject(streamOptions)) return refuseField("stream_options", "stream_options must be an object.");

  const limitName = body["max_completion_tokens"] == null ? "max_tokens" : "max_completion_tokens";
  const maxTokens = body[limitName] ?? undefined;
  if (maxTokens !== undefined && !(typeof maxTokens === "number" && Number.isInteger(maxTokens) && maxTokens >= 1)) {
    return refuseField(limitName, `${limitName} must be an integer of at least 1.`);
  }
  return {
    ok: true,
    value: {
      model,
      messages: messages.value,
      tools: tools.value,
      toolChoice: toolChoice.value,
      stream,
      includeUsage: streamOptions["include_usage"] === true,
      maxTokens,
    },
  };
}

function readMessages(value: unknown): Reading<readonly ChatMessage[]> {
  if (!Array.isArray(value) || value.length === 0)
    return refuseField("messages", "messages must be a non-empty array.");
  const messages: ChatMessage[] = [];
  for (const [index, item] of value.entries()) {
    const message = readMessage(item, `messages[${index}]`);
    if (!message.ok) return message;
    messages.push(message.value);
  }
  return { ok: true, value: messages };
}

function readMessage(value: unknown, path: string): Reading<ChatMessage> {
  if (!isJsonObject(value)) return refuseField(path, `${path} must be an object.`);
  const role = value["role"];
  if (!isChatRole(role)) {
    return refuseField(`${path}.role`, `${path}.role must be one of ${CHAT_ROLES.join(", ")}.`);
  }
  const text = readText(value["content"]);
  if (text === undefined) {
    return refuseField(`${path}.content`, `${path}.content must be a string or an array of parts.`);
  }
  const id = value["tool_call_id"];
  return {
    ok: true,
    value: {
      role,
      text,
      toolCalls: readToolCalls(value["tool_calls"]),
      toolCallId: typeof id === "string" ? id : undefined,
    },
  };
}

function isChatRole(value: unknown): value is ChatRole {
  return CHAT_ROLES.some((role) => role === value);
}

function readText(content: unknown): string | undefined {
  if (content === undefined || content === null) return "";
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return undefined;
  const texts: string[] = [];
  for (const part of content as readonly unknown[]) {
    if (isJsonObject(part) && typeof part["text"] === "string") texts.push(part["text"]);
  }
  return texts.join("\n");
}

function readToolCalls(value: unknown): readonly ChatToolCall[] {
  if (!Array.isArray(value)) return [];
  const calls: ChatToolCall[] = [];
  for (const item of value as readonly unknown[]) {
    if (!isJsonObject(item) || !isJsonObject(item["function"])) continue;
    const { id } = item;
    const { name, arguments: argumentsText } = item["function"];
    if (typeof id !== "string" || typeof name !== "string") continue;
    calls.push({ id, name, arguments: typeof argumentsText === "string" ? argumentsText : "" });
  }
  return calls;
}

function readTools(value: unknown): Reading<readonly ChatTool[]> {
  if (value === undefined || value === null) return { ok: true, value: [] };
  if (!Array.isArray(value)) return refuseField("tools", "tools must be an array.");
  const tools: ChatTool[] = [];
  for (const [index, item] of (value as readonly unknown[]).entries()) {
    const path = `tools[${index}]`;
    if (!isJsonObject(item)) return refuseField(path, `${path} must be an object.`);
    if (item["type"] !== "function") return refuseField(`${path}.type`, `${path}.type must be "function".`);
    const definition = item["function"];
    if (!isJsonObject(definition) || typeof definition["name"] !== "string" || definition["name"] === "") {
      return refuseField(`${path}.function.name`, `${path}.function.name must be a non-empty string.`);
    }
    const { name, description, parameters } = definition;
    tools.push({
      name,
      description: typeof description === "string" ? description : "",
      parameters: isJsonObject(parameters) ? parameters : {},
    });
  }
  return { ok: true, value: tools };
}

function readToolChoice(value: unknown, tools: readonly ChatTool[]): Reading<ChatToolChoice> {
  if (value === undefined || value === null) return { ok: true, value: "auto" };
  if (value === "auto" || value === "none") return { ok: true, value };
  if (value === "required") {
    if (tools.length === 0) return refuseField("tool_choice", "tool_choice is only allowed when tools are given.");
    return { ok: true, value };
  }
  const named = isJsonObject(value) && isJsonObject(value["function"]) ? value["function"]["name"] : undefined;
  if (typeof named !== "string") {
    return refuseField("tool_choice", 'tool_choice must be "auto", "none", "required" or name a function.');
  }
  if (!tools.some(({ name }) => name === named)) {
    return refuseField("tool_choice", `tool_choice names the function "${named}", which is not among tools.`);
  }
  return { ok: true, value: { name: named } };
}
