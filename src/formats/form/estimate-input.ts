import type { Block } from "./blocks.ts";
import type { Conversation, Tool } from "./conversation.ts";

/** What most tokenizers make of English text and of code. */
const CHARACTERS_PER_TOKEN = 4;

/** What a picture or a page costs with most providers, whatever its size in bytes. */
const TOKENS_PER_MEDIUM = 1500;

/** What a name and the framing of a tool cost beside what is described of it. */
const TOKENS_PER_TOOL = 20;

/**
 * About how many tokens a request has, for clients that are told so before the provider says it. Reads only lengths, so
 * that it costs time by the number of blocks, but for the schemas of tools.
 */
export function estimateInput({ turns, tools }: Conversation): number {
  let tokens = 0;
  for (const { blocks } of turns) for (const block of blocks) tokens += tokensOf(block);
  for (const tool of tools) tokens += TOKENS_PER_TOOL + describedCharacters(tool) / CHARACTERS_PER_TOKEN;
  return Math.ceil(tokens);
}

function tokensOf(block: Block): number {
  switch (block.type) {
    case "text":
    case "thinking":
      return block.text.length / CHARACTERS_PER_TOKEN;
    case "call":
      return (block.name.length + block.input.length) / CHARACTERS_PER_TOKEN;
    case "result":
      return block.blocks.reduce((sum, part) => sum + tokensOf(part), 0);
    case "opaque":
      return 0;
    default:
      return block.source.kind === "text" ? block.source.text.length / CHARACTERS_PER_TOKEN : TOKENS_PER_MEDIUM;
  }
}

function describedCharacters(tool: Tool): number {
  const schema = tool.kind === "function" ? tool.parameters : tool.format;
  return (tool.description?.length ?? 0) + (schema ? JSON.stringify(schema).length : 0);
}
