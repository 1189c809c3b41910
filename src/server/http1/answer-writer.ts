import { type AnswerFields, ClientAnswer, type StreamSource } from "../../core/client-answer.ts";
import type { Outgoing } from "../../upstream/http1/outgoing.ts";
import type { SocketConnection } from "../../upstream/http1/socket-connection.ts";
import { fieldOf, writeAnswerHead } from "./answer-head.ts";
import { type AnswerFraming, AnswerStream, type WriteBuffer } from "./answer-stream.ts";
import type { HeadFault, RequestHead } from "./request-head.ts";

/** What all answers of a server share. */
export interface AnswerParts {
  readonly dateLine: () => string;
  readonly buffer: WriteBuffer;
}

/** Hears how an answer ends. */
export interface AnswerOwner {
  /** All of it is written; not all of it need have left. @param isLast it said that its connection ends */
  onAnswered(isLast: boolean): void;
  /** It has broken off. @param isVisible whether its client sees that more was to come when the connection ends properly */
  onBroken(isVisible: boolean): void;
}

/** Writes the answers of a connection, one after the other. */
export class AnswerWriter {
  readonly #wire: SocketConnection;
  readonly #parts: AnswerParts;
  readonly #owner: AnswerOwner;
  #stream: AnswerStream | undefined;
  #source: StreamSource | undefined;

  constructor(wire: SocketConnection, parts: AnswerParts, owner: AnswerOwner) {
    this.#wire = wire;
    this.#parts = parts;
    this.#owner = owner;
  }

  /**
   * Writes an answer.
   * @param head of its request
   * @param isLast whether the connection ends with it; it also does if the answer says so
   * @throws TypeError if one of its fields cannot be written: then nothing is
   */
  write(
    head: RequestHead,
    { status, content, fields }: Pick<ClientAnswer, "status" | "content" | "fields">,
    isLast: boolean,
  ): void {
    if (content === null || content instanceof Uint8Array) this.#writeWhole(head, status, fields, content, isLast);
    else if (!isBare(head, status)) this.#writeStream(head, status, fields, content, isLast);
    else {
      this.#writeWhole(head, status, fields, null, isLast);
      content.cancel();
    }
  }

  /** Answers what is no request. */
  refuse(status: HeadFault): void {
    const head = `${writeAnswerHead(status, { connection: "close" })}${this.#parts.dateLine()}content-length: 0\r\n\r\n`;
    this.#wire.writeTogether(new WholeAnswer(head, undefined));
  }

  /** The client reads again. */
  drained(): void {
    this.#stream?.drained();
  }

  /** The connection has ended: nothing more can be written. */
  close(): void {
    const source = this.#source;
    this.#stream?.giveUp();
    this.#stream = this.#source = undefined;
    source?.cancel();
  }

  #writeWhole(
    head: RequestHead,
    status: number,
    fields: AnswerFields,
    content: Uint8Array | null,
    isLast: boolean,
  ): void {
    const bare = isBare(head, status);
    const size = content?.length ?? 0;
    // Of an answer to HEAD that has no body either, it is not known how long that would be.
    const saysLength =
      fieldOf(fields, "content-length") !== undefined || (bare && !(head.method === "HEAD" && size > 0));
    const length = saysLength ? "" : `content-length: ${size}\r\n`;
    const closes = isLast || saysClose(fields);
    const text = this.#headOf(head, status, fields, length, closes);
    this.#wire.writeTogether(new WholeAnswer(text, bare ? undefined : (content ?? undefined)));
    this.#owner.onAnswered(closes);
  }

  #writeStream(head: RequestHead, status: number, fields: AnswerFields, source: StreamSource, isLast: boolean): void {
    const hasLength = fieldOf(fields, "content-length") !== undefined;
    const framing: AnswerFraming = hasLength ? "length" : head.isModern ? "chunked" : "close";
    const closes = isLast || framing === "close" || saysClose(fields);
    const coding = framing === "chunked" ? "transfer-encoding: chunked\r\n" : "";
    const text = this.#headOf(head, status, fields, coding, closes);
    const stream = new AnswerStream(this.#wire, this.#parts.buffer, framing, (isWhole) => {
      this.#stream = this.#source = undefined;
      if (isWhole) this.#owner.onAnswered(closes);
      else this.#owner.onBroken(framing !== "close");
    });
    this.#stream = stream;
    this.#source = source;
    stream.begin(text);
    void source.open(stream);
    stream.flush();
  }

  #headOf({ isModern }: RequestHead, status: number, fields: AnswerFields, framing: string, closes: boolean): string {
    const kept = isModern ? "" : "connection: keep-alive\r\n";
    const connection = !closes ? kept : fieldOf(fields, "connection") === undefined ? "connection: close\r\n" : "";
    return `${writeAnswerHead(status, fields)}${this.#parts.dateLine()}${framing}${connection}\r\n`;
  }
}

/** Whether an answer has no body, whatever its content is. https://www.rfc-editor.org/rfc/rfc9112#section-6.3 */
const isBare = ({ method }: RequestHead, status: number): boolean =>
  method === "HEAD" || status === 204 || status === 304;

const saysClose = (fields: AnswerFields): boolean => fieldOf(fields, "connection")?.toLowerCase() === "close";

/** An answer that leaves in one piece. A class instead of closures: one is made for each answer. */
class WholeAnswer implements Outgoing {
  readonly length: number;
  readonly #head: string;
  readonly #body: Uint8Array | undefined;

  /** @param head one character for each byte */
  constructor(head: string, body: Uint8Array | undefined) {
    this.#head = head;
    this.#body = body;
    this.length = head.length + (body?.length ?? 0);
  }

  writeTo(target: Buffer): void {
    target.write(this.#head, 0, "latin1");
    if (this.#body) target.set(this.#body, this.#head.length);
  }

  left(): void {}
}
