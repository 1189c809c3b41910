import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import { filledTextOf, listOf, objectOf, textOf } from "../../core/json/values.ts";
import type { AnswerEvent, OpenedBlock } from "../form/answer-events.ts";
import type { MediaBlock, Seal } from "../form/blocks.ts";
import type { WireTarget } from "../form/dialect.ts";
import { SaidTexts } from "./said-texts.ts";
import { originOf } from "./signatures.ts";
import { clientNames, makeCallId } from "./tool-names.ts";

/**
 * Makes blocks of the parts of an answer, whole or in pieces: a part adds to the open block of its kind or opens one. It
 * is the one way in which parts are read, so that a stream and a whole answer cannot disagree.
 */
export class PartReader {
  hasCalls = false;
  /** Nothing has been said yet. */
  isEmpty = true;
  readonly #origin: string;
  readonly #nameOf: (name: string) => string;
  #blocks = 0;
  #calls = 0;
  #open: OpenBlock | undefined;
  readonly #texts = new SaidTexts();

  constructor(target: WireTarget) {
    this.#origin = originOf(target);
    this.#nameOf = clientNames(target.tools);
  }

  /**
   * @param content of a candidate, which may be missing
   * @param answer the provider's id of the answer
   */
  read(content: unknown, answer: string): AnswerEvent[] {
    return listOf(objectOf(content)?.["parts"]).flatMap((part) =>
      isJsonObject(part) ? this.#readPart(part, answer) : [],
    );
  }

  /** Reads what a candidate says of the sources of the texts before it, be they closed or not. */
  annotate(candidate: JsonObject): AnswerEvent[] {
    return this.#texts.annotate(candidate);
  }

  /** Characters that are kept. */
  get held(): number {
    return this.#texts.held;
  }

  /** Nothing more comes. */
  close(): AnswerEvent[] {
    const open = this.#open;
    this.#open = undefined;
    return open ? [{ type: "close", block: open.block }] : [];
  }

  #readPart(part: JsonObject, answer: string): AnswerEvent[] {
    const value = filledTextOf(part["thoughtSignature"]) ?? filledTextOf(part["thought_signature"]);
    const seal: Seal | undefined = value ? { origin: this.#origin, kind: "signature", value } : undefined;
    const call = objectOf(part["functionCall"]);
    if (call) return this.#readCall(call, seal, answer);
    const text = textOf(part["text"]);
    const isThought = part["thought"] === true;
    if (text !== undefined && text !== "") return this.#readText(text, isThought ? "thinking" : "text", seal);
    const data = objectOf(part["inlineData"]);
    // A picture that was thought of is no part of the answer.
    if (data) return isThought ? [] : this.#whole({ type: "media", media: readMedia(data) });
    const name = Object.keys(part).find((member) => !BESIDE.has(member));
    if (name !== undefined) return this.#whole({ type: "opaque", format: "generate", name, value: part });
    return seal ? this.#sealLast(seal) : [];
  }

  #readText(text: string, type: "text" | "thinking", seal: Seal | undefined): AnswerEvent[] {
    const events: AnswerEvent[] = [];
    let open = this.#open;
    // What is signed and what is not must not become one part.
    if (open?.type !== type || open.isSealed) {
      events.push(...this.close());
      open = { block: this.#blocks++, type, isSealed: false };
      this.#open = open;
      if (type === "text") this.#texts.begin(open.block);
      events.push({ type: "open", block: open.block, opened: type === "text" ? { type, isRefusal: false } : { type } });
    }
    this.isEmpty = false;
    events.push({ type: "piece", block: open.block, text });
    if (type === "text") this.#texts.add(text);
    if (seal) events.push(sealOf(open, seal));
    return events;
  }

  #readCall(call: JsonObject, seal: Seal | undefined, answer: string): AnswerEvent[] {
    const wireName = textOf(call["name"]) ?? "";
    const input = JSON.stringify(objectOf(call["args"]) ?? {});
    const id = filledTextOf(call["id"]) ?? makeCallId(answer, this.#calls, wireName, input);
    this.#calls += 1;
    this.hasCalls = true;
    const opened = { type: "call", id, name: this.#nameOf(wireName), kind: "function" } as const;
    return this.#whole(opened, seal, input);
  }

  /** A block that comes in one part. */
  #whole(opened: OpenedBlock, seal?: Seal, text: string = ""): AnswerEvent[] {
    this.isEmpty = false;
    const before = this.close();
    const block = this.#blocks++;
    return [
      ...before,
      { type: "open", block, opened },
      ...(seal ? [{ type: "seal", block, seal } as const] : []),
      ...(text === "" ? [] : [{ type: "piece", block, text } as const]),
      { type: "close", block },
    ];
  }

  /** A signature that comes alone, as streams have it at their end, is that of the text before it. */
  #sealLast(seal: Seal): AnswerEvent[] {
    if (this.#open && !this.#open.isSealed) return [sealOf(this.#open, seal)];
    return this.#whole({ type: "thinking" }, { ...seal, kind: "encrypted" });
  }
}

/** The text or the thought that is being said. */
interface OpenBlock {
  readonly block: number;
  readonly type: "text" | "thinking";
  isSealed: boolean;
}

/** Members of a part that say something of it. */
const BESIDE: ReadonlySet<string> = new Set([
  ...["text", "thought", "thoughtSignature", "thought_signature"],
  ...["mediaResolution", "partMetadata", "videoMetadata"],
]);

function sealOf(open: OpenBlock, seal: Seal): AnswerEvent {
  open.isSealed = true;
  return { type: "seal", block: open.block, seal };
}

function readMedia(data: JsonObject): MediaBlock {
  const mediaType = filledTextOf(data["mimeType"]);
  const kind = mediaType?.split("/", 1)[0];
  return {
    type: kind === "image" || kind === "audio" || kind === "video" ? kind : "document",
    source: { kind: "base64", data: textOf(data["data"]) ?? "" },
    mediaType,
  };
}
