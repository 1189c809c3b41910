import type { JsonObject } from "../../../src/core/json/parse.ts";
import type { ModelAnswer, Usage } from "../../../src/formats/form/answer.ts";
import type { AnswerEvent, OpenedBlock } from "../../../src/formats/form/answer-events.ts";
import type { Block } from "../../../src/formats/form/blocks.ts";

/** One event of a stream as dialects take it. */
export interface ServerSentEvent {
  readonly name: string | undefined;
  readonly data: string;
}

/** Splits a whole stream into its events, comments left out. */
export function splitEvents(body: string): readonly ServerSentEvent[] {
  return body.split(/\r?\n\r?\n/).flatMap((event): ServerSentEvent[] => {
    const lines = event.split(/\r?\n/);
    const name = lines
      .find((line) => line.startsWith("event:"))
      ?.slice("event:".length)
      .trim();
    const data = lines.filter((line) => line.startsWith("data:")).map((line) => line.slice("data:".length).trimStart());
    return data.length === 0 ? [] : [{ name, data: data.join("\n") }];
  });
}

/** The chunks of a stream that was written for a client, without its end mark. */
export const chunksOf = (body: string): readonly JsonObject[] =>
  splitEvents(body)
    .filter(({ data }) => data !== "[DONE]")
    .map(({ data }) => JSON.parse(data) as JsonObject);

interface Growing {
  readonly opened: OpenedBlock;
  readonly pieces: string[];
  readonly members: Record<string, unknown>;
  isClosed: boolean;
}

/** Adds the events of an answer up, and throws if they break the order that the form prescribes. */
export function addUp(events: readonly AnswerEvent[]): ModelAnswer {
  const blocks: Growing[] = [];
  let start: { id: string | undefined; model: string | undefined } | undefined;
  let stop: ModelAnswer["stop"] | undefined;
  let usage: Usage | undefined;
  const must = (isRight: boolean, event: AnswerEvent): void => {
    if (!isRight) throw new Error(`out of order: ${JSON.stringify(event)}`);
  };
  for (const event of events) {
    if (event.type === "usage") {
      ({ usage } = event);
      continue;
    }
    must((start === undefined) === (event.type === "start") && stop === undefined, event);
    if (event.type === "start") start = { id: event.id, model: event.model };
    if (event.type === "stop") {
      must(
        blocks.every(({ isClosed }) => isClosed),
        event,
      );
      ({ stop } = event);
    }
    if (event.type === "open") {
      must(event.block === blocks.length, event);
      blocks.push({ opened: event.opened, pieces: [], members: {}, isClosed: false });
    }
    if (event.type === "fail") throw new Error(event.error.message);
    if (!("block" in event) || event.type === "open") continue;
    const block = blocks[event.block];
    must(block !== undefined && !block.isClosed, event);
    if (block === undefined) continue;
    if (event.type === "piece") {
      must(event.text !== "", event);
      block.pieces.push(event.text);
    } else if (event.type === "seal") block.members["seal"] = event.seal;
    else if (event.type === "annotation") {
      block.members["annotations"] = [...((block.members["annotations"] as unknown[]) ?? []), event.annotation];
    } else block.isClosed = true;
  }
  if (stop === undefined) throw new Error("The events have no stop");
  return { id: start?.id, model: start?.model, blocks: blocks.map(wholeBlock), stop, usage };
}

function wholeBlock({ opened, pieces, members }: Growing): Block {
  const text = pieces.join("");
  switch (opened.type) {
    case "text":
      return { type: "text", text, ...(opened.isRefusal && { isRefusal: true }), ...members };
    case "thinking":
      return { type: "thinking", text, seal: undefined, ...members };
    case "call":
      return { ...opened, input: text, ...members };
    case "media":
      return opened.media;
    case "opaque":
      return opened;
  }
}

/** The events of an answer, its texts in pieces of so many characters; those of calls come in turn. */
export function eventsOf(answer: ModelAnswer, size: number): readonly AnswerEvent[] {
  const { id, model, blocks, stop, usage } = answer;
  const events: AnswerEvent[] = [{ type: "start", id, model }];
  const said = blocks.map((block, index) => blockEvents(block, index, size));
  blocks.forEach((block, index) => {
    if (block.type !== "call") events.push(...(said[index] ?? []));
  });
  const calls = said.filter((_, index) => blocks[index]?.type === "call");
  for (let step = 0; calls.some((each) => step < each.length); step += 1) {
    for (const each of calls) events.push(...each.slice(step, step + 1));
  }
  if (usage !== undefined) events.push({ type: "usage", usage });
  return [...events, { type: "stop", stop }];
}

function blockEvents(block: Block, index: number, size: number): readonly AnswerEvent[] {
  const pieces = (text: string): AnswerEvent[] =>
    [...text.matchAll(new RegExp(`[\\s\\S]{1,${size}}`, "g"))].map(([piece]) => ({
      type: "piece",
      block: index,
      text: piece,
    }));
  const seal =
    "seal" in block && block.seal !== undefined ? [{ type: "seal", block: index, seal: block.seal } as const] : [];
  const whole = (opened: OpenedBlock, between: readonly AnswerEvent[]): readonly AnswerEvent[] => [
    { type: "open", block: index, opened },
    ...between,
    ...seal,
    { type: "close", block: index },
  ];
  switch (block.type) {
    case "text": {
      const annotations = (block.annotations ?? []).map(
        (annotation) => ({ type: "annotation", block: index, annotation }) as const,
      );
      return whole({ type: "text", isRefusal: block.isRefusal === true }, [...pieces(block.text), ...annotations]);
    }
    case "thinking":
      return whole({ type: "thinking" }, pieces(block.text));
    case "call":
      return whole({ type: "call", id: block.id, name: block.name, kind: block.kind }, pieces(block.input));
    default:
      throw new Error(`no events for ${block.type}`);
  }
}
