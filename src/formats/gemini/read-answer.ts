import type { JsonObject } from "../../core/json/parse.ts";
import { filledTextOf, isSet, listOf, numberOf, objectOf } from "../../core/json/values.ts";
import { type AnswerError, type ModelAnswer, noAnswer, type Stop } from "../form/answer.ts";
import type { AnswerEvent, OpenedBlock } from "../form/answer-events.ts";
import type { Annotation, Block, Seal } from "../form/blocks.ts";
import type { WireTarget } from "../form/dialect.ts";
import { readAnswerError } from "./answer-error.ts";
import { readBlocked, readFinish } from "./finish-reason.ts";
import { PartReader } from "./read-parts.ts";
import { readUsage } from "./usage.ts";

/** Reads a whole answer of a provider of this wire. https://ai.google.dev/api/generate-content */
export function readAnswer(body: JsonObject, target: WireTarget): ModelAnswer | { readonly error: AnswerError } {
  const error = readAnswerError(body);
  if (error) return { error };
  const candidate = firstCandidate(body);
  const id = filledTextOf(body["responseId"]);
  const parts = new PartReader(target);
  const events = candidate
    ? [...parts.read(candidate["content"], id ?? ""), ...parts.annotate(candidate), ...parts.close()]
    : [];
  const finish = (candidate && readFinish(candidate, parts)) ?? readBlocked(body);
  if (!finish && parts.isEmpty) return { error: noAnswer("it has no candidate") };
  if (finish && "error" in finish) return finish;
  // Nothing is missing of an answer that came as a whole.
  const stop: Stop = finish ?? { reason: parts.hasCalls ? "tool" : "end" };
  return {
    id,
    model: filledTextOf(body["modelVersion"]),
    blocks: blocksOf(events),
    stop,
    usage: readUsage(body["usageMetadata"]),
  };
}

/** Of several answers the first one counts. */
export const firstCandidate = (body: JsonObject): JsonObject | undefined =>
  listOf(body["candidates"])
    .map(objectOf)
    .find((candidate) => candidate && (!isSet(candidate["index"]) || numberOf(candidate["index"]) === 0));

interface Growing {
  readonly opened: OpenedBlock;
  readonly pieces: string[];
  readonly annotations: Annotation[];
  seal: Seal | undefined;
}

/** The blocks that events tell. */
function blocksOf(events: readonly AnswerEvent[]): readonly Block[] {
  const growing: Growing[] = [];
  for (const event of events) {
    if (event.type === "open") growing.push({ opened: event.opened, pieces: [], annotations: [], seal: undefined });
    const block = "block" in event ? growing[event.block] : undefined;
    if (!block) continue;
    if (event.type === "piece") block.pieces.push(event.text);
    else if (event.type === "annotation") block.annotations.push(event.annotation);
    else if (event.type === "seal") block.seal = event.seal;
  }
  return growing.map(toBlock);
}

function toBlock({ opened, pieces, annotations, seal }: Growing): Block {
  const text = pieces.join("");
  switch (opened.type) {
    case "text":
      return { type: "text", text, ...(annotations.length > 0 && { annotations }), ...(seal && { seal }) };
    case "thinking":
      return { type: "thinking", text, seal };
    case "call": {
      const { id, name, kind } = opened;
      return { type: "call", id, name, input: text, kind, ...(seal && { seal }) };
    }
    case "media":
      return opened.media;
    case "opaque":
      return opened;
  }
}
