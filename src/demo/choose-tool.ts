import type { ChatTool } from "./chat-request.ts";
import { isJsonObject } from "./json-object.ts";
import { findNumbers, findTopics } from "./read-words.ts";

const NAME_WORD_SCORE = 3;
const DESCRIPTION_WORD_SCORE = 1;

/** One word in common with a description is chance; one with a name, or two with a description, are a request. */
const LEAST_SCORE = 2;

/**
 * Chooses the tool that a message asks for: the one whose name and description have most words in common with it, the
 * first of equals. Gives `undefined` where none has enough in common.
 */
export function chooseTool<Tool extends ChatTool>(message: string, tools: readonly Tool[]): Tool | undefined {
  const asked = findTopics(message);
  const hasNumbers = findNumbers(message).length > 0;
  let best: Tool | undefined;
  let bestScore = LEAST_SCORE - 1;
  for (const tool of tools) {
    const score = scoreTool(tool, asked, hasNumbers);
    if (score > bestScore) {
      best = tool;
      bestScore = score;
    }
  }
  return best;
}

function scoreTool(tool: ChatTool, asked: ReadonlySet<string>, hasNumbers: boolean): number {
  const named = findTopics(tool.name);
  const described = findTopics(tool.description);
  let score = 0;
  for (const topic of asked) {
    if (named.has(topic)) score += NAME_WORD_SCORE;
    else if (described.has(topic)) score += DESCRIPTION_WORD_SCORE;
  }
  return score > 0 && hasNumbers && takesNumbers(tool) ? score + DESCRIPTION_WORD_SCORE : score;
}

function takesNumbers(tool: ChatTool): boolean {
  const properties = tool.parameters["properties"];
  if (!isJsonObject(properties)) return false;
  return Object.values(properties).some(
    (schema) => isJsonObject(schema) && (schema["type"] === "number" || schema["type"] === "integer"),
  );
}
