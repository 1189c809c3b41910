import { freeBytes, MIN_FREED_BYTES } from "../../core/memory/free-bytes.ts";
import { ChunkedDecoder } from "../../upstream/http1/chunked-decoder.ts";
import { sliceOrCopy } from "../../upstream/read-body.ts";
import { type BodySource, IncomingBody } from "./incoming-body.ts";

/**
 * A body up to this length is put together as it comes, in memory that is freed when it has been sent on; and so is what it was
 * read in. Garbage would wait for a collection.
 */
const MAX_ROOM_BYTES = 256 * 1024;

/** Reads the body of one request from the bytes of a connection, wherever they are cut. */
export class BodyReader {
  readonly body: IncomingBody;
  /** Of a body whose length was announced, what has not come yet. */
  left: number;
  /** Where all of it will lie. */
  #room: Buffer | undefined;
  readonly #chunks: ChunkedDecoder | undefined;

  /** @param framing its length in bytes, which is not 0, or that its chunks say it */
  constructor(source: BodySource, framing: number | "chunked") {
    const isChunked = framing === "chunked";
    this.left = isChunked ? 0 : framing;
    const hasRoom = this.left >= MIN_FREED_BYTES && this.left <= MAX_ROOM_BYTES;
    this.#room = hasRoom ? Buffer.allocUnsafeSlow(this.left) : undefined;
    this.body = new IncomingBody(source, this.#room);
    this.#chunks = isChunked ? new ChunkedDecoder({ onData: (bytes) => this.body.write(bytes) }, true) : undefined;
  }

  /**
   * Takes the next bytes of the connection. May free them.
   * @returns the position behind the body, or -1 while it goes on
   * @throws with the code `HTTP_INVALID_CHUNK`
   */
  take(bytes: Buffer): number {
    if (this.#chunks) return this.#chunks.push(bytes, 0);
    const end = Math.min(this.left, bytes.length);
    const start = (this.#room?.length ?? 0) - this.left;
    this.left -= end;
    if (this.#room) {
      bytes.copy(this.#room, start, 0, end);
      this.body.write(this.#room.subarray(start, start + end));
      if (end === bytes.length) freeBytes(bytes);
    } else this.body.write(sliceOrCopy(bytes, 0, end));
    return this.left === 0 ? end : -1;
  }

  /** Nobody wants what has come of it, nor what is to come: a refused one must not hold memory for as long as its client takes. */
  drop(): void {
    if (this.#room) freeBytes(this.#room);
    this.#room = undefined;
  }

  /** Frees what its head came in, if all behind that is of it and has been taken. */
  freeHead(bytes: Buffer): void {
    if (this.#room) freeBytes(bytes);
  }
}
