import { nextTurn } from "../core/event-loop.ts";
import { Body } from "./response-body.ts";
import type { ResponseBody } from "./transport.ts";

/** So many bytes may lie unread in a stream made of a body before the sender has to wait. */
const MAX_UNREAD_BYTES = 64 * 1024;

/** What a piece takes beside its bytes: many small ones are not to take more memory than few large ones. */
const PIECE_BYTES = 256;

/** A body as a web-standard stream, for readers that take one; the hot path does without. */
export function streamOfBody(body: ResponseBody): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        body.consume({
          write(bytes) {
            controller.enqueue(bytes);
            if ((controller.desiredSize ?? 0) <= 0) body.pause();
          },
          flush() {},
          end: () => controller.close(),
          fail: (error) => controller.error(error),
        });
      },
      pull: () => body.resume(),
      cancel: () => body.cancel(),
    },
    { highWaterMark: MAX_UNREAD_BYTES, size: (piece) => (piece?.length ?? 0) + PIECE_BYTES },
  );
}

/** What a stream as a body is looked at for on its way. */
export interface BodyWatch {
  /** Once it aborts, the body breaks off with its reason, whatever the stream is doing. */
  readonly aborting?: AbortSignal;
  onBytes?(bytes: Uint8Array): void;
  /** An error if the stream must not have ended yet. */
  errorAtEnd?(hasBegun: boolean): unknown;
  /** The error with which the body breaks off in place of the stream's. */
  explain(error: unknown, hasBegun: boolean): unknown;
}

/** The other way round: a web-standard stream as a body, which is read from the moment somebody wants it. */
export function bodyOfStream(stream: ReadableStream<Uint8Array>, watch?: BodyWatch): ResponseBody {
  return new StreamBody(stream.getReader() as ReadableStreamDefaultReader<Uint8Array>, watch);
}

/** After so many bytes others have their turn: what is done with 1 MiB of short events takes 60 ms. */
const MAX_BYTES_PER_TURN = 512 * 1024;

class StreamBody extends Body {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #watch: BodyWatch | undefined;
  #reading: Promise<void> | undefined;
  #whenReleased: PromiseWithResolvers<void> | undefined;

  constructor(reader: ReadableStreamDefaultReader<Uint8Array>, watch: BodyWatch | undefined) {
    super();
    this.#reader = reader;
    this.#watch = watch;
    const { aborting } = watch ?? {};
    aborting?.addEventListener("abort", () => this.fail(aborting.reason), { once: true });
  }

  protected override start(): void {
    this.#reading ??= this.#read().catch((error: unknown) => {
      this.fail(this.#watch ? this.#watch.explain(error, this.hasBegun) : error);
    });
  }

  protected override pauseSource(isPaused: boolean): void {
    if (isPaused) {
      this.#whenReleased ??= Promise.withResolvers<void>();
      return;
    }
    this.#whenReleased?.resolve();
    this.#whenReleased = undefined;
  }

  protected override dropSource(): void {
    this.#whenReleased?.resolve();
    void this.#reader.cancel().catch(() => {});
  }

  async #read(): Promise<void> {
    let room = MAX_BYTES_PER_TURN;
    for (;;) {
      const { done, value } = await this.#reader.read();
      if (!this.isOpen) return;
      if (done) return this.#endStream();
      this.#watch?.onBytes?.(value);
      for (let start = 0; start < value.length; start += MAX_BYTES_PER_TURN) {
        const piece = value.length <= MAX_BYTES_PER_TURN ? value : value.subarray(start, start + MAX_BYTES_PER_TURN);
        this.write(piece);
        this.flush();
        room -= piece.length;
        if (!this.isOpen) return;
        await this.#whenReleased?.promise;
        if (room > 0) continue;
        await nextTurn();
        room = MAX_BYTES_PER_TURN;
        if (!this.isOpen) return;
      }
    }
  }

  #endStream(): void {
    const error = this.#watch?.errorAtEnd?.(this.hasBegun);
    if (error === undefined) this.end();
    else this.fail(error);
  }
}

/** Handed over at a time, so that a taker can ask for a pause in between. */
const SLICE_BYTES = 64 * 1024;

/** Bytes that are all there, as the body of an answer. */
export function bodyOfBytes(bytes: Uint8Array): ResponseBody {
  return new BytesBody(bytes);
}

class BytesBody extends Body {
  readonly #bytes: Uint8Array;
  #position = 0;
  /** Its consumer may pause and resume within a write. */
  #isCarrying = false;

  constructor(bytes: Uint8Array) {
    super();
    this.#bytes = bytes;
  }

  override get whole(): Uint8Array {
    return this.#bytes;
  }

  protected override start(): void {
    if (this.#isCarrying) return;
    this.#isCarrying = true;
    while (this.isOpen && !this.isPaused && this.#position < this.#bytes.length) {
      const piece = this.#bytes.subarray(this.#position, this.#position + SLICE_BYTES);
      this.#position += piece.length;
      this.write(piece);
      this.flush();
    }
    this.#isCarrying = false;
    if (!this.isPaused && this.#position >= this.#bytes.length) this.end();
  }

  protected override pauseSource(isPaused: boolean): void {
    if (!isPaused) this.start();
  }

  protected override dropSource(): void {}
}
