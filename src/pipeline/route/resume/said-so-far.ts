import { EventReader, type ServerEvent } from "../../../core/sse/event-reader.ts";
import { parseJson } from "../../../core/json/parse.ts";
import { numberOf, objectOf, textOf } from "../../../core/json/values.ts";
import type { AnswerError, Usage } from "../../../formats/form/answer.ts";
import type { AnswerEvent } from "../../../formats/form/answer-events.ts";
import type { AnswerStreamReader } from "../../../formats/form/dialect.ts";

/** A text of an answer. */
export interface SaidText {
  readonly pieces: string[];
  isClosed: boolean;
  isBlank: boolean;
}

/** More is not kept: an answer of so many characters is not gone on with. */
const MAX_CHARACTERS = 512 * 1024;

/** Room for what is kept is asked for in such steps. */
const CHARACTERS_PER_STEP = 16 * 1024;

/** Of text beyond Latin-1. */
const BYTES_PER_CHARACTER = 2;

/** What most tokenizers make of English text and of code. */
const CHARACTERS_PER_TOKEN = 4;

/** Events are no longer than what is held back of one. */
const MAX_EVENT_CHARACTERS = 16 * 1024 * 1024;

/** In a text of an answer the quotes would be escaped. */
const SEQUENCE = /"sequence_number"\s*:\s*(\d{1,15})/;
const ITEM = "response.output_item.";

const BROKEN: AnswerError = { message: "The provider stopped with an error", type: undefined, code: undefined };

/** Kinds of blocks that can be gone on behind. */
const isPlainText = (event: Extract<AnswerEvent, { readonly type: "open" }>): boolean =>
  event.opened.type === "text" && !event.opened.isRefusal;

/**
 * What a client has had of a stream, and whether another provider can go on with it: it can while there is nothing but
 * text. A class: one for each stream that may be gone on with.
 */
export class SaidSoFar {
  readonly texts: SaidText[] = [];
  /** As the stream says them, which what follows must do as well. */
  id: string | undefined;
  model: string | undefined;
  createdAt: number | undefined;
  /** The ids of its items, in a format whose answers have some. */
  readonly itemIds: string[] = [];
  /** The number of its next event, in a format that numbers them. */
  sequence = 0;
  /** Tokens of the prompt, if its provider told them before it broke off. */
  promptTokens: number | undefined;
  /** With what the provider says that it has failed. */
  error: AnswerError | undefined;
  /** Its end was said. */
  isStopped = false;
  /** It has something that nobody else can go on behind, or is too long. */
  isLost = false;
  length = 0;
  #steps = 0;
  readonly #reader: AnswerStreamReader;
  readonly #mayKeep: (bytes: number) => boolean;
  readonly #hasItems: boolean;
  readonly #events = new EventReader(MAX_EVENT_CHARACTERS);

  /**
   * @param reader of the client's format
   * @param mayKeep called with how much is kept, in bytes; false if there is no room
   * @param hasItems its answers have items, and its events numbers
   */
  constructor(reader: AnswerStreamReader, mayKeep: (bytes: number) => boolean, hasItems: boolean) {
    this.#reader = reader;
    this.#hasItems = hasItems;
    this.#mayKeep = mayKeep;
  }

  get canGoOn(): boolean {
    // Of several items it is not known in which one the text is to go on.
    if (this.itemIds.length > 1) return false;
    return !this.isLost && !this.isStopped && this.texts.length > 0 && this.texts.every(({ isBlank }) => !isBlank);
  }

  get text(): string {
    return this.texts.map(({ pieces }) => pieces.join("")).join("");
  }

  /** About how many tokens that is. */
  get tokens(): number {
    return Math.ceil(this.length / CHARACTERS_PER_TOKEN);
  }

  /** Looks at an event of the first provider, whole. */
  take(event: Uint8Array): void {
    if (!this.isLost) this.#events.push(event, (read) => this.#read(read));
  }

  /**
   * The stream of the first provider has ended.
   * @param rest what came behind the last empty line, if it may be an event
   * @returns whether it is one
   */
  end(rest: Uint8Array): boolean {
    this.#events.push(rest, (read) => this.#read(read));
    const last = this.#events.end();
    const isWhole = last !== undefined && (last.data === "[DONE]" || parseJson(last.data) !== undefined);
    if (last && isWhole) this.#read(last);
    for (const event of this.#reader.end()) if (event.type !== "fail") this.note(event);
    return isWhole;
  }

  lose(): void {
    this.isLost = true;
    this.texts.length = 0;
  }

  /** Takes an event of the answer, whoever says it. */
  note(event: AnswerEvent): void {
    if (this.isLost) return;
    switch (event.type) {
      case "start":
        this.id = event.id;
        this.model = event.model;
        return;
      case "open":
        if (!isPlainText(event)) return this.lose();
        this.texts[event.block] = { pieces: [], isClosed: false, isBlank: true };
        return;
      case "piece":
        return this.#extend(event.block, event.text);
      case "close": {
        const text = this.texts[event.block];
        if (text) text.isClosed = true;
        return;
      }
      case "stop":
        if (event.stop.reason === "error") this.error = { ...BROKEN, ...describe(event.stop.explanation) };
        else this.isStopped = true;
        return;
      case "fail":
        this.error = event.error;
        return;
      case "seal":
        return this.lose();
      default:
        return;
    }
  }

  #read(event: ServerEvent): void {
    if (this.#hasItems) this.#readItems(event);
    else if (this.createdAt === undefined) this.createdAt = numberOf(objectOf(parseJson(event.data))?.["created"]);
    for (const read of this.#reader.read(event)) {
      if (read.type === "usage") this.promptTokens = promptOf(read.usage) ?? this.promptTokens;
      this.note(read);
    }
  }

  #readItems({ data }: ServerEvent): void {
    const number = SEQUENCE.exec(data)?.[1];
    if (number !== undefined) this.sequence = Number(number) + 1;
    const isItem = data.includes(ITEM);
    if (this.createdAt !== undefined && !isItem) return;
    const value = objectOf(parseJson(data));
    this.createdAt ??= numberOf(objectOf(value?.["response"])?.["created_at"]);
    const id = textOf(objectOf(value?.["item"])?.["id"]);
    if (value?.["type"] === `${ITEM}added`) this.itemIds.push(id ?? "");
    // Nothing follows in it, and the text would go on in another one.
    if (value?.["type"] === `${ITEM}done`) this.lose();
  }

  #extend(block: number, piece: string): void {
    const text = this.texts[block];
    if (!text) return this.lose();
    text.pieces.push(piece);
    text.isBlank &&= piece.trim() === "";
    this.length += piece.length;
    const steps = Math.ceil(this.length / CHARACTERS_PER_STEP);
    if (steps === this.#steps) return;
    this.#steps = steps;
    const isKept = this.length <= MAX_CHARACTERS && this.#mayKeep(steps * CHARACTERS_PER_STEP * BYTES_PER_CHARACTER);
    if (!isKept) this.lose();
  }
}

const describe = (message: string | undefined): Partial<AnswerError> => (message === undefined ? {} : { message });

const promptOf = ({ input }: Usage): number | undefined => (input > 0 ? input : undefined);
