import { callIdOf } from "../form/call-ids.ts";
import type { JsonObject } from "../../core/json/parse.ts";
import { type AnswerError, type ModelAnswer, noAnswer } from "../form/answer.ts";
import type { Block } from "../form/blocks.ts";
import type { WireTarget } from "../form/dialect.ts";
import { type ClientToolName, clientToolNames } from "../form/tool-names.ts";
import { readAnswerError } from "./answer-error.ts";
import { isSet, listOf, objectOf, textOf } from "../../core/json/values.ts";
import { readOutputPart } from "./read-content.ts";
import { readCall, readOpaque } from "./read-items.ts";
import { flatName } from "./read-tools.ts";
import { isAnswer, readStop } from "./stop-reason.ts";
import { isEmptyThinking, originOf, readThinking } from "./thinking.ts";
import { readUsage } from "./usage.ts";

/** Reads a whole response. One that failed, or is still being made, is an error. */
export function readAnswer(
  body: JsonObject,
  { provider, tools }: WireTarget,
): ModelAnswer | { readonly error: AnswerError } {
  if (!isAnswer(body)) return { error: readAnswerError(body) };
  if (!Array.isArray(body["output"])) return { error: noAnswer("it is no response") };
  const toolName = clientToolNames(tools);
  const blocks = listOf(body["output"]).flatMap((item) =>
    readOutputItem(objectOf(item) ?? {}, originOf(provider), toolName),
  );
  return {
    id: textOf(body["id"]),
    model: textOf(body["model"]),
    blocks,
    stop: readStop(body, {
      hasCalls: blocks.some(({ type }) => type === "call"),
      hasRefusal: blocks.some((block) => block.type === "text" && block.isRefusal === true),
    }),
    usage: readUsage(body["usage"]),
  };
}

/** The blocks of one item of an answer; parts and thoughts that are empty are none. */
function readOutputItem(item: JsonObject, origin: string, toolName: ClientToolName): Block[] {
  const call = readCall(item, (name, namespace) => toolName(flatName(name, namespace)));
  if (call) return [{ ...call, id: callIdOf(call.id) }];
  switch (item["type"]) {
    case "message":
      return listOf(item["content"]).flatMap((part): Block[] => {
        const block = readOutputPart(objectOf(part) ?? {});
        return block && block.text !== "" ? [block] : [];
      });
    case "reasoning": {
      const thinking = readThinking(item, origin);
      return isEmptyThinking(thinking) ? [] : [thinking];
    }
    default:
      return isSet(item["type"]) ? [readOpaque(item)] : [];
  }
}
