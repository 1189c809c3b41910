import { freeBytes } from "../../core/memory/free-bytes.ts";
import { WireError } from "./wire-error.ts";
import type { WireRequest } from "../transport.ts";
import type { Connection } from "./connection.ts";

/** What a body is written to; resolves, or returns, when it may be given more. */
export interface UploadTarget {
  write(bytes: Uint8Array): Promise<void> | undefined;
}

const LAST_CHUNK = Buffer.from("0\r\n\r\n");
const LINE_END = Buffer.from("\r\n");

/**
 * Writes a body as it comes in, and never more of it than the server reads.
 * @param length that was announced in the head; undefined for a body in chunks
 * @throws with the code `UPLOAD_LENGTH` if it has another length, or with whatever the body failed with
 */
export async function writeUpload(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  length: number | undefined,
  target: UploadTarget,
): Promise<void> {
  let sent = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (value.length === 0) continue;
    sent += value.length;
    if (length !== undefined && sent > length) throw new WireError("UPLOAD_LENGTH");
    const framed =
      length === undefined ? Buffer.concat([Buffer.from(`${value.length.toString(16)}\r\n`), value, LINE_END]) : value;
    await target.write(framed);
  }
  if (length !== undefined && sent !== length) throw new WireError("UPLOAD_LENGTH");
  if (length === undefined) await target.write(LAST_CHUNK);
}

/** The body of a request that did not leave in one write with its head. */
export interface Upload {
  /** It is a stream, of which more may come. */
  readonly isComing: boolean;
  /** Everything that was written has left. */
  drained(): void;
  /** Nobody waits for the rest of it. */
  cancel(): void;
}

/** Hears why the body of a request could not be sent to its end. */
export interface UploadOwner {
  uploadFailed(error: unknown): void;
}

/** Bytes of which some may wait for the server to read. */
export class LongUpload implements Upload {
  readonly isComing = false;
  #onSent: (() => void) | undefined;
  #freed: Uint8Array | undefined;

  /** @param freed what is freed once it has left */
  constructor(isSent: boolean, onSent: (() => void) | undefined, freed?: Uint8Array) {
    this.#onSent = onSent;
    this.#freed = freed;
    if (isSent) this.drained();
  }

  drained(): void {
    if (this.#freed) freeBytes(this.#freed);
    this.cancel();
  }

  /** The connection may still hold the bytes. */
  cancel(): void {
    const onSent = this.#onSent;
    this.#onSent = this.#freed = undefined;
    onSent?.();
  }
}

/** A body that is written as it comes in. */
export class StreamUpload implements Upload {
  isComing = true;
  readonly #connection: Connection;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #isCancelled = false;
  #whenDrained: (() => void) | undefined;

  constructor(
    connection: Connection,
    reader: ReadableStreamDefaultReader<Uint8Array>,
    length: number | undefined,
    owner: UploadOwner,
  ) {
    this.#connection = connection;
    this.#reader = reader;
    writeUpload(reader, length, this).then(
      () => (this.isComing = false),
      (error: unknown) => owner.uploadFailed(error),
    );
  }

  write(bytes: Uint8Array): Promise<void> | undefined {
    if (this.#isCancelled || this.#connection.write(bytes)) return undefined;
    return new Promise((drained) => (this.#whenDrained = drained));
  }

  drained(): void {
    const drained = this.#whenDrained;
    this.#whenDrained = undefined;
    drained?.();
  }

  cancel(): void {
    this.#isCancelled = true;
    if (this.isComing) void this.#reader.cancel().catch(() => {});
    this.drained();
  }
}

/** As its header announces it; undefined for a body in chunks. */
export function announcedLength(headers: WireRequest["headers"]): number | undefined {
  const announced = headers instanceof Headers ? headers.get("content-length") : (headers["content-length"] ?? null);
  return announced === null ? undefined : Number(announced);
}
