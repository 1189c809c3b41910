import type { JsonObject } from "../../core/json/parse.ts";
import type { OpenedBlock } from "../form/answer-events.ts";
import type { Seal } from "../form/blocks.ts";
import { thinkingSignature } from "./seals.ts";

/** One event of a stream, which says its type twice. */
export const writeEvent = (type: string, members: JsonObject): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...members })}\n\n`;

export const beginEvent = (index: number, block: JsonObject): string =>
  writeEvent("content_block_start", { index, content_block: block });

export const stopEvent = (index: number): string =>
  `event: content_block_stop\ndata: {"type":"content_block_stop","index":${index}}\n\n`;

/** A block that is said at once. */
export const wholeBlockEvents = (index: number, block: JsonObject): string =>
  beginEvent(index, block) + stopEvent(index);

// Most events of a stream are these; they are put together without an object for each.
const deltaEvent = (index: number, type: string, member: string, text: string): string =>
  `event: content_block_delta\ndata: {"type":"content_block_delta","index":${index},"delta":{"type":"${type}","${member}":${JSON.stringify(text)}}}\n\n`;

/** More of the arguments of a call. */
export const inputEvent = (index: number, json: string): string =>
  deltaEvent(index, "input_json_delta", "partial_json", json);

/** The signature of a thought, which comes whole. */
export const signatureEvent = (index: number, seal: Seal | undefined): string =>
  seal ? deltaEvent(index, "signature_delta", "signature", thinkingSignature(seal)) : "";

/** More of a block. */
export function pieceEvent(opened: OpenedBlock, index: number, text: string): string {
  if (opened.type === "text") return deltaEvent(index, "text_delta", "text", text);
  if (opened.type === "thinking") return deltaEvent(index, "thinking_delta", "thinking", text);
  // The free text of a custom tool is the one argument of a function here.
  const isCustom = opened.type === "call" && opened.kind === "custom";
  return inputEvent(index, isCustom ? JSON.stringify(text).slice(1, -1) : text);
}
