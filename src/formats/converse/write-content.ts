import type { JsonObject } from "../../core/json/parse.ts";
import {
  type Block,
  type CallBlock,
  isBlank,
  type ResultBlock,
  type TextBlock,
  type ThinkingBlock,
} from "../form/blocks.ts";
import { fitCallId } from "../form/call-ids.ts";
import { CannotTranslate } from "../form/dialect.ts";
import { functionArguments } from "../form/function-tools.ts";
import { parseArguments } from "../form/parse-arguments.ts";
import { fitToolName } from "../form/tool-names.ts";
import { isOwnSeal } from "./seals.ts";
import { writeMedia } from "./write-media.ts";
import type { Writing } from "./writing.ts";

export function writeText({ text, cache }: TextBlock, writing: Writing): readonly JsonObject[] {
  return isBlank(text) ? [] : [{ text }, ...writing.cachePoint(cache, "content")];
}

/** One block of an assistant's turn. */
export function writeAssistantBlock(block: Block, writing: Writing): readonly JsonObject[] {
  switch (block.type) {
    case "text":
      return writeText(block, writing);
    case "thinking":
      return writeThought(block, writing);
    case "call":
      return writeCall(block, writing);
    default:
      // The assistant has only text, thoughts and calls on this wire.
      writing.note("dropped", `messages[].${block.type === "opaque" ? block.name : block.type}`);
      return [];
  }
}

/** One block of a user's turn; results are written apart. */
export function writeUserBlock(block: Block, writing: Writing): readonly JsonObject[] {
  switch (block.type) {
    case "text":
      return writeText(block, writing);
    case "image":
    case "document":
    case "audio":
    case "video":
      return [writeMedia(block, writing), ...writing.cachePoint(block.cache, "content")];
    case "opaque":
      // What a user gives must not be left out without a word.
      throw new CannotTranslate(block.name, "its API has no place for it");
    default:
      writing.note("dropped", `messages[].${block.type}`);
      return [];
  }
}

/** A thought goes back to the provider that sealed it, unchanged; without a seal it is refused. */
function writeThought({ text, seal }: ThinkingBlock, writing: Writing): readonly JsonObject[] {
  if (!seal || !isOwnSeal(seal, writing.target)) {
    writing.note("dropped", "messages[].thinking");
    return [];
  }
  const content =
    seal.kind === "encrypted" ? { redactedContent: seal.value } : { reasoningText: { text, signature: seal.value } };
  return [{ reasoningContent: content }];
}

const CALL_IDS = /^[a-zA-Z0-9_-]{1,64}$/;

function writeCall(call: CallBlock, writing: Writing): readonly JsonObject[] {
  const { id, name, cache } = call;
  const text = functionArguments(call);
  const written = writing.tellsCalls
    ? { text: `Tool call ${name}: ${text}` }
    : { toolUse: { toolUseId: fitCallId(id, CALL_IDS), name: fitToolName(name), input: parseArguments(text) } };
  return [written, ...writing.cachePoint(cache, "content")];
}

/** A failed result must say something. */
const NO_WORDS = "The tool failed and said nothing.";

/** Nova and Claude are told by a member that a tool failed. https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolResultBlock.html */
const WITH_STATUS: ReadonlySet<string> = new Set<Writing["family"]>(["claude", "nova", "nova2"]);

export function writeResult(block: ResultBlock, writing: Writing): readonly JsonObject[] {
  const { callId, blocks, isError, cache } = block;
  // Here texts may be blank, and are kept as they are.
  const said = blocks.map((part) => (part.type === "text" ? { text: part.text } : writeMedia(part, writing)));
  const isSilent = blocks.every((part) => part.type === "text" && isBlank(part.text));
  const content: readonly JsonObject[] = isError && isSilent ? [{ text: NO_WORDS }] : said;
  const hasStatus = WITH_STATUS.has(writing.family);
  if (isError && !hasStatus) writing.note("adjusted", "is_error");
  const result = {
    toolUseId: fitCallId(callId, CALL_IDS),
    content: isError && !hasStatus ? [{ text: "Error:" }, ...content] : content,
    ...(isError && hasStatus && { status: "error" }),
  };
  return [{ toolResult: result }, ...writing.cachePoint(cache, "content")];
}

/** A result that cannot be one here is told to the model in words, such as one whose call is not in the turn before. */
export function tellResult({ blocks, isError }: ResultBlock, writing: Writing): readonly JsonObject[] {
  return [
    { text: isError ? "Tool result (failed):" : "Tool result:" },
    ...blocks.flatMap((part) => writeUserBlock(part, writing)),
  ];
}
