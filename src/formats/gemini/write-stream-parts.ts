import type { JsonObject } from "../../core/json/parse.ts";
import type { AnswerEvent, OpenedBlock } from "../form/answer-events.ts";
import type { Annotation, MediaBlock, Seal } from "../form/blocks.ts";
import type { HiddenThought } from "./client-seals.ts";
import { callPart, mediaPart, textPart, thoughtPart } from "./write-answer.ts";

/** Calls, and pieces of blocks that are not yet to be written, are held, at most so much of them. In UTF-16 units. */
export const MAX_HELD = 16 * 1024 * 1024;

/** A block that has been opened. */
interface BlockState {
  readonly opened: OpenedBlock;
  /** What has come and is not written. */
  pieces: string[];
  /** Units in them. */
  held: number;
  seal: Seal | undefined;
  /** Some of it is written. */
  isBegun: boolean;
  isClosed: boolean;
}

export type BlockEvent = Extract<AnswerEvent, { readonly block: number }>;

const NOTHING: readonly JsonObject[] = [];

/**
 * Makes parts of blocks, in the order in which these were opened: what is said of the oldest one is a part at once, but
 * for a call, which is one part with all its arguments.
 */
export class StreamPartWriter {
  readonly annotations: Annotation[] = [];
  readonly #isShown: boolean;
  /** Those that are not written to their end, the oldest first. */
  readonly #waiting = new Map<number, BlockState>();
  /** Thoughts that go with the next part. */
  #hidden: HiddenThought[] = [];
  #held = 0;

  /** @param isShown the client sees thoughts */
  constructor(isShown: boolean) {
    this.#isShown = isShown;
  }

  /** How much is held back, in UTF-16 units. */
  get held(): number {
    return this.#held;
  }

  write(event: BlockEvent): readonly JsonObject[] {
    if (event.type === "open") {
      const { block, opened } = event;
      this.#waiting.set(block, { opened, pieces: [], held: 0, seal: undefined, isBegun: false, isClosed: false });
      return NOTHING;
    }
    if (event.type === "annotation") {
      this.annotations.push(event.annotation);
      return NOTHING;
    }
    const state = this.#waiting.get(event.block);
    if (!state) return NOTHING;
    switch (event.type) {
      case "piece":
        return this.#take(state, event.text);
      case "seal":
        state.seal = event.seal;
        return NOTHING;
      case "close":
        state.isClosed = true;
        return this.#advance();
    }
  }

  /** Ends all that is open. */
  end(): readonly JsonObject[] {
    for (const state of this.#waiting.values()) state.isClosed = true;
    return this.#advance();
  }

  /** What is left for the last chunk: the seals of thoughts behind which nothing was said. */
  takeLast(): readonly JsonObject[] {
    const hidden = this.#hidden;
    this.#hidden = [];
    return hidden.length === 0 ? NOTHING : [textPart("", hidden, undefined)];
  }

  #take(state: BlockState, text: string): readonly JsonObject[] {
    if (this.#isHead(state) && this.#isSaidAtOnce(state)) return [this.#said(state, text, undefined)];
    state.pieces.push(text);
    state.held += text.length;
    this.#held += text.length;
    return NOTHING;
  }

  #isHead(state: BlockState): boolean {
    for (const first of this.#waiting.values()) return first === state;
    return false;
  }

  #isSaidAtOnce({ opened }: BlockState): boolean {
    return opened.type === "text" || (opened.type === "thinking" && this.#isShown);
  }

  /** Ends the oldest blocks that are closed, and says what has come of the one behind them. */
  #advance(): readonly JsonObject[] {
    const parts: JsonObject[] = [];
    for (const [block, state] of this.#waiting) {
      if (!state.isClosed) {
        if (state.held > 0 && this.#isSaidAtOnce(state)) parts.push(this.#said(state, this.#release(state), undefined));
        break;
      }
      parts.push(...this.#finish(state));
      this.#waiting.delete(block);
    }
    return parts;
  }

  #finish(state: BlockState): readonly JsonObject[] {
    const { opened, seal } = state;
    const text = this.#release(state);
    switch (opened.type) {
      case "call":
        return [callPart(opened, text, this.#takeHidden(), seal)];
      case "text":
        return text === "" && !seal ? NOTHING : [this.#said(state, text, seal)];
      case "thinking":
        if (this.#isShown && (text !== "" || state.isBegun)) {
          return text === "" && !seal ? NOTHING : [this.#said(state, text, seal)];
        }
        if (seal) this.#hidden.push({ text, seal });
        return NOTHING;
      case "media":
        return this.#media(opened.media);
      default:
        // What only another wire has.
        return NOTHING;
    }
  }

  #media(media: MediaBlock): readonly JsonObject[] {
    const part = mediaPart(media, this.#hidden);
    if (!part) return NOTHING;
    this.#hidden = [];
    return [part];
  }

  #said(state: BlockState, text: string, seal: Seal | undefined): JsonObject {
    state.isBegun = true;
    const hidden = this.#takeHidden();
    return state.opened.type === "thinking" ? thoughtPart(text, hidden, seal) : textPart(text, hidden, seal);
  }

  #takeHidden(): readonly HiddenThought[] {
    const hidden = this.#hidden;
    if (hidden.length > 0) this.#hidden = [];
    return hidden;
  }

  #release(state: BlockState): string {
    const text = state.pieces.length === 1 ? (state.pieces[0] ?? "") : state.pieces.join("");
    this.#held -= state.held;
    state.held = 0;
    state.pieces = [];
    return text;
  }
}
