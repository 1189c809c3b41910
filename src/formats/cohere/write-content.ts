import type { JsonObject } from "../../core/json/parse.ts";
import { type Block, type CallBlock, isBlank, type MediaBlock, type TextBlock } from "../form/blocks.ts";
import { CannotTranslate, type WireTarget } from "../form/dialect.ts";
import { functionArguments } from "../form/function-tools.ts";
import { isTextType, mediaTypeOf } from "../form/media-type.ts";
import type { Notes } from "../form/notes.ts";
import { fitToolName } from "../form/tool-names.ts";
import { isOwnSeal } from "./seals.ts";

/** What is shared by all that write one request. */
export interface WriteContext {
  readonly target: WireTarget;
  readonly notes: Notes;
  /** Texts that the model is to know of, which have a place of their own on this wire. */
  readonly documents: JsonObject[];
}

/** Parts of what a user says; a text alone is written as a string. @returns undefined if nothing is said */
export function writeUserContent(blocks: readonly Block[], context: WriteContext): unknown {
  return compact(blocks.flatMap((block) => writeUserPart(block, context)));
}

function writeUserPart(block: Block, context: WriteContext): readonly JsonObject[] {
  switch (block.type) {
    case "text":
      return isBlank(block.text) ? [] : [{ type: "text", text: block.text }];
    case "image":
      return [writeImage(block)];
    case "document":
      context.documents.push(writeDocument(block, context.documents.length));
      context.notes.adjusted("document");
      return [];
    case "audio":
    case "video":
      throw new CannotTranslate(block.type, `its API takes no ${block.type}`);
    case "opaque":
      // What a user gives must not be left out without a word.
      throw new CannotTranslate(block.name, "its API has no place for it");
    default:
      return [];
  }
}

function compact(parts: readonly JsonObject[]): unknown {
  if (parts.length === 0) return undefined;
  return parts.length === 1 && parts[0]?.["type"] === "text" ? parts[0]["text"] : parts;
}

/** https://docs.cohere.com/docs/image-inputs */
function writeImage({ source, mediaType, detail }: MediaBlock): JsonObject {
  if (source.kind === "file") {
    throw new CannotTranslate("file_id", "the file is in the store of another provider; send its bytes");
  }
  if (source.kind === "text") throw new CannotTranslate("image", "an image must be bytes or a URL");
  const url = source.kind === "url" ? source.url : dataUrl(source.data, mediaType);
  return { type: "image_url", image_url: { url, ...(detail !== undefined && { detail }) } };
}

function dataUrl(data: string, said: string | undefined): string {
  const type = mediaTypeOf(data) ?? said?.toLowerCase();
  if (type === undefined) throw new CannotTranslate("image", "the type of the image is not known");
  return `data:${type};base64,${data}`;
}

function writeDocument({ source, mediaType, name }: MediaBlock, position: number): JsonObject {
  const isText = source.kind === "base64" && isTextType(mediaType ?? "");
  if (source.kind !== "text" && !isText) {
    throw new CannotTranslate("document", "its API takes documents as plain text alone");
  }
  const text = source.kind === "text" ? source.text : Buffer.from(source.data, "base64").toString("utf8");
  return { id: `document_${position}`, data: { ...(name !== undefined && { title: name }), text } };
}

/** What an assistant has thought, said and called. */
export function writeAssistant(blocks: readonly Block[], context: WriteContext): JsonObject | undefined {
  const calls = blocks.filter((block) => block.type === "call").map(writeCall);
  const texts = blocks.filter((block): block is TextBlock => block.type === "text" && !isBlank(block.text));
  const thoughts = blocks.flatMap((block) => writeThought(block, context));
  for (const block of blocks) {
    if (block.type === "opaque") context.notes.dropped(block.name);
    else if (block.type !== "text" && block.type !== "thinking" && block.type !== "call") {
      context.notes.dropped(`messages[].${block.type}`);
    }
  }
  if (calls.length === 0) {
    const parts = [...thoughts, ...texts.map(({ text }) => ({ type: "text", text }))];
    const content = compact(parts);
    return content === undefined ? undefined : { role: "assistant", content };
  }
  return {
    role: "assistant",
    ...(thoughts.length > 0 && { content: thoughts }),
    // What is said before calls has a place of its own, and would not be seen by the model elsewhere.
    ...(texts.length > 0 && { tool_plan: texts.map(({ text }) => text).join("\n") }),
    tool_calls: calls,
  };
}

function writeThought(block: Block, { target, notes }: WriteContext): readonly JsonObject[] {
  if (block.type !== "thinking") return [];
  if (block.text !== "" && block.seal && isOwnSeal(block.seal, target)) {
    return [{ type: "thinking", thinking: block.text }];
  }
  notes.dropped("messages[].thinking");
  return [];
}

const writeCall = (call: CallBlock): JsonObject => ({
  id: call.id,
  type: "function",
  function: { name: fitToolName(call.name), arguments: functionArguments(call) },
});
