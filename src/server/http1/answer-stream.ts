import type { StreamOutput } from "../../core/client-answer.ts";
import { asBuffer } from "../../core/json/bytes.ts";
import { CARRIAGE_RETURN, LINE_FEED } from "../../upstream/http1/framing-bytes.ts";
import type { SocketConnection } from "../../upstream/http1/socket-connection.ts";

/** How the end of an answer is known. https://www.rfc-editor.org/rfc/rfc9112#section-6.3 */
export type AnswerFraming = "chunked" | "length" | "close";

/** The size of a chunk and two line ends. */
const FRAME_BYTES = 12;
/** The last chunk, without a trailer. */
const END = "0\r\n\r\n";
const LINE_END = Buffer.from("\r\n");

/** What is longer leaves by itself. */
const TOGETHER_BYTES = 64 * 1024;

/**
 * Where the parts of one write are put together. One for all streams of a server, because one write is over before the next
 * begins: of its pages, those that are used are in the cache.
 */
export class WriteBuffer {
  readonly bytes = Buffer.allocUnsafe(TOGETHER_BYTES);
  filled = 0;
  owner: AnswerStream | undefined;
}

/** A stream on its way to a client. A class instead of closures: what an event needs of it lies together. */
export class AnswerStream implements StreamOutput {
  readonly #wire: SocketConnection;
  readonly #buffer: WriteBuffer;
  readonly #framing: AnswerFraming;
  readonly #onEnd: (isWhole: boolean) => void;
  #isOver = false;
  #drained: PromiseWithResolvers<void> | undefined;

  /** @param onEnd called when all is written, and not if the connection ends before */
  constructor(wire: SocketConnection, buffer: WriteBuffer, framing: AnswerFraming, onEnd: (isWhole: boolean) => void) {
    this.#wire = wire;
    this.#buffer = buffer;
    this.#framing = framing;
    this.#onEnd = onEnd;
  }

  /** Writes the head, which leaves with what is flushed first. */
  begin(head: string): void {
    if (head.length > TOGETHER_BYTES) this.#wire.write(Buffer.from(head, "latin1"));
    else this.#addText(head);
  }

  write(bytes: Uint8Array): Promise<void> | undefined {
    if (this.#isOver || bytes.length === 0) return undefined;
    const isHeld = !this.#wire.isDrained;
    if (bytes.length + FRAME_BYTES > TOGETHER_BYTES) this.#writeLong(bytes);
    else this.#add(bytes);
    if (!isHeld) return undefined;
    this.flush();
    this.#drained ??= Promise.withResolvers();
    return this.#drained.promise;
  }

  flush(): void {
    const buffer = this.#buffer;
    if (buffer.owner !== this) return;
    buffer.owner = undefined;
    this.#wire.writeFrom(buffer.bytes, buffer.filled);
  }

  close(error?: Error): void {
    if (this.#isOver) return;
    if (!error && this.#framing === "chunked") this.#addText(END);
    this.flush();
    this.#isOver = true;
    this.#onEnd(!error);
  }

  /** The client reads again. */
  drained(): void {
    this.#drained?.resolve();
    this.#drained = undefined;
  }

  /** Gives up: the connection has ended, and nothing more can be written. */
  giveUp(): void {
    this.#isOver = true;
    if (this.#buffer.owner === this) this.#buffer.owner = undefined;
    this.drained();
  }

  #add(chunk: Uint8Array): void {
    const buffer = this.#reserve(chunk.length + FRAME_BYTES);
    const { bytes } = buffer;
    const isChunked = this.#framing === "chunked";
    let at = buffer.filled;
    if (isChunked) {
      at = writeSize(bytes, at, chunk.length);
      bytes[at++] = CARRIAGE_RETURN;
      bytes[at++] = LINE_FEED;
    }
    // Not `set`: whoever records the stream has just made this call, so that its code is in the processor's cache.
    asBuffer(chunk).copy(bytes, at);
    at += chunk.length;
    if (isChunked) {
      bytes[at++] = CARRIAGE_RETURN;
      bytes[at++] = LINE_FEED;
    }
    buffer.filled = at;
  }

  #addText(text: string): void {
    const buffer = this.#reserve(text.length);
    buffer.filled += buffer.bytes.write(text, buffer.filled, "latin1");
  }

  #writeLong(bytes: Uint8Array): void {
    if (this.#framing === "chunked") this.#addText(`${bytes.length.toString(16)}\r\n`);
    this.flush();
    this.#wire.write(bytes);
    if (this.#framing === "chunked") this.#wire.write(LINE_END);
  }

  /** The buffer with room for so many bytes behind what this stream has in it. */
  #reserve(bytes: number): WriteBuffer {
    const buffer = this.#buffer;
    if (buffer.owner === this && buffer.filled + bytes <= TOGETHER_BYTES) return buffer;
    buffer.owner?.flush();
    buffer.owner = this;
    buffer.filled = 0;
    return buffer;
  }
}

/**
 * Writes the size of a chunk in hexadecimal digits: a third of what making a text of it and writing that costs, 0.1 µs.
 * @returns the position behind it
 */
function writeSize(bytes: Uint8Array, start: number, size: number): number {
  let shift = 0;
  while (size >>> shift > 0xf) shift += 4;
  let at = start;
  for (; shift >= 0; shift -= 4) {
    const digit = (size >>> shift) & 0xf;
    bytes[at++] = digit < 10 ? 0x30 + digit : 0x57 + digit;
  }
  return at;
}
