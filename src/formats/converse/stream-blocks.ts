import type { JsonObject } from "../../core/json/parse.ts";
import { filledTextOf, numberOf, objectOf, textOf } from "../../core/json/values.ts";
import type { AnswerEvent, OpenedBlock } from "../form/answer-events.ts";
import { type AnswerSource, isServerCall, readCall, readCitation, readOpaque, sealOf } from "./read-content.ts";

/** A block that has begun and not ended. */
interface BlockState {
  readonly number: number;
  readonly type: OpenedBlock["type"];
  /** It is told by the arguments of a tool. */
  readonly isArguments: boolean;
  hasPieces: boolean;
  /** Pieces of a signature, which is told once. */
  readonly signature: string[];
}

/** Reads the blocks of a stream as they come. Only tools say that they begin; text and thoughts begin with what they say. */
export class StreamBlocks {
  hasCalls = false;
  /** Characters of signatures that are held until they are whole. */
  held = 0;
  readonly #source: AnswerSource;
  /** By the provider's index. */
  readonly #states = new Map<number, BlockState>();
  #next = 0;

  constructor(source: AnswerSource) {
    this.#source = source;
  }

  start({ contentBlockIndex, start }: JsonObject): readonly AnswerEvent[] {
    const index = numberOf(contentBlockIndex) ?? this.#next;
    const begun = objectOf(start) ?? {};
    const call = objectOf(begun["toolUse"]);
    if (!call) return [];
    const ended = this.#stopAt(index);
    // Their arguments have no place in the form: it is a trace of what the provider did.
    if (isServerCall(call)) return [...ended, ...this.#open(index, readOpaque(begun))];
    const { id, name } = readCall(call, this.#source);
    if (name === this.#source.answerTool) return [...ended, ...this.#open(index, TEXT, true)];
    this.hasCalls = true;
    return [...ended, ...this.#open(index, { type: "call", id, name, kind: "function" }, true)];
  }

  delta({ contentBlockIndex, delta }: JsonObject): readonly AnswerEvent[] {
    const index = numberOf(contentBlockIndex) ?? Math.max(0, this.#next - 1);
    const said = objectOf(delta) ?? {};
    const text = textOf(said["text"]);
    if (text !== undefined) return this.#piece(index, TEXT, text);
    const reasoning = objectOf(said["reasoningContent"]);
    if (reasoning) return this.#thought(index, reasoning);
    const call = objectOf(said["toolUse"]);
    if (call) return this.#piece(index, undefined, textOf(call["input"]) ?? "");
    const citation = objectOf(said["citation"]);
    return citation ? this.#annotate(index, citation) : [];
  }

  stop({ contentBlockIndex }: JsonObject): readonly AnswerEvent[] {
    return this.#stopAt(numberOf(contentBlockIndex) ?? Math.max(0, this.#next - 1));
  }

  /** Ends the blocks that the provider has not ended. */
  stopAll(): readonly AnswerEvent[] {
    return [...this.#states.keys()].flatMap((index) => this.#stopAt(index));
  }

  #open(index: number, opened: OpenedBlock, isArguments = false): readonly AnswerEvent[] {
    const number = this.#next++;
    this.#states.set(index, { number, type: opened.type, isArguments, hasPieces: false, signature: [] });
    return [{ type: "open", block: number, opened }];
  }

  /** @param opened the block that the piece is of if none of its kind is open; undefined if it must be open */
  #piece(index: number, opened: OpenedBlock | undefined, text: string): readonly AnswerEvent[] {
    if (text === "") return [];
    const begun = opened ? this.#openAs(index, opened) : [];
    const state = this.#states.get(index);
    if (!state || state.type === "opaque") return begun;
    state.hasPieces = true;
    const piece: AnswerEvent = { type: "piece", block: state.number, text };
    return begun.length === 0 ? [piece] : [...begun, piece];
  }

  #openAs(index: number, opened: OpenedBlock): readonly AnswerEvent[] {
    if (this.#states.get(index)?.type === opened.type) return NONE;
    return [...this.#stopAt(index), ...this.#open(index, opened)];
  }

  #thought(index: number, reasoning: JsonObject): readonly AnswerEvent[] {
    const text = textOf(reasoning["text"]);
    if (text !== undefined) return this.#piece(index, THINKING, text);
    const signature = filledTextOf(reasoning["signature"]);
    const encrypted = filledTextOf(reasoning["redactedContent"]);
    if (signature === undefined && encrypted === undefined) return [];
    const begun = this.#openAs(index, THINKING);
    const state = this.#states.get(index);
    if (!state) return begun;
    if (signature !== undefined) {
      state.signature.push(signature);
      this.held += signature.length;
      if (this.held > MAX_HELD) return [TOO_MUCH];
    }
    if (encrypted === undefined) return begun;
    return [...begun, { type: "seal", block: state.number, seal: sealOf("encrypted", encrypted, this.#source.origin) }];
  }

  #annotate(index: number, citation: JsonObject): readonly AnswerEvent[] {
    const begun = this.#openAs(index, TEXT);
    const block = this.#states.get(index)?.number ?? 0;
    return [...begun, { type: "annotation", block, annotation: readCitation(citation) }];
  }

  #stopAt(index: number): readonly AnswerEvent[] {
    const state = this.#states.get(index);
    if (!state) return [];
    this.#states.delete(index);
    const { number: block, isArguments, hasPieces, signature } = state;
    const last: AnswerEvent[] = [];
    // A call without arguments has no deltas.
    if (isArguments && !hasPieces) last.push({ type: "piece", block, text: "{}" });
    if (signature.length > 0) {
      for (const piece of signature) this.held -= piece.length;
      last.push({ type: "seal", block, seal: sealOf("signature", signature.join(""), this.#source.origin) });
    }
    last.push({ type: "close", block });
    return last;
  }
}

const MAX_HELD = 16 * 1024 * 1024;

const TOO_MUCH: AnswerEvent = {
  type: "fail",
  error: { message: "The provider sent too long a signature.", type: "api_error", code: undefined },
};

const NONE: readonly AnswerEvent[] = [];
const TEXT: OpenedBlock = { type: "text", isRefusal: false };
const THINKING: OpenedBlock = { type: "thinking" };
