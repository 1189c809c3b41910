import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import { listOf, objectOf, textOf } from "../../core/json/values.ts";
import { type AnswerError, type ModelAnswer, noAnswer } from "../form/answer.ts";
import type { WireTarget } from "../form/dialect.ts";
import { toAnswerError } from "./exceptions.ts";
import { readBlock, sourceOf } from "./read-content.ts";
import { malformed, readStop } from "./stop-reason.ts";
import { readUsage } from "./usage.ts";

/** Reads a whole answer of Converse, which names neither itself nor the model. */
export function readAnswer(body: JsonObject, target: WireTarget): ModelAnswer | { readonly error: AnswerError } {
  const message = objectOf(objectOf(body["output"])?.["message"]);
  if (!message) {
    const said = textOf(body["message"]) ?? textOf(body["Message"]);
    const type = textOf(body["__type"]);
    return said === undefined && type === undefined
      ? { error: noAnswer("it has no message") }
      : { error: toAnswerError(type, said) };
  }
  const source = sourceOf(target);
  const blocks = listOf(message["content"])
    .filter(isJsonObject)
    .flatMap((block) => readBlock(block, source));
  const hasCalls = blocks.some(({ type }) => type === "call");
  const reason = textOf(body["stopReason"]);
  const stop = readStop(reason, hasCalls);
  if (stop.reason === "error") return { error: toAnswerError(undefined, malformed(reason)) };
  return { id: undefined, model: undefined, blocks, stop, usage: readUsage(body["usage"]) };
}
