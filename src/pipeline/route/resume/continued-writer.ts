import type { Usage } from "../../../formats/form/answer.ts";
import type { AnswerEvent } from "../../../formats/form/answer-events.ts";
import type { AnswerStreamWriter } from "../../../formats/form/dialect.ts";
import type { SaidSoFar } from "./said-so-far.ts";

/** The white space at the end of a text, which providers are not told: they refuse it, or say it once more. */
const spaceAtEnd = (text: string): string => text.slice(text.trimEnd().length);

/**
 * Writes what goes on with an answer as if it were more of the same: its first text is more of the text that broke off.
 * What is thought anew is left out: the client has no place for it in the middle of an answer.
 */
export class ContinuedWriter implements AnswerStreamWriter {
  /** What its provider told. */
  usage: Usage | undefined;
  readonly #writer: AnswerStreamWriter;
  readonly #said: SaidSoFar;
  readonly #asTold: (usage: Usage) => Usage;
  /** By the number that its provider's reader gives a block, the number in the client's answer. */
  readonly #blocks = new Map<number, number>();
  /** The text that broke off, until it is known to go on or not. */
  #open: number | undefined;
  #next: number;
  /** White space that the client has already. */
  #space: string;

  /**
   * @param writer of the client's format, which has written nothing yet
   * @param asTold the usage of the whole answer, from that of the rest
   */
  constructor(writer: AnswerStreamWriter, said: SaidSoFar, asTold: (usage: Usage) => Usage) {
    this.#writer = writer;
    this.#said = said;
    this.#asTold = asTold;
    writer.write({ type: "start", id: said.id, model: said.model });
    for (const [block, { pieces, isClosed }] of said.texts.entries()) {
      writer.write({ type: "open", block, opened: { type: "text", isRefusal: false } });
      writer.write({ type: "piece", block, text: pieces.join("") });
      if (isClosed) writer.write({ type: "close", block });
    }
    const last = said.texts.length - 1;
    this.#open = said.texts[last]?.isClosed === false ? last : undefined;
    this.#next = last + 1;
    this.#space = spaceAtEnd(said.text);
    if (writer.sequence !== undefined) writer.sequence = said.sequence;
  }

  get held(): number {
    return this.#writer.held ?? 0;
  }

  write(event: AnswerEvent): string {
    const text = this.#write(event);
    this.#said.sequence = this.#writer.sequence ?? 0;
    return text;
  }

  #write(event: AnswerEvent): string {
    switch (event.type) {
      case "start":
        return "";
      case "usage":
        this.usage = event.usage;
        return this.#writer.write({ type: "usage", usage: this.#asTold(event.usage) });
      case "fail":
        return this.#fail(event);
      case "stop":
        return event.stop.reason === "error" ? this.#fail(event) : this.#closeOpen() + this.#pass(event);
      case "open":
        return this.#begin(event);
      default:
        return this.#change(event);
    }
  }

  end(): string {
    return this.#said.error ? "" : this.#writer.end();
  }

  #pass(event: AnswerEvent): string {
    this.#said.note(event);
    return this.#writer.write(event);
  }

  /** The client is told of it only if nobody else can go on. */
  #fail(event: AnswerEvent): string {
    if (this.#said.isLost) return this.#writer.write(event);
    this.#said.note(event);
    return "";
  }

  #begin({ block, opened }: Extract<AnswerEvent, { readonly type: "open" }>): string {
    if (opened.type === "thinking") return "";
    if (opened.type === "text" && !opened.isRefusal && this.#open !== undefined) {
      this.#blocks.set(block, this.#open);
      this.#open = undefined;
      return "";
    }
    const closed = this.#closeOpen();
    this.#blocks.set(block, this.#next);
    this.#space = "";
    return closed + this.#pass({ type: "open", block: this.#next++, opened });
  }

  #closeOpen(): string {
    const block = this.#open;
    this.#open = undefined;
    return block === undefined ? "" : this.#pass({ type: "close", block });
  }

  #change(event: Exclude<AnswerEvent, { readonly type: "start" | "usage" | "fail" | "stop" | "open" }>): string {
    const block = this.#blocks.get(event.block);
    if (block === undefined) return "";
    if (event.type !== "piece") return this.#pass({ ...event, block });
    const text = this.#space === "" ? event.text : this.#withoutSpace(event.text);
    return text === "" ? "" : this.#pass({ type: "piece", block, text });
  }

  /** The provider was not told of the white space with which the text broke off, and may say it as well. */
  #withoutSpace(text: string): string {
    let at = 0;
    while (at < text.length && at < this.#space.length && text[at] === this.#space[at]) at += 1;
    this.#space = at === text.length ? this.#space.slice(at) : "";
    return text.slice(at);
  }
}
