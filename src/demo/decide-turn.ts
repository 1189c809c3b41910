import { buildArguments } from "./build-arguments.ts";
import type { ChatMessage, ChatRequest, ChatRole, ChatTool } from "./chat-request.ts";
import { chooseTool } from "./choose-tool.ts";
import { composeAnswer, composeToolAnswer } from "./compose-answer.ts";
import type { ToolOutcome } from "./compose-answer.ts";
import type { ToolStep, Turn } from "./turn.ts";
import { continueSelector, isSelectorTool, offersSelector, openSelector } from "./use-selector.ts";

/** Longest part of a message that is searched for tools and arguments. */
const MAX_READ_CHARACTERS = 4_000;

/** Decides what the demo model does next: a pure function of the conversation and its tools. */
export function decideTurn(request: ChatRequest): Turn {
  const { messages, tools, toolChoice } = request;
  const userIndex = messages.findLastIndex(({ role }) => role === "user");
  const message = messages[userIndex]?.text.slice(0, MAX_READ_CHARACTERS) ?? "";
  const lastRole = messages.at(-1)?.role;
  if (isToolRole(lastRole)) {
    const steps = readSteps(messages.slice(userIndex + 1));
    const next = toolChoice !== "none" && offersSelector(tools) ? continueSelector(message, steps) : undefined;
    return next ?? { kind: "text", text: composeToolAnswer(findLatest(messages, steps)) };
  }
  const call = lastRole === "user" ? decideCall(request, message) : undefined;
  return call ?? { kind: "text", text: composeAnswer(messages[userIndex]?.text ?? "") };
}

function decideCall({ tools, toolChoice }: ChatRequest, message: string): Turn | undefined {
  if (toolChoice === "none") return undefined;
  if (typeof toolChoice === "object") {
    const named = tools.find(({ name }) => name === toolChoice.name);
    return named === undefined ? undefined : callTool(named, message);
  }
  const selector = offersSelector(tools);
  const own = selector ? tools.filter(({ name }) => !isSelectorTool(name)) : tools;
  const chosen = chooseTool(message, own);
  if (chosen !== undefined) return callTool(chosen, message);
  const opening = selector ? openSelector(message) : undefined;
  if (opening !== undefined || toolChoice !== "required") return opening;
  const first = tools[0];
  return first === undefined ? undefined : callTool(first, message);
}

function callTool(tool: ChatTool, message: string): Turn {
  return { kind: "tool_call", name: tool.name, arguments: buildArguments(tool.parameters, message) };
}

/** The outcomes that came in since the assistant spoke last. */
function findLatest(messages: readonly ChatMessage[], steps: readonly ToolStep[]): readonly ToolOutcome[] {
  const spoken = messages.findLastIndex(({ role }) => !isToolRole(role));
  return steps.slice(spoken + 1 - messages.length).map(({ name, result }) => ({ name, text: result }));
}

function isToolRole(role: ChatRole | undefined): boolean {
  return role === "tool" || role === "function";
}

function readSteps(messages: readonly ChatMessage[]): readonly ToolStep[] {
  const calls = messages.flatMap(({ toolCalls }) => toolCalls);
  return messages
    .filter(({ role }) => isToolRole(role))
    .map(({ toolCallId, text }) => {
      const call = calls.find(({ id }) => id === toolCallId);
      return { name: call?.name ?? "you ran", arguments: call?.arguments ?? "", result: text };
    });
}
