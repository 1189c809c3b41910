import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import { filledTextOf, listOf, objectOf, textOf } from "../../core/json/values.ts";
import { type AnswerError, type ModelAnswer, noAnswer } from "../form/answer.ts";
import type { Annotation, Block, TextBlock } from "../form/blocks.ts";
import { makeCallId } from "../form/call-ids.ts";
import type { WireTarget } from "../form/dialect.ts";
import { clientToolNames } from "../form/tool-names.ts";
import { type Cited, readCitation, TextOffsets } from "./citations.ts";
import { sealOf } from "./seals.ts";
import { readFailure, readStop } from "./stop-reason.ts";
import { readUsage } from "./usage.ts";

/** Reads a whole answer of Cohere's chat. https://docs.cohere.com/reference/chat */
export function readAnswer(body: JsonObject, target: WireTarget): ModelAnswer | { readonly error: AnswerError } {
  const message = objectOf(body["message"]);
  const reason = textOf(body["finish_reason"]);
  if (!message) {
    const said = filledTextOf(body["message"]) ?? filledTextOf(body["error"]);
    if (said === undefined && reason === undefined) return { error: noAnswer("it has no message") };
    return { error: readFailure(reason, said) };
  }
  const id = filledTextOf(body["id"]);
  const calls = readCalls(message["tool_calls"], id, target);
  const stop = readStop(reason, calls.length > 0);
  if (stop.reason === "error") return { error: readFailure(reason, filledTextOf(body["error"])) };
  const blocks = [...readSaid(message, target), ...calls];
  return { id, model: undefined, blocks, stop, usage: readUsage(body["usage"]) };
}

/** The content, and behind it the plan, which users are shown before the calls that it announces. */
function readSaid(message: JsonObject, target: WireTarget): readonly Block[] {
  const said = new Map<Cited["place"], Block>();
  partsOf(message["content"]).forEach((part, index) => {
    const text = textOf(part["text"]) ?? "";
    const thought = textOf(part["thinking"]) ?? "";
    if (thought !== "") said.set(index, { type: "thinking", text: thought, seal: sealOf(target) });
    else if (text !== "") said.set(index, { type: "text", text });
  });
  const plan = filledTextOf(message["tool_plan"]);
  if (plan !== undefined) said.set("plan", { type: "text", text: plan });
  annotate(said, listOf(message["citations"]).filter(isJsonObject));
  return [...said.values()];
}

function partsOf(content: unknown): readonly JsonObject[] {
  return typeof content === "string" ? [{ type: "text", text: content }] : listOf(content).filter(isJsonObject);
}

function annotate(said: Map<Cited["place"], Block>, citations: readonly JsonObject[]): void {
  const offsets = new Map<Cited["place"], TextOffsets>();
  const annotations = new Map<Cited["place"], Annotation[]>();
  const offsetsOf = (place: Cited["place"]): TextOffsets | undefined => {
    const block = said.get(place);
    if (block?.type !== "text") return undefined;
    const known = offsets.get(place);
    if (known) return known;
    const counted = new TextOffsets();
    counted.add(block.text);
    offsets.set(place, counted);
    return counted;
  };
  for (const citation of citations) {
    const { place, annotations: found } = readCitation(citation, offsetsOf);
    const before = annotations.get(place);
    if (before) for (const annotation of found) before.push(annotation);
    else annotations.set(place, [...found]);
  }
  for (const [place, found] of annotations) {
    const block = said.get(place);
    if (block?.type === "text" && found.length > 0)
      said.set(place, { ...block, annotations: found } satisfies TextBlock);
  }
}

function readCalls(calls: unknown, answer: string | undefined, target: WireTarget): readonly Block[] {
  const toolName = clientToolNames(target.tools);
  return listOf(calls)
    .filter(isJsonObject)
    .map((call, position) => {
      const { id, name, input } = readCall(call);
      return {
        type: "call",
        id: id ?? makeCallId(answer ?? "", position),
        name: toolName(name),
        kind: "function",
        input: input === "" ? "{}" : input,
      };
    });
}

/** A call, or the piece of one with which it begins in a stream. Arguments are null if there are none. */
export function readCall(call: JsonObject): {
  readonly id: string | undefined;
  readonly name: string;
  readonly input: string;
} {
  const called = objectOf(call["function"]) ?? {};
  const input = called["arguments"];
  return {
    id: filledTextOf(call["id"]),
    name: textOf(called["name"]) ?? "",
    input: typeof input === "string" ? input : isJsonObject(input) ? JSON.stringify(input) : "",
  };
}
