import type { AnswerEvent, OpenedBlock } from "../../../formats/form/answer-events.ts";
import type { Annotation, Block, Seal } from "../../../formats/form/blocks.ts";
import { tooLong } from "../step-answer.ts";
import { MAX_CALLS, tooManyCalls } from "../tool-call-accumulator.ts";

/** What a block takes beside its texts, in bytes. */
const BLOCK_BYTES = 200;

interface Gathered {
  readonly opened: OpenedBlock;
  readonly pieces: string[];
  readonly annotations: Annotation[];
  seal: Seal | undefined;
}

export type BlockEvent = Extract<AnswerEvent, { readonly block: number }>;

/** The blocks of one streamed answer, as its events build them. */
export interface GatheredBlocks {
  /** @throws Failure if too much would have to be remembered */
  take(event: BlockEvent): void;
  list(): readonly Block[];
}

/**
 * @param mayRemember called with how many bytes are remembered; an answer that is too long is not, and no tool of it is
 * run
 */
export function gatherBlocks(mayRemember: (bytes: number) => boolean): GatheredBlocks {
  const blocks = new Map<number, Gathered>();
  let calls = 0;
  let isForgotten = false;
  let remembered = 0;

  const remember = (bytes: number): void => {
    remembered += bytes;
    if (mayRemember(remembered)) return;
    if (calls > 0) throw tooLong();
    isForgotten = true;
    blocks.clear();
  };

  return {
    take(event) {
      if (event.type === "open") {
        if (event.opened.type === "call") calls += 1;
        if (calls > MAX_CALLS) throw tooManyCalls();
        if (isForgotten && calls > 0) throw tooLong();
        if (!isForgotten)
          blocks.set(event.block, { opened: event.opened, pieces: [], annotations: [], seal: undefined });
        return remember(BLOCK_BYTES + dataBytes(event.opened));
      }
      const block = blocks.get(event.block);
      if (event.type === "piece") {
        block?.pieces.push(event.text);
        remember(event.text.length);
      } else if (event.type === "seal") {
        if (block) block.seal = event.seal;
        remember(event.seal.value.length);
      } else if (event.type === "annotation") {
        block?.annotations.push(event.annotation);
        remember(BLOCK_BYTES);
      }
    },
    list: () => [...blocks.values()].map(toBlock),
  };
}

/** Bytes of what comes whole with the beginning of a block. */
function dataBytes(opened: OpenedBlock): number {
  if (opened.type === "opaque") return JSON.stringify(opened.value ?? null).length;
  return opened.type === "media" && opened.media.source.kind === "base64" ? opened.media.source.data.length : 0;
}

function toBlock({ opened, pieces, annotations, seal }: Gathered): Block {
  switch (opened.type) {
    case "text":
      return {
        type: "text",
        text: pieces.join(""),
        ...(opened.isRefusal && { isRefusal: true }),
        ...(annotations.length > 0 && { annotations }),
        ...(seal && { seal }),
      };
    case "thinking":
      return { type: "thinking", text: pieces.join(""), seal };
    case "call":
      return { type: "call", id: opened.id, name: opened.name, kind: opened.kind, input: pieces.join(""), seal };
    case "media":
      return opened.media;
    case "opaque":
      return { type: "opaque", format: opened.format, name: opened.name, value: opened.value };
  }
}
