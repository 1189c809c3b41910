import type { Block } from "./blocks.ts";
import type { Conversation, Turn } from "./conversation.ts";
import { functionArguments, toFunction } from "./function-tools.ts";
import { offeredTools } from "./offered-tools.ts";

/**
 * A request for a provider that knows only functions, and no choice between some of them: tools that take free text, and
 * their calls, become functions of one text, and only tools that may be called are there.
 * @param onFunction called with the place of each tool that becomes one
 */
export function withPlainTools(conversation: Conversation, onFunction: (index: number) => void): Conversation {
  const { toolChoice, turns } = conversation;
  return {
    ...conversation,
    turns: turns.map(toFunctionTurn),
    tools: offeredTools(conversation).map(({ tool, index }) => {
      if (tool.kind === "custom") onFunction(index);
      return toFunction(tool);
    }),
    toolChoice: toolChoice?.kind === "allowed" ? { kind: toolChoice.mode } : toolChoice,
  };
}

function toFunctionTurn(turn: Turn): Turn {
  if (turn.role !== "assistant" && turn.role !== "tool") return turn;
  return turn.blocks.some(isCustom) ? { ...turn, blocks: turn.blocks.map(toFunctionBlock) } : turn;
}

const isCustom = (block: Block): boolean =>
  (block.type === "call" || block.type === "result") && block.kind === "custom";

function toFunctionBlock(block: Block): Block {
  if (block.type === "call" && block.kind === "custom") {
    return { ...block, kind: "function", input: functionArguments(block) };
  }
  return block.type === "result" ? { ...block, kind: "function" } : block;
}
