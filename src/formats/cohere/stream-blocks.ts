import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import { listOf, numberOf, objectOf, textOf } from "../../core/json/values.ts";
import type { AnswerEvent, OpenedBlock } from "../form/answer-events.ts";
import { makeCallId } from "../form/call-ids.ts";
import type { WireTarget } from "../form/dialect.ts";
import { type ClientToolName, clientToolNames } from "../form/tool-names.ts";
import { readCitation, TextOffsets } from "./citations.ts";
import { readCall } from "./read-answer.ts";
import { sealOf } from "./seals.ts";

/** A block that has begun and not ended. */
interface BlockState {
  readonly number: number;
  readonly type: OpenedBlock["type"];
  readonly offsets: TextOffsets;
  hasPieces: boolean;
}

/** Content and calls are counted apart, and the plan is not. */
type Place = `content ${number}` | `call ${number}` | "plan";

/** Reads the blocks of a stream as they come. */
export class StreamBlocks {
  hasCalls = false;
  readonly #target: WireTarget;
  readonly #toolName: ClientToolName;
  readonly #states = new Map<Place, BlockState>();
  #next = 0;
  #calls = 0;

  constructor(target: WireTarget) {
    this.#target = target;
    this.#toolName = clientToolNames(target.tools);
  }

  startContent(event: JsonObject): readonly AnswerEvent[] {
    const part = contentOf(event);
    const place = contentPlace(event);
    const isThought = part["type"] === "thinking" || part["thinking"] !== undefined;
    const opened = this.#open(place, isThought ? THINKING : TEXT);
    return [...opened, ...this.contentDelta(event)];
  }

  contentDelta(event: JsonObject): readonly AnswerEvent[] {
    const part = contentOf(event);
    const place = contentPlace(event);
    const thought = textOf(part["thinking"]);
    if (thought !== undefined) return this.#piece(place, THINKING, thought);
    return this.#piece(place, TEXT, textOf(part["text"]) ?? "");
  }

  endContent(event: JsonObject): readonly AnswerEvent[] {
    return this.#close(contentPlace(event));
  }

  /** What is said before calls ends with the first of them. */
  plan(event: JsonObject): readonly AnswerEvent[] {
    return this.#piece("plan", TEXT, textOf(messageOf(event)["tool_plan"]) ?? "");
  }

  startCall(event: JsonObject, answer: string | undefined): readonly AnswerEvent[] {
    const { id = makeCallId(answer ?? "", this.#calls), name, input } = readCall(callOf(event));
    const place: Place = `call ${numberOf(event["index"]) ?? this.#calls}`;
    this.#calls += 1;
    this.hasCalls = true;
    const opened: OpenedBlock = { type: "call", id, name: this.#toolName(name), kind: "function" };
    return [...this.#close("plan"), ...this.#open(place, opened), ...this.#piece(place, undefined, input)];
  }

  callDelta(event: JsonObject): readonly AnswerEvent[] {
    const place: Place = `call ${numberOf(event["index"]) ?? this.#calls - 1}`;
    return this.#piece(place, undefined, readCall(callOf(event)).input);
  }

  endCall(event: JsonObject): readonly AnswerEvent[] {
    return this.#close(`call ${numberOf(event["index"]) ?? this.#calls - 1}`);
  }

  /** A citation of a text that has ended comes too late to be told. */
  cite(event: JsonObject): readonly AnswerEvent[] {
    const said = messageOf(event)["citations"];
    return (Array.isArray(said) ? listOf(said) : [said]).filter(isJsonObject).flatMap((citation) => {
      const stateOf = (place: number | "plan"): BlockState | undefined =>
        this.#states.get(place === "plan" ? place : `content ${place}`);
      const { place, annotations } = readCitation(citation, (cited) => stateOf(cited)?.offsets);
      const state = stateOf(place);
      if (state?.type !== "text") return [];
      return annotations.map((annotation) => ({ type: "annotation", block: state.number, annotation }) as const);
    });
  }

  /** Ends the blocks that the provider has not ended. */
  closeAll(): readonly AnswerEvent[] {
    return [...this.#states.keys()].flatMap((place) => this.#close(place));
  }

  #open(place: Place, opened: OpenedBlock): readonly AnswerEvent[] {
    const ended = this.#close(place);
    const number = this.#next++;
    this.#states.set(place, { number, type: opened.type, offsets: new TextOffsets(), hasPieces: false });
    return [...ended, { type: "open", block: number, opened }];
  }

  /** @param opened the block that the piece is of if none of its kind is open; undefined if it must be open */
  #piece(place: Place, opened: OpenedBlock | undefined, text: string): readonly AnswerEvent[] {
    if (text === "") return NONE;
    const isOpen = opened === undefined || this.#states.get(place)?.type === opened.type;
    const begun = isOpen ? NONE : this.#open(place, opened);
    const state = this.#states.get(place);
    if (!state) return begun;
    state.hasPieces = true;
    if (state.type === "text") state.offsets.add(text);
    return [...begun, { type: "piece", block: state.number, text }];
  }

  #close(place: Place): readonly AnswerEvent[] {
    const state = this.#states.get(place);
    if (!state) return NONE;
    this.#states.delete(place);
    const { number: block, type, hasPieces } = state;
    const last: AnswerEvent[] = [];
    // A call without arguments has no deltas.
    if (type === "call" && !hasPieces) last.push({ type: "piece", block, text: "{}" });
    if (type === "thinking" && hasPieces) last.push({ type: "seal", block, seal: sealOf(this.#target) });
    last.push({ type: "close", block });
    return last;
  }
}

const NONE: readonly AnswerEvent[] = [];
const TEXT: OpenedBlock = { type: "text", isRefusal: false };
const THINKING: OpenedBlock = { type: "thinking" };

const contentPlace = ({ index }: JsonObject): Place => `content ${numberOf(index) ?? 0}`;

const messageOf = ({ delta }: JsonObject): JsonObject => objectOf(objectOf(delta)?.["message"]) ?? {};

const contentOf = (event: JsonObject): JsonObject => objectOf(messageOf(event)["content"]) ?? {};

/** One call, or a list of one. */
function callOf(event: JsonObject): JsonObject {
  const calls = messageOf(event)["tool_calls"];
  return objectOf(Array.isArray(calls) ? calls[0] : calls) ?? {};
}
