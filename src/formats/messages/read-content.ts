import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import type {
  Annotation,
  Block,
  CallBlock,
  MediaBlock,
  OpaqueBlock,
  ResultBlock,
  Seal,
  TextBlock,
} from "../form/blocks.ts";
import type { ForeignMember } from "../form/conversation.ts";
import { textOf } from "../../core/json/values.ts";
import { blocksOf, readCache } from "./members.ts";
import { readMedia } from "./read-media.ts";
import { readSeal } from "./seals.ts";

/** Reads a `text` block. */
export function readText(block: JsonObject): TextBlock {
  const annotations = readCitations(block["citations"]);
  return {
    type: "text",
    text: textOf(block["text"]) ?? "",
    ...(annotations.length > 0 && { annotations }),
    cache: readCache(block),
  };
}

/** https://docs.anthropic.com/en/docs/build-with-claude/citations */
export const readCitations = (citations: unknown): readonly Annotation[] =>
  Array.isArray(citations) ? citations.filter(isJsonObject).map(readCitation) : [];

/** The wire says what is cited, not where in the text it is. */
export const readCitation = (citation: JsonObject): Annotation => ({
  url: textOf(citation["url"]) ?? textOf(citation["source"]),
  title: textOf(citation["title"]) ?? textOf(citation["document_title"]),
  start: undefined,
  end: undefined,
});

/** Something that only this wire has. */
export const readOpaque = (block: JsonObject): OpaqueBlock => ({
  type: "opaque",
  format: "messages",
  name: textOf(block["type"]) ?? "unknown",
  value: block,
});

/** The arguments of a call as text. */
export const inputText = (input: unknown): string =>
  input === undefined || input === null ? "{}" : JSON.stringify(input);

/** Traces of tools that the provider ran itself: what they brought is in the text that follows. */
const TRACE = /^(?:server_tool_use|mcp_tool_use|[a-z_]+_tool_result)$/;

/** Reads what the assistant said; thoughts and calls keep what the provider must get back. */
export function readAssistantBlocks(
  content: readonly JsonObject[],
  path: string,
  foreign: ForeignMember[],
): readonly Block[] {
  const blocks: Block[] = [];
  // The seal of a call comes in a block of its own before it.
  let held: Seal | undefined;
  content.forEach((block, at) => {
    if (block["type"] === "tool_use") {
      blocks.push(readCall(block, held, `${path}[${at}]`, foreign));
      held = undefined;
      return;
    }
    if (held) blocks.push({ type: "thinking", text: "", seal: held });
    held = undefined;
    const seal = block["type"] === "redacted_thinking" ? readSeal(block["data"], "encrypted") : undefined;
    if (seal?.kind === "signature") held = seal;
    else if (seal) blocks.push({ type: "thinking", text: "", seal });
    else blocks.push(...readSaid(block, `${path}[${at}]`, foreign));
  });
  if (held) blocks.push({ type: "thinking", text: "", seal: held });
  return blocks;
}

function readSaid(block: JsonObject, path: string, foreign: ForeignMember[]): readonly Block[] {
  const type = textOf(block["type"]) ?? "";
  if (type === "text") return [readText(block)];
  if (type === "thinking") {
    return [
      { type: "thinking", text: textOf(block["thinking"]) ?? "", seal: readSeal(block["signature"], "signature") },
    ];
  }
  if (!TRACE.test(type)) foreign.push({ path: `${path}.type`, isEssential: true });
  return [readOpaque(block)];
}

function readCall(block: JsonObject, seal: Seal | undefined, path: string, foreign: ForeignMember[]): CallBlock {
  const caller = isJsonObject(block["caller"]) ? block["caller"]["type"] : undefined;
  if (caller !== undefined && caller !== "direct") foreign.push({ path: `${path}.caller`, isEssential: true });
  if (typeof block["toolset_name"] === "string") foreign.push({ path: `${path}.toolset_name`, isEssential: true });
  return {
    type: "call",
    id: textOf(block["id"]) ?? "",
    name: textOf(block["name"]) ?? "",
    input: inputText(block["input"]),
    kind: "function",
    ...(seal && { seal }),
    cache: readCache(block),
  };
}

/** Reads a block of the user that is no result. */
export function readUserBlock(block: JsonObject, path: string, foreign: ForeignMember[]): Block {
  switch (block["type"]) {
    case "text":
      return readText(block);
    case "image":
    case "document":
      return readMedia(block, path, foreign) ?? readOpaque(block);
    default:
      foreign.push({ path: `${path}.type`, isEssential: true });
      return readOpaque(block);
  }
}

/** Reads a `tool_result` block. */
export function readResult(block: JsonObject, path: string, foreign: ForeignMember[]): ResultBlock {
  const content = blocksOf(block["content"]) ?? [];
  return {
    type: "result",
    callId: textOf(block["tool_use_id"]) ?? "",
    blocks: content.flatMap((part, at) => readResultPart(part, `${path}.content[${at}]`, foreign)),
    isError: block["is_error"] === true,
    kind: "function",
    cache: readCache(block),
  };
}

function readResultPart(part: JsonObject, path: string, foreign: ForeignMember[]): (TextBlock | MediaBlock)[] {
  switch (part["type"]) {
    case "text":
      return [readText(part)];
    case "image":
    case "document": {
      const media = readMedia(part, path, foreign);
      return media ? [media] : [];
    }
    case "tool_reference":
      // Names a tool that is loaded from here on; elsewhere all tools are there from the beginning.
      foreign.push({ path: `${path}.type`, isEssential: false });
      return [{ type: "text", text: textOf(part["tool_name"]) ?? "" }];
    default:
      foreign.push({ path: `${path}.type`, isEssential: true });
      return [];
  }
}
