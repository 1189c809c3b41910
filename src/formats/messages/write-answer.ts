import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import type { ModelAnswer } from "../form/answer.ts";
import { type Block, type CallBlock, isBlank } from "../form/blocks.ts";
import type { ClientAsk } from "../form/dialect.ts";
import { parseArguments } from "../form/parse-arguments.ts";
import { carryCallSeal, carryThinking } from "./seals.ts";
import { writeStop } from "./stop-reason.ts";
import { writeUsage } from "./usage.ts";

/** Writes a whole answer for a client of the Messages API, with every member that its official types have but `citations`. */
export function writeAnswer(answer: ModelAnswer, ask: ClientAsk): JsonObject {
  return {
    ...messageHead(ask),
    content: answer.blocks.flatMap(writeBlock),
    ...writeStop(
      answer.stop,
      answer.blocks.some((block) => block.type === "call" && !block.isAnswered),
    ),
    diagnostics: null,
    usage: writeUsage(answer.usage),
  };
}

/** What is known of a message before anything of it is. */
export const messageHead = ({ newId, model }: ClientAsk): JsonObject => ({
  id: `msg_${newId()}`,
  type: "message",
  role: "assistant",
  model,
});

/**
 * How a block of text begins. Where it is from can be told on this wire only by who found it, and text of which that is not told
 * comes from Anthropic without `citations`: there are clients that take a list or nothing, and no null.
 */
export const textBlock = (text: string): JsonObject => ({ type: "text", text });

/** A call with its arguments, which a stream sends afterwards. */
export const callBlock = ({ id, name }: Pick<CallBlock, "id" | "name">, input: JsonObject): JsonObject => ({
  type: "tool_use",
  id,
  name,
  input,
  caller: { type: "direct" },
});

function writeBlock(block: Block): readonly JsonObject[] {
  switch (block.type) {
    case "text":
      // Sent back to a provider of this wire, text that says nothing would be refused.
      return isBlank(block.text) ? [] : [textBlock(block.text)];
    case "thinking": {
      const thought = carryThinking(block);
      return thought ? [thought] : [];
    }
    case "call": {
      const written = callBlock(block, block.kind === "custom" ? { input: block.input } : parseArguments(block.input));
      return block.seal ? [carryCallSeal(block.seal), written] : [written];
    }
    case "opaque":
      return isOwnOpaque(block) ? [block.value] : [];
    default:
      // Models answer in text and calls on this wire.
      return [];
  }
}

/** Whether something that only one wire has is of this one. */
export const isOwnOpaque = (block: {
  readonly format: string;
  readonly value: unknown;
}): block is { readonly format: "messages"; readonly value: JsonObject } =>
  block.format === "messages" && isJsonObject(block.value);
