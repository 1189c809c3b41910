import { isJsonObject, type JsonObject, parseJson } from "../../core/json/parse.ts";
import type { AnswerEvent, OpenedBlock } from "../form/answer-events.ts";
import type { Seal } from "../form/blocks.ts";
import { callIdOf } from "../form/call-ids.ts";
import { numberOf, textOf } from "../../core/json/values.ts";
import { inputText, readCitation, readCitations, readOpaque } from "./read-content.ts";
import type { AnswerSource } from "./read-answer.ts";

/** The arguments of tools that the provider runs itself are held until they are whole. In UTF-16 units. */
const MAX_HELD = 16 * 1024 * 1024;

/** A block that has begun and not ended. */
interface BlockState {
  /** Undefined for what is told as a whole at its end. */
  readonly number: number | undefined;
  readonly begun: JsonObject;
  /** Pieces of arguments that are held. */
  readonly held: string[];
  hasPieces: boolean;
}

/** Reads the blocks of a message as they come. */
export class StreamBlockReader {
  hasCalls = false;
  readonly #source: AnswerSource;
  /** By the provider's index. */
  readonly #states = new Map<number, BlockState>();
  /** The number of the next block. */
  #next = 0;
  /** The index that the provider named last. */
  #last = -1;
  #held = 0;

  constructor(source: AnswerSource) {
    this.#source = source;
  }

  start(event: JsonObject): readonly AnswerEvent[] {
    const index = numberOf(event["index"]) ?? this.#last + 1;
    // A provider that does not say that a block has ended.
    const ended = this.#stopAt(index);
    const opened = this.#begin(index, isJsonObject(event["content_block"]) ? event["content_block"] : {});
    const state = this.#states.get(index);
    const said = state?.number === undefined ? [] : this.#saidAtOnce(state, state.number);
    return [...ended, ...opened, ...said];
  }

  delta(event: JsonObject): readonly AnswerEvent[] {
    const delta = isJsonObject(event["delta"]) ? event["delta"] : {};
    const index = numberOf(event["index"]) ?? this.#last;
    const type = BLOCK_OF_DELTA.get(textOf(delta["type"]) ?? "");
    // A provider that does not say that a block begins.
    const opened = !this.#states.has(index) && type ? this.#begin(index, { type }) : [];
    const state = this.#states.get(index);
    if (!state) return [];
    if (state.number === undefined) return this.#hold(state, textOf(delta["partial_json"]) ?? "");
    const read = this.#readDelta(delta, state, state.number);
    return opened.length > 0 ? [...opened, ...read] : read;
  }

  stop(event: JsonObject): readonly AnswerEvent[] {
    return this.#stopAt(numberOf(event["index"]) ?? this.#last);
  }

  /** Ends the blocks that the provider has not ended. */
  stopAll(): readonly AnswerEvent[] {
    return [...this.#states.keys()].flatMap((index) => this.#stopAt(index));
  }

  #begin(index: number, begun: JsonObject): readonly AnswerEvent[] {
    const opened = openedBlock(begun, this.#source);
    this.#last = index;
    this.#states.set(index, { number: opened && this.#next, begun, held: [], hasPieces: false });
    if (!opened) return [];
    if (opened.type === "call") this.hasCalls = true;
    return [{ type: "open", block: this.#next++, opened }];
  }

  /** What a block has said already when it begins, which is nothing with most providers. */
  #saidAtOnce(state: BlockState, block: number): readonly AnswerEvent[] {
    const { begun } = state;
    switch (begun["type"]) {
      case "redacted_thinking":
        return this.#seal(block, "encrypted", begun["data"]);
      case "thinking":
        return [...piece(state, begun["thinking"]), ...this.#seal(block, "signature", begun["signature"])];
      case "text": {
        const annotations = readCitations(begun["citations"]);
        return [...piece(state, begun["text"]), ...annotations.map((annotation) => annotationEvent(block, annotation))];
      }
      default:
        return [];
    }
  }

  #readDelta(delta: JsonObject, state: BlockState, block: number): readonly AnswerEvent[] {
    switch (delta["type"]) {
      case "text_delta":
        return piece(state, delta["text"]);
      case "thinking_delta":
        return piece(state, delta["thinking"]);
      case "input_json_delta":
        return piece(state, delta["partial_json"]);
      case "signature_delta":
        return this.#seal(block, "signature", delta["signature"]);
      case "citations_delta":
        return isJsonObject(delta["citation"]) ? [annotationEvent(block, readCitation(delta["citation"]))] : [];
      default:
        return [];
    }
  }

  #seal(block: number, kind: Seal["kind"], value: unknown): readonly AnswerEvent[] {
    if (typeof value !== "string" || value === "") return [];
    return [{ type: "seal", block, seal: { origin: this.#source.origin, kind, value } }];
  }

  #hold(state: BlockState, text: string): readonly AnswerEvent[] {
    state.held.push(text);
    this.#held += text.length;
    return this.#held > MAX_HELD ? [TOO_MUCH] : [];
  }

  #stopAt(index: number): readonly AnswerEvent[] {
    const state = this.#states.get(index);
    if (!state) return [];
    this.#states.delete(index);
    return state.number === undefined ? wholeBlock(state, this.#next++) : endOf(state, state.number);
  }
}

/** The block that a delta belongs to if nothing was said of its beginning. */
const BLOCK_OF_DELTA: ReadonlyMap<string, string> = new Map(
  Object.entries<string>({ text_delta: "text", thinking_delta: "thinking" }),
);

const TOO_MUCH: AnswerEvent = {
  type: "fail",
  error: { message: "The provider sent too long a block.", type: "api_error", code: undefined },
};

function openedBlock(begun: JsonObject, { answerTool, toolName }: AnswerSource): OpenedBlock | undefined {
  switch (begun["type"]) {
    case "text":
      return { type: "text", isRefusal: false };
    case "thinking":
    case "redacted_thinking":
      return { type: "thinking" };
    case "tool_use": {
      const name = toolName(textOf(begun["name"]) ?? "");
      if (name === answerTool) return { type: "text", isRefusal: false };
      return { type: "call", id: callIdOf(begun["id"]), name, kind: "function" };
    }
    default:
      return undefined;
  }
}

const annotationEvent = (block: number, annotation: ReturnType<typeof readCitation>): AnswerEvent => ({
  type: "annotation",
  block,
  annotation,
});

function piece(state: BlockState, text: unknown): readonly AnswerEvent[] {
  if (typeof text !== "string" || text === "" || state.number === undefined) return [];
  state.hasPieces = true;
  return [{ type: "piece", block: state.number, text }];
}

/** Some providers say all arguments where the block begins; without any, they are an empty object. */
function endOf(state: BlockState, block: number): readonly AnswerEvent[] {
  const isUnsaid = state.begun["type"] === "tool_use" && !state.hasPieces;
  return [...(isUnsaid ? piece(state, inputText(state.begun["input"])) : []), { type: "close", block }];
}

function wholeBlock({ begun, held }: BlockState, block: number): readonly AnswerEvent[] {
  const input = held.length > 0 ? parseJson(held.join("")) : undefined;
  const opened = readOpaque(input === undefined ? begun : { ...begun, input });
  return [
    { type: "open", block, opened },
    { type: "close", block },
  ];
}
