import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import { filledTextOf, listOf, objectOf, textOf } from "../../core/json/values.ts";
import type { Annotation, Block, OpaqueBlock, Seal } from "../form/blocks.ts";
import { callIdOf } from "../form/call-ids.ts";
import type { WireTarget } from "../form/dialect.ts";
import { answerToolName } from "../form/forced-answer.ts";
import { type ClientToolName, clientToolNames } from "../form/tool-names.ts";
import { originOf } from "./seals.ts";

/** What readers of blocks must know of the answer. */
export interface AnswerSource {
  /** Of seals. */
  readonly origin: string;
  readonly toolName: ClientToolName;
  /** Whose calls are text. */
  readonly answerTool: string;
}

export const sourceOf = (target: WireTarget): AnswerSource => ({
  origin: originOf(target),
  toolName: clientToolNames(target.tools),
  answerTool: answerToolName(target.tools),
});

/** Reads one block of an answer; it is of the kind that its one member names. */
export function readBlock(block: JsonObject, source: AnswerSource): readonly Block[] {
  const text = textOf(block["text"]);
  if (text !== undefined) return text === "" ? [] : [{ type: "text", text }];
  const reasoning = objectOf(block["reasoningContent"]);
  if (reasoning) return readThought(reasoning, source);
  const call = objectOf(block["toolUse"]);
  if (call && !isServerCall(call)) {
    const { id, name } = readCall(call, source);
    const input = inputText(call["input"]);
    return name === source.answerTool
      ? [{ type: "text", text: input }]
      : [{ type: "call", id, name, kind: "function", input }];
  }
  const cited = objectOf(block["citationsContent"]);
  return cited ? readCited(cited) : [readOpaque(block)];
}

export function readCall(call: JsonObject, { toolName }: AnswerSource): { readonly id: string; readonly name: string } {
  return { id: callIdOf(call["toolUseId"]), name: toolName(textOf(call["name"]) ?? "") };
}

/** The provider runs the tool itself. */
export const isServerCall = (call: JsonObject): boolean => call["type"] === "server_tool_use";

/** The arguments of a call as text. */
function inputText(input: unknown): string {
  if (typeof input === "string") return input === "" ? "{}" : input;
  return input === undefined || input === null ? "{}" : JSON.stringify(input);
}

/** Something that only this wire has. */
export const readOpaque = (block: JsonObject): OpaqueBlock => ({
  type: "opaque",
  format: "converse",
  name: Object.keys(block)[0] ?? "unknown",
  value: block,
});

function readThought(reasoning: JsonObject, { origin }: AnswerSource): readonly Block[] {
  const encrypted = filledTextOf(reasoning["redactedContent"]);
  if (encrypted !== undefined) return [{ type: "thinking", text: "", seal: sealOf("encrypted", encrypted, origin) }];
  const said = objectOf(reasoning["reasoningText"]) ?? {};
  const text = textOf(said["text"]) ?? "";
  const signature = filledTextOf(said["signature"]);
  const seal = signature === undefined ? undefined : sealOf("signature", signature, origin);
  return text === "" && !seal ? [] : [{ type: "thinking", text, seal }];
}

export const sealOf = (kind: Seal["kind"], value: string, origin: string): Seal => ({ origin, kind, value });

function readCited({ content, citations }: JsonObject): readonly Block[] {
  const text = listOf(content)
    .filter(isJsonObject)
    .map((part) => textOf(part["text"]) ?? "")
    .join("");
  if (text === "") return [];
  const annotations = listOf(citations).filter(isJsonObject).map(readCitation);
  return [{ type: "text", text, ...(annotations.length > 0 && { annotations }) }];
}

/** The wire says what is cited, not where in the text it is. */
export function readCitation(citation: JsonObject): Annotation {
  const location = objectOf(citation["location"]) ?? {};
  const url = textOf(objectOf(location["web"])?.["url"]);
  return { url, title: textOf(citation["title"]), start: undefined, end: undefined };
}
