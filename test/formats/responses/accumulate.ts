import { accumulateResponse } from "openai/lib/responses/ResponseAccumulator";
import type { ResponseStreamEvent } from "openai/resources/responses/responses";
import type { JsonObject } from "../../../src/core/json/parse.ts";
import type { AnswerEvent } from "../../../src/formats/form/answer-events.ts";
import type { ModelAnswer, Stop, Usage } from "../../../src/formats/form/answer.ts";
import type { Annotation, Block, Seal } from "../../../src/formats/form/blocks.ts";
import type { AnswerStreamReader, ClientAsk } from "../../../src/formats/form/dialect.ts";
import { RESPONSES_DIALECT } from "../../../src/formats/responses/dialect.ts";
import { eventsOf, type WrittenEvent } from "./samples.ts";

/** What the official client makes of a stream; throws as it does. */
export function accumulateOfficially(events: readonly WrittenEvent[]): JsonObject {
  let snapshot: Parameters<typeof accumulateResponse>[1];
  for (const { data } of events) snapshot = accumulateResponse(data as unknown as ResponseStreamEvent, snapshot);
  const { output_text: _, ...response } = snapshot as unknown as JsonObject;
  return response;
}

export const readAll = (reader: AnswerStreamReader, datas: readonly string[]): AnswerEvent[] => [
  ...datas.flatMap((data) => reader.read({ name: undefined, data })),
  ...reader.end(),
];

export function writeAll(events: readonly AnswerEvent[], ask: ClientAsk): WrittenEvent[] {
  const writer = RESPONSES_DIALECT.writeStream(ask);
  return eventsOf(events.map((event) => writer.write(event)).join("") + writer.end());
}

/** The answer that the events of the form add up to; throws if their order is wrong. */
export function addUp(events: readonly AnswerEvent[]): ModelAnswer {
  const [first] = events;
  if (first?.type !== "start") throw new Error("no start");
  const blocks: { block: Block; seal?: Seal; annotations: Annotation[]; pieces: string[]; open: boolean }[] = [];
  let stop: Stop | undefined;
  let usage: Usage | undefined;
  for (const event of events.slice(1)) {
    const entry = "block" in event ? blocks[event.block] : undefined;
    if ("block" in event && event.type !== "open" && !entry?.open) throw new Error(`block ${event.block} is not open`);
    if (stop && event.type !== "usage") throw new Error(`${event.type} after the stop`);
    if (event.type === "open") {
      if (event.block !== blocks.length) throw new Error("blocks are not numbered in order");
      blocks.push({ block: blockOf(event.opened), annotations: [], pieces: [], open: true });
    } else if (event.type === "piece") {
      if (event.text === "") throw new Error("an empty piece");
      entry?.pieces.push(event.text);
    } else if (event.type === "seal" && entry) entry.seal = event.seal;
    else if (event.type === "annotation") entry?.annotations.push(event.annotation);
    else if (event.type === "close" && entry) entry.open = false;
    else if (event.type === "stop") stop = event.stop;
    else if (event.type === "usage") usage = event.usage;
    else throw new Error(`${event.type} in the middle: ${JSON.stringify(event)}`);
  }
  if (!stop || blocks.some(({ open }) => open)) throw new Error("the stream does not end well");
  return { id: first.id, model: first.model, blocks: blocks.map(finish), stop, usage };

  function finish({ block, seal, annotations, pieces }: (typeof blocks)[number]): Block {
    const text = pieces.join("");
    switch (block.type) {
      case "text":
        return annotations.length === 0 ? { ...block, text } : { ...block, text, annotations };
      case "thinking":
        return { ...block, text, seal };
      case "call":
        return { ...block, input: text };
      default:
        return block;
    }
  }
}

function blockOf(opened: Extract<AnswerEvent, { type: "open" }>["opened"]): Block {
  switch (opened.type) {
    case "text":
      return opened.isRefusal ? { type: "text", text: "", isRefusal: true } : { type: "text", text: "" };
    case "thinking":
      return { type: "thinking", text: "", seal: undefined };
    case "call":
      return { ...opened, input: "" };
    case "media":
      return opened.media;
    case "opaque":
      return opened;
  }
}

/** An answer as the events of a stream, each text in pieces of so many characters. */
export function streamOf(answer: ModelAnswer, pieceLength: number): AnswerEvent[] {
  const events: AnswerEvent[] = [{ type: "start", id: answer.id, model: answer.model }];
  for (const [block, value] of answer.blocks.entries()) {
    if (value.type === "text")
      events.push({ type: "open", block, opened: { type: "text", isRefusal: value.isRefusal === true } });
    else if (value.type === "thinking") events.push({ type: "open", block, opened: { type: "thinking" } });
    else if (value.type === "call") {
      events.push({ type: "open", block, opened: { type: "call", id: value.id, name: value.name, kind: value.kind } });
    } else continue;
    const text = value.type === "call" ? value.input : value.text;
    for (let at = 0; at < text.length; at += pieceLength) {
      events.push({ type: "piece", block, text: text.slice(at, at + pieceLength) });
    }
    if (value.type === "text")
      for (const annotation of value.annotations ?? []) events.push({ type: "annotation", block, annotation });
    if (value.type === "thinking" && value.seal) events.push({ type: "seal", block, seal: value.seal });
    events.push({ type: "close", block });
  }
  if (answer.usage) events.push({ type: "usage", usage: answer.usage });
  events.push({ type: "stop", stop: answer.stop });
  return events;
}
