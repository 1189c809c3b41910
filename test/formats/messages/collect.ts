import type { ModelAnswer, Stop, Usage } from "../../../src/formats/form/answer.ts";
import type { AnswerEvent, OpenedBlock } from "../../../src/formats/form/answer-events.ts";
import type { Annotation, Block, Seal } from "../../../src/formats/form/blocks.ts";
import type { AnswerStreamReader } from "../../../src/formats/form/dialect.ts";

/** One event of a stream, as readers take it. */
export interface ServerEvent {
  readonly name: string | undefined;
  readonly data: string;
}

/** The events of a stream that is framed as providers frame it. */
export function serverEvents(stream: string): readonly ServerEvent[] {
  return stream.split(/\n\n/).flatMap((event) => {
    const name = /^event: ?(.*)$/m.exec(event)?.[1];
    const data = /^data: ?(.*)$/m.exec(event)?.[1];
    return data === undefined ? [] : { name, data };
  });
}

export const readAll = (reader: AnswerStreamReader, events: readonly ServerEvent[]): readonly AnswerEvent[] => [
  ...events.flatMap((event) => reader.read(event)),
  ...reader.end(),
];

interface Growing {
  readonly opened: OpenedBlock;
  text: string;
  seal: Seal | undefined;
  readonly annotations: Annotation[];
  isClosed: boolean;
}

/** Adds events up to the whole answer that they tell, and complains of any that is out of order. */
export function collect(events: readonly AnswerEvent[]): ModelAnswer {
  const blocks: Growing[] = [];
  let head: { id: string | undefined; model: string | undefined } | undefined;
  let stop: Stop | undefined;
  let usage: Usage | undefined;
  const growing = (block: number): Growing => {
    const found = blocks[block];
    if (!found || found.isClosed) throw new Error(`block ${block} is not open`);
    return found;
  };
  for (const event of events) {
    if (event.type !== "start" && !head) throw new Error(`${event.type} before the start`);
    if (event.type === "start") {
      if (head) throw new Error("a second start");
      head = { id: event.id, model: event.model };
    } else if (event.type === "open") {
      if (event.block !== blocks.length) throw new Error(`block ${event.block} is opened out of turn`);
      blocks.push({ opened: event.opened, text: "", seal: undefined, annotations: [], isClosed: false });
    } else if (event.type === "piece") {
      if (event.text === "") throw new Error("an empty piece");
      growing(event.block).text += event.text;
    } else if (event.type === "seal") growing(event.block).seal = event.seal;
    else if (event.type === "annotation") {
      const cited = blocks[event.block];
      if (cited?.opened.type !== "text") throw new Error(`block ${event.block} is no text`);
      cited.annotations.push(event.annotation);
    } else if (event.type === "close") growing(event.block).isClosed = true;
    else if (event.type === "stop") {
      if (stop || blocks.some(({ isClosed }) => !isClosed)) throw new Error("a stop out of turn");
      ({ stop } = event);
    } else if (event.type === "usage") ({ usage } = event);
    else throw new Error(event.error.message);
  }
  if (!head || !stop) throw new Error("no start or no stop");
  return { ...head, blocks: blocks.flatMap(toBlock), stop, usage };
}

function toBlock({ opened, text, seal, annotations }: Growing): Block[] {
  switch (opened.type) {
    case "text":
      if (text === "") return [];
      return [{ type: "text", text, ...(annotations.length > 0 && { annotations }), ...(seal && { seal }) }];
    case "thinking":
      return text === "" && !seal ? [] : [{ type: "thinking", text, seal }];
    case "call": {
      const { id, name, kind } = opened;
      return [{ type: "call", id, name, kind, input: text, ...(seal && { seal }) }];
    }
    case "media":
      return [opened.media];
    case "opaque":
      return [opened];
  }
}
