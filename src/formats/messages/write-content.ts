import { isJsonObject } from "../../core/json/parse.ts";
import {
  type Block,
  type CallBlock,
  isBlank,
  type ResultBlock,
  type TextBlock,
  type ThinkingBlock,
} from "../form/blocks.ts";
import { readCache, type WireObject } from "./members.ts";
import { parseArguments } from "../form/parse-arguments.ts";
import { isOwnSeal } from "./seals.ts";
import { toWireId, toWireName } from "./tool-names.ts";
import { writeMedia } from "./write-media.ts";
import type { Writing } from "./writing.ts";

/** Blocks of text must say something, or the request is refused. */
export function writeText({ text, cache }: TextBlock, writing: Writing): readonly WireObject[] {
  return isBlank(text) ? [] : [writing.mark({ type: "text", text }, cache)];
}

/** One block of an assistant's turn. */
export function writeAssistantBlock(block: Block, writing: Writing): readonly WireObject[] {
  switch (block.type) {
    case "text":
      return writeText(block, writing);
    case "thinking":
      return writeThought(block, writing);
    case "call":
      return [writing.mark(writeCall(block), block.cache)];
    case "opaque":
      return writeOpaque(block.format, block.name, block.value, writing);
    default:
      // The assistant has only text and calls on this wire.
      writing.note("dropped", `messages[].${block.type}`);
      return [];
  }
}

/** One block of a user's turn; results are written apart. */
export function writeUserBlock(block: Block, writing: Writing): readonly WireObject[] {
  switch (block.type) {
    case "text":
      return writeText(block, writing);
    case "image":
    case "document":
    case "audio":
    case "video":
      return [writeMedia(block, writing)];
    case "opaque":
      return writeOpaque(block.format, block.name, block.value, writing);
    default:
      writing.note("dropped", `messages[].${block.type}`);
      return [];
  }
}

/** A thought goes back to the provider that sealed it, unchanged; the wire refuses thoughts without a seal. */
function writeThought({ text, seal }: ThinkingBlock, writing: Writing): readonly WireObject[] {
  if (!seal || !isOwnSeal(seal, writing.target)) {
    writing.note("dropped", "messages[].thinking");
    return [];
  }
  return seal.kind === "encrypted"
    ? [{ type: "redacted_thinking", data: seal.value }]
    : [{ type: "thinking", thinking: text, signature: seal.value }];
}

function writeCall({ id, name, input, kind }: CallBlock): WireObject {
  const written = kind === "custom" ? { input } : parseArguments(input);
  return { type: "tool_use", id: toWireId(id), name: toWireName(name), input: written };
}

function writeOpaque(format: string, name: string, value: unknown, writing: Writing): readonly WireObject[] {
  if (format === "messages" && isJsonObject(value)) return [writing.mark({ ...value }, readCache(value))];
  writing.note("dropped", `messages[].${name}`);
  return [];
}

/** A failed result must say something. */
const NO_WORDS = "The tool failed and said nothing.";

const FAILED = "Error:";

export function writeResult(block: ResultBlock, writing: Writing): WireObject {
  const parts = resultContent(block, writing);
  const written: WireObject = { type: "tool_result", tool_use_id: toWireId(block.callId) };
  if (block.isError && parts.some(({ type }) => type !== "text")) {
    // What is marked as failed may hold only text.
    writing.note("adjusted", "is_error");
    written["content"] = [{ type: "text", text: FAILED }, ...parts];
    return writing.mark(written, block.cache);
  }
  const content = compact(parts);
  if (content.length > 0) written["content"] = content;
  else if (block.isError) written["content"] = NO_WORDS;
  if (block.isError) written["is_error"] = true;
  return writing.mark(written, block.cache);
}

/** A result of a call that is not in the turn before is told to the model in words: as a result it would be refused. */
export const writeOrphan = (block: ResultBlock, writing: Writing): readonly WireObject[] => [
  { type: "text", text: "Tool result:" },
  ...resultContent(block, writing),
];

const resultContent = ({ blocks }: ResultBlock, writing: Writing): readonly WireObject[] =>
  blocks.flatMap((part) => writeUserBlock(part, writing));

/** One plain block of text is written as a string, which every provider of this wire takes. */
export function compact(blocks: readonly WireObject[]): string | readonly WireObject[] {
  const [first] = blocks;
  const isPlain = blocks.length === 1 && first?.["type"] === "text" && Object.keys(first).length === 2;
  return isPlain && typeof first["text"] === "string" ? first["text"] : blocks;
}
