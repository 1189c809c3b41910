import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import { type AnswerError, type ModelAnswer, noAnswer } from "../form/answer.ts";
import type { Block } from "../form/blocks.ts";
import { callIdOf } from "../form/call-ids.ts";
import type { WireTarget } from "../form/dialect.ts";
import { answerToolName } from "../form/forced-answer.ts";
import { numberOf, textOf } from "../../core/json/values.ts";
import { blocksOf } from "./members.ts";
import { inputText, readOpaque, readText } from "./read-content.ts";
import { originOf } from "./seals.ts";
import { readStop } from "./stop-reason.ts";
import { type ClientToolName, clientToolNames } from "./tool-names.ts";
import { readUsage } from "./usage.ts";

/** Reads a whole answer of a provider of the Messages API. */
export function readAnswer(body: JsonObject, target: WireTarget): ModelAnswer | { readonly error: AnswerError } {
  const content = blocksOf(body["content"]);
  if (body["type"] === "error" || isJsonObject(body["error"])) return { error: readError(body) };
  if (!content || body["content"] === undefined) return { error: noAnswer("it is no message of this API") };
  const source = sourceOf(target);
  const blocks = content.flatMap((block) => readBlock(block, source));
  return {
    id: textOf(body["id"]),
    model: textOf(body["model"]),
    blocks,
    stop: readStop(
      body,
      blocks.some(({ type }) => type === "call"),
    ),
    usage: readUsage(body["usage"]),
  };
}

/** Reads `{type: "error", error: {type, message}}`. https://docs.anthropic.com/en/api/errors */
export function readError(body: JsonObject): AnswerError {
  const error = isJsonObject(body["error"]) ? body["error"] : body;
  const code = error["code"];
  return {
    message: textOf(error["message"]) ?? textOf(body["error"]) ?? "The provider failed and did not say why.",
    type: error === body ? undefined : textOf(error["type"]),
    code: numberOf(code) ?? textOf(code),
  };
}

/** What reads a block of an answer must know of it. */
export interface AnswerSource {
  /** Of seals. */
  readonly origin: string;
  /** Whose calls are text. */
  readonly answerTool: string;
  readonly toolName: ClientToolName;
}

export const sourceOf = (target: WireTarget): AnswerSource => ({
  origin: originOf(target),
  answerTool: answerToolName(target.tools),
  toolName: clientToolNames(target.tools),
});

function readBlock(block: JsonObject, { origin, answerTool, toolName }: AnswerSource): readonly Block[] {
  switch (block["type"]) {
    case "text": {
      const text = readText(block);
      return text.text === "" ? [] : [text];
    }
    case "thinking": {
      const value = textOf(block["signature"]);
      const seal = value ? ({ origin, kind: "signature", value } as const) : undefined;
      const text = textOf(block["thinking"]) ?? "";
      return text === "" && !seal ? [] : [{ type: "thinking", text, seal }];
    }
    case "redacted_thinking": {
      const value = textOf(block["data"]);
      return value ? [{ type: "thinking", text: "", seal: { origin, kind: "encrypted", value } }] : [];
    }
    case "tool_use": {
      const name = toolName(textOf(block["name"]) ?? "");
      if (name === answerTool) return [{ type: "text", text: inputText(block["input"]) }];
      return [{ type: "call", id: callIdOf(block["id"]), name, input: inputText(block["input"]), kind: "function" }];
    }
    default:
      return [readOpaque(block)];
  }
}
