import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import { answerToolName } from "../form/forced-answer.ts";
import { type AnswerError, type ModelAnswer, noAnswer } from "../form/answer.ts";
import type { Block, CallBlock, TextBlock } from "../form/blocks.ts";
import type { WireTarget } from "../form/dialect.ts";
import { annotateLast, readAnnotations } from "./annotations.ts";
import { readAnswerError, STOPPED } from "./answer-error.ts";
import { makeCallId } from "../form/call-ids.ts";
import { readCallItem } from "./call-items.ts";
import { readStop } from "./finish-reason.ts";
import { filledTextOf, listOf, objectOf, textOf } from "../../core/json/values.ts";
import {
  isWorthKeeping,
  mergeCarriers,
  originOf,
  sealThought,
  thinkingPartText,
  type ThoughtPiece,
  thoughtPieces,
} from "./thoughts.ts";
import { type ClientToolName, clientToolNames } from "../form/tool-names.ts";
import { readUsage } from "./usage.ts";

/** What reads a part of an answer must know of it. */
interface AnswerSource {
  readonly provider: string;
  /** The answer's id, from which those of calls without one are made. */
  readonly id: string | undefined;
  readonly toolName: ClientToolName;
  /** Whose calls are text. */
  readonly answerTool: string;
}

/**
 * Reads a provider's `chat.completion`. Of several choices the first one counts.
 * @returns an error if the body reports one, or has no message
 */
export function readAnswer(
  body: JsonObject,
  { provider, tools }: WireTarget,
): ModelAnswer | { readonly error: AnswerError } {
  const error = readAnswerError(body);
  if (error !== undefined) return { error };
  const choice = listOf(body["choices"]).find(isJsonObject);
  const message = objectOf(choice?.["message"]);
  if (choice === undefined || message === undefined) return { error: noAnswer("it has no message") };
  const id = filledTextOf(body["id"]);
  const blocks = readBlocks(message, {
    provider,
    id,
    toolName: clientToolNames(tools),
    answerTool: answerToolName(tools),
  });
  const hasCalls = blocks.some(({ type }) => type === "call");
  const hasRefusal = blocks.some((block) => block.type === "text" && block.isRefusal === true);
  const stop = readStop(textOf(choice["finish_reason"]), choice, { hasCalls, hasRefusal });
  if (stop.reason === "error") return { error: STOPPED };
  return { id, model: filledTextOf(body["model"]), blocks, stop, usage: readUsage(body["usage"]) };
}

/** Thoughts, then text, then calls, as they come in streams; what belongs to the whole message is behind. */
function readBlocks(message: JsonObject, source: AnswerSource): readonly Block[] {
  const refusal = filledTextOf(message["refusal"]);
  const content = readSaid(message, source);
  const extra = objectOf(message["extra_content"]);
  return [
    ...readThoughts(thoughtPieces(message), source),
    ...annotateLast(content, readAnnotations(message["annotations"])),
    ...(refusal === undefined ? [] : [{ type: "text", text: refusal, isRefusal: true } as const]),
    ...readCalls(message, source),
    ...(["audio", "images"] as const).flatMap((name) => readOpaque(name, message[name])),
    ...(extra !== undefined && hasSignature(extra)
      ? readThoughts([{ key: "extra", text: "", carrier: { extra } }], source)
      : []),
  ];
}

/** Google's `extra_content` of a message: without a signature it says nothing that must come back. */
export function hasSignature(extra: JsonObject): boolean {
  return filledTextOf(objectOf(extra["google"])?.["thought_signature"]) !== undefined;
}

function readThoughts(pieces: readonly ThoughtPiece[], { provider }: AnswerSource): readonly Block[] {
  const joined: ThoughtPiece[] = [];
  for (const piece of pieces) {
    const last = joined.at(-1);
    if (last?.key !== piece.key) joined.push(piece);
    else {
      const carrier = mergeCarriers(last.carrier, piece.carrier);
      joined[joined.length - 1] = { key: last.key, text: last.text + piece.text, carrier };
    }
  }
  return joined
    .filter(({ text, carrier }) => text !== "" || isWorthKeeping(carrier))
    .map(({ text, carrier }) => ({ type: "thinking", text, seal: sealThought(carrier, provider) }));
}

/** The content: a text, or, with Mistral, parts, of which texts in a row are one. */
function readSaid(message: JsonObject, source: AnswerSource): readonly Block[] {
  const text = textOf(message["content"]);
  if (text !== undefined) return text === "" ? [] : [{ type: "text", text }];
  const blocks: Block[] = [];
  for (const part of listOf(message["content"]).filter(isJsonObject)) {
    const last = blocks.at(-1);
    if (part["type"] === "thinking") {
      blocks.push(
        ...readThoughts([{ key: "content", text: thinkingPartText(part), carrier: { member: "content" } }], source),
      );
      continue;
    }
    const said = filledTextOf(part["text"]) ?? "";
    if (said === "") continue;
    if (last?.type === "text") blocks[blocks.length - 1] = { ...last, text: last.text + said };
    else blocks.push({ type: "text", text: said });
  }
  return blocks;
}

function readCalls(message: JsonObject, source: AnswerSource): readonly (CallBlock | TextBlock)[] {
  const { provider, id: answer, toolName, answerTool } = source;
  const old = objectOf(message["function_call"]);
  const items = listOf(message["tool_calls"]).filter(isJsonObject);
  return (old === undefined ? items : [...items, { function: old }]).map((item, position) => {
    const { id, name, input, kind, signature } = readCallItem(item);
    if (name === answerTool) return { type: "text", text: input === "" ? "{}" : input };
    return {
      type: "call",
      id: id ?? makeCallId(answer ?? "", position),
      name: toolName(name),
      input,
      kind,
      ...(signature !== undefined && {
        seal: { origin: originOf(provider), kind: "signature", value: signature },
      }),
    };
  });
}

/** What the form has no streamed shape for. */
function readOpaque(name: string, value: unknown): readonly Block[] {
  const isEmpty = value === null || value === undefined || (Array.isArray(value) && value.length === 0);
  return isEmpty ? [] : [{ type: "opaque", format: "chat", name, value }];
}
