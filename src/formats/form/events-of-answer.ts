import type { ModelAnswer } from "./answer.ts";
import type { AnswerEvent, OpenedBlock } from "./answer-events.ts";
import type { Block } from "./blocks.ts";

/** An answer as the events of its stream. */
export function* eventsOf({ id, model, blocks, stop, usage }: ModelAnswer): Generator<AnswerEvent> {
  yield { type: "start", id, model };
  for (const [index, block] of blocks.entries()) yield* eventsOfBlock(index, block);
  yield { type: "stop", stop };
  if (usage) yield { type: "usage", usage };
}

function* eventsOfBlock(block: number, value: Block): Generator<AnswerEvent> {
  const opened = openedBy(value);
  if (!opened) return;
  yield { type: "open", block, opened };
  if (value.type === "call" && value.seal) yield { type: "seal", block, seal: value.seal };
  const text = value.type === "call" ? value.input : "text" in value ? value.text : "";
  if (text !== "") yield { type: "piece", block, text };
  if (value.type === "text") {
    for (const annotation of value.annotations ?? []) yield { type: "annotation", block, annotation };
  }
  if ((value.type === "thinking" || value.type === "text") && value.seal)
    yield { type: "seal", block, seal: value.seal };
  yield { type: "close", block };
}

/** Results are not what models say. */
function openedBy(block: Block): OpenedBlock | undefined {
  switch (block.type) {
    case "text":
      return { type: "text", isRefusal: block.isRefusal === true };
    case "thinking":
      return { type: "thinking" };
    case "call":
      return {
        type: "call",
        id: block.id,
        name: block.name,
        kind: block.kind,
        ...(block.isAnswered && { isAnswered: true }),
      };
    case "opaque":
      return { type: "opaque", format: block.format, name: block.name, value: block.value };
    case "result":
      return undefined;
    default:
      return { type: "media", media: block };
  }
}
