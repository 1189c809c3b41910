import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import { isBillingHeader } from "../form/system-texts.ts";
import type { Block, TextBlock } from "../form/blocks.ts";
import type { ForeignMember, Turn } from "../form/conversation.ts";
import { CannotTranslate } from "../form/dialect.ts";
import { textOf } from "../../core/json/values.ts";
import { blocksOf } from "./members.ts";
import { readAssistantBlocks, readResult, readText, readUserBlock } from "./read-content.ts";

/**
 * Reads `system` and `messages`, oldest first.
 * @throws CannotTranslate for members of a wrong type
 */
export function readTurns(body: JsonObject, foreign: ForeignMember[]): readonly Turn[] {
  const messages = body["messages"];
  if (!Array.isArray(messages)) throw new CannotTranslate("messages", "it must be an array");
  const turns = markLast(messages, body["cache_control"]).flatMap((message, at) =>
    readMessage(message, `messages[${at}]`, foreign),
  );
  const system: Turn = { role: "system", blocks: readSystem(body["system"], foreign) };
  return [system, ...turns].filter(isSaid);
}

/** `cache_control` of a whole request means its last block. */
function markLast(messages: readonly unknown[], control: unknown): readonly unknown[] {
  const last = messages.at(-1);
  if (!isJsonObject(control) || !isJsonObject(last)) return messages;
  const content = blocksOf(last["content"]) ?? [];
  const block = content.at(-1);
  if (!block || isJsonObject(block["cache_control"])) return messages;
  return [
    ...messages.slice(0, -1),
    { ...last, content: [...content.slice(0, -1), { ...block, cache_control: control }] },
  ];
}

function readSystem(system: unknown, foreign: ForeignMember[]): readonly TextBlock[] {
  const blocks = readTexts(requireBlocks(system, "system"), "system", foreign);
  return isBillingHeader(blocks[0]?.text ?? "") ? blocks.slice(1) : blocks;
}

function requireBlocks(content: unknown, path: string): readonly JsonObject[] {
  const blocks = blocksOf(content);
  if (!blocks) throw new CannotTranslate(path, "it must be a string or an array of blocks");
  return blocks;
}

function readTexts(blocks: readonly JsonObject[], path: string, foreign: ForeignMember[]): readonly TextBlock[] {
  return blocks.flatMap((block, at) => {
    if (block["type"] === "text") return readText(block);
    // A tool that is loaded from here on; elsewhere all tools are there from the beginning.
    foreign.push({ path: `${path}[${at}].type`, isEssential: block["type"] !== "tool_addition" });
    return [];
  });
}

function readMessage(message: unknown, path: string, foreign: ForeignMember[]): readonly Turn[] {
  if (!isJsonObject(message)) throw new CannotTranslate(path, "it must be an object");
  const content = requireBlocks(message["content"], `${path}.content`);
  const contentPath = `${path}.content`;
  switch (message["role"]) {
    case "user":
      return readUserTurns(content, contentPath, foreign);
    case "assistant":
      return [{ role: "assistant", blocks: readAssistantBlocks(content, contentPath, foreign) }];
    case "system":
    case "developer":
      return [{ role: message["role"], blocks: readTexts(content, contentPath, foreign) }];
    default:
      throw new CannotTranslate(`${path}.role`, `${textOf(message["role"]) ?? "it"} is not user, assistant or system`);
  }
}

/** Results are a turn of their own, and come first. */
function readUserTurns(content: readonly JsonObject[], path: string, foreign: ForeignMember[]): readonly Turn[] {
  const results: Block[] = [];
  const others: Block[] = [];
  content.forEach((block, at) => {
    const place = `${path}[${at}]`;
    if (block["type"] === "tool_result") results.push(readResult(block, place, foreign));
    else others.push(readUserBlock(block, place, foreign));
  });
  const turns: Turn[] = [];
  if (results.length > 0) turns.push({ role: "tool", blocks: results });
  if (others.length > 0) turns.push({ role: "user", blocks: others });
  return turns;
}

const isSaid = ({ blocks }: Turn): boolean => blocks.length > 0;
