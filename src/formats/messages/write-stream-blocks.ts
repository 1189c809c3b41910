import type { AnswerEvent, OpenedBlock } from "../form/answer-events.ts";
import { isBlank, type Seal } from "../form/blocks.ts";
import { carryCallSeal, carryThinking } from "./seals.ts";
import { beginEvent, inputEvent, pieceEvent, signatureEvent, stopEvent, wholeBlockEvents } from "./stream-events.ts";
import { callBlock, isOwnOpaque, textBlock } from "./write-answer.ts";

/** Pieces of blocks that are not yet to be written are held, at most so much of them. In UTF-16 units. */
export const MAX_HELD = 16 * 1024 * 1024;

/** A block that has been opened. */
interface BlockState {
  readonly opened: OpenedBlock;
  /** What has come and is not written. */
  pieces: string[];
  seal: Seal | undefined;
  isClosed: boolean;
  /** The index by which the client knows it, once it does. */
  index: number | undefined;
}

export type BlockEvent = Extract<AnswerEvent, { readonly block: number }>;

/** Writes blocks in the order in which they were opened, one after the other, as the wire has only one open at a time. */
export class StreamBlockWriter {
  hasCalls = false;
  /** Those that are not written to their end, the oldest first. */
  readonly #waiting = new Map<number, BlockState>();
  /** The oldest one, which is being written. */
  #head: number | undefined;
  #nextIndex = 0;
  #held = 0;

  /** How much of pieces is held back, in UTF-16 units. */
  get held(): number {
    return this.#held;
  }

  write(event: BlockEvent): string {
    const first = this.#head === undefined ? undefined : this.#waiting.get(this.#head);
    // The seal of a call comes directly behind its opening, if at all, and is written before it.
    const begun = first && event.type !== "seal" ? this.#beginCall(first) : "";
    if (event.type === "open") {
      this.#open(event.block, event.opened);
      return begun;
    }
    const state = this.#waiting.get(event.block);
    return state ? begun + this.#change(state, event) : begun;
  }

  /** Ends all that is open. */
  end(): string {
    for (const state of this.#waiting.values()) state.isClosed = true;
    return this.#advance();
  }

  #open(block: number, opened: OpenedBlock): void {
    if (opened.type === "call" && !opened.isAnswered) this.hasCalls = true;
    this.#waiting.set(block, { opened, pieces: [], seal: undefined, isClosed: false, index: undefined });
    this.#head ??= block;
  }

  #change(state: BlockState, event: BlockEvent): string {
    const isHead = event.block === this.#head;
    switch (event.type) {
      case "piece":
        state.pieces.push(event.text);
        this.#held += event.text.length;
        return isHead && isSaying(state, event.text) ? this.#flush(state) : "";
      case "seal":
        state.seal = event.seal;
        return "";
      case "close":
        state.isClosed = true;
        return isHead ? this.#advance() : "";
      default:
        // Where a statement comes from cannot be said without what only a provider of this wire has.
        return "";
    }
  }

  /** Ends the head if it is closed, and goes on with those behind it. */
  #advance(): string {
    const written: string[] = [];
    for (const [block, state] of this.#waiting) {
      this.#head = block;
      if (!state.isClosed) return written.join("") + this.#flush(state);
      written.push(this.#finish(state));
      this.#waiting.delete(block);
    }
    this.#head = undefined;
    return written.join("");
  }

  /** Writes what the head has, as far as it can be written. */
  #flush(state: BlockState): string {
    if (state.pieces.length === 0) return "";
    const text = state.pieces.join("");
    // Sent back to a provider of this wire, text that says nothing would be refused.
    if (state.opened.type === "text" && state.index === undefined && isBlank(text)) return "";
    const begun = this.#begin(state);
    this.#held -= text.length;
    state.pieces = [];
    return begun + pieceEvent(state.opened, state.index ?? 0, text);
  }

  #begin(state: BlockState): string {
    if (state.index !== undefined) return "";
    if (state.opened.type === "call") return this.#beginCall(state);
    state.index = this.#nextIndex++;
    return beginEvent(state.index, state.opened.type === "text" ? textBlock("") : EMPTY_THOUGHT);
  }

  #beginCall(state: BlockState): string {
    if (state.opened.type !== "call" || state.index !== undefined) return "";
    const carried = state.seal ? wholeBlockEvents(this.#nextIndex++, carryCallSeal(state.seal)) : "";
    state.index = this.#nextIndex++;
    const begun = carried + beginEvent(state.index, callBlock(state.opened, {}));
    return state.opened.kind === "custom" ? begun + inputEvent(state.index, '{"input":"') : begun;
  }

  #finish(state: BlockState): string {
    const written = this.#flush(state) + this.#beginCall(state);
    for (const { length } of state.pieces) this.#held -= length;
    const { opened, index, seal } = state;
    if (index === undefined) return written + this.#finishUnwritten(opened, seal);
    if (opened.type === "thinking") return written + signatureEvent(index, seal) + stopEvent(index);
    const isCustom = opened.type === "call" && opened.kind === "custom";
    return written + (isCustom ? inputEvent(index, '"}') : "") + stopEvent(index);
  }

  /** A block that ends before anything of it was written: it is said at once, or not at all. */
  #finishUnwritten(opened: OpenedBlock, seal: Seal | undefined): string {
    if (opened.type === "opaque") return isOwnOpaque(opened) ? wholeBlockEvents(this.#nextIndex++, opened.value) : "";
    const thought = opened.type === "thinking" ? carryThinking({ type: "thinking", text: "", seal }) : undefined;
    if (!thought) return "";
    const index = this.#nextIndex++;
    if (thought["type"] !== "thinking") return wholeBlockEvents(index, thought);
    return beginEvent(index, EMPTY_THOUGHT) + signatureEvent(index, seal) + stopEvent(index);
  }
}

const EMPTY_THOUGHT = { type: "thinking", thinking: "", signature: "" };

/** Whether a piece makes its block be written; looked for in the piece alone, as all before it may be much. */
const isSaying = ({ opened, index }: BlockState, text: string): boolean =>
  opened.type !== "text" || index !== undefined || !isBlank(text);
