import type { JsonObject } from "../../core/json/parse.ts";
import type { AnswerEvent, OpenedBlock } from "../form/answer-events.ts";
import type { Annotation, Seal } from "../form/blocks.ts";
import type { ClientToolName } from "../form/tool-names.ts";

/** Where the events of a stream's items go. */
export interface StreamOutput {
  readonly emit: (event: AnswerEvent) => void;
  /** @returns the number of the next block */
  readonly newBlock: () => number;
  /** Of the seals in it. */
  readonly origin: string;
  readonly toolName: ClientToolName;
}

/** Reads the events of one item of a streamed response. */
export interface ItemReader {
  read(type: string, event: JsonObject): void;
  /** The item as it is when it is begun. */
  added?(item: JsonObject): void;
  /** The item in full: what has not come in pieces comes now. */
  done(item: JsonObject): void;
  /** Nothing more comes; closes what is open. */
  close(): void;
}

/** One block of an item. It is opened with its first piece, so that empty ones are none. */
export interface StreamBlock {
  open(opened: OpenedBlock): void;
  /** Opens it if need be. */
  piece(text: string, opened: OpenedBlock): void;
  /** @returns false if there is no block yet, or no more */
  annotate(annotation: Annotation): boolean;
  seal(seal: Seal): void;
  close(): void;
  hasPieces(): boolean;
}

export function createStreamBlock({ emit, newBlock }: StreamOutput): StreamBlock {
  let block: number | undefined;
  let hasPieces = false;
  let isClosed = false;
  const open = (opened: OpenedBlock): number => {
    if (block !== undefined) return block;
    block = newBlock();
    emit({ type: "open", block, opened });
    return block;
  };
  return {
    open(opened) {
      if (!isClosed) open(opened);
    },
    piece(text, opened) {
      if (text === "" || isClosed) return;
      const number = open(opened);
      hasPieces = true;
      emit({ type: "piece", block: number, text });
    },
    annotate(annotation) {
      if (block === undefined || isClosed) return false;
      emit({ type: "annotation", block, annotation });
      return true;
    },
    seal(seal) {
      if (block !== undefined && !isClosed) emit({ type: "seal", block, seal });
    },
    close() {
      if (block !== undefined && !isClosed) emit({ type: "close", block });
      isClosed = true;
    },
    hasPieces: () => hasPieces,
  };
}
