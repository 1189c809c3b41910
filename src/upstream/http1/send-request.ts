import { EditedBytes, joined } from "../../core/json/edit.ts";
import { freeBytes } from "../../core/memory/free-bytes.ts";
import { WireError } from "./wire-error.ts";
import type { WireRequest } from "../transport.ts";
import { type Connection, inOnePiece } from "./connection.ts";
import type { Origin } from "./origin.ts";
import type { WriteRequest } from "./request-head.ts";

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

/**
 * A body up to this size goes out in one write with its head. To copy 128 KB takes 6 µs; a second write takes as long, and as
 * the first of two wakes a server on the same machine too early, the two took 40 % of all the time of a request of 32 KB.
 */
const ONE_WRITE_BYTES = 256 * 1024;

/** Methods that need not say that they bring no body. https://www.rfc-editor.org/rfc/rfc9110#section-8.6 */
const BODILESS: ReadonlySet<string> = new Set(["GET", "HEAD", "DELETE", "OPTIONS"]);

const NOTHING = new Uint8Array(0);

/** The server that a request goes to. */
export interface ExchangeServer {
  readonly origin: Origin;
  readonly write: WriteRequest;
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

/**
 * Writes a request on a connection that has carried everything before it.
 * @param owner told if a body that is a stream breaks off, or has another length than announced
 * @returns what goes on after that; undefined if everything was written together
 * @throws if it cannot be written as a request
 */
export function sendRequest(
  connection: Connection,
  write: WriteRequest,
  request: WireRequest,
  owner: UploadOwner,
): Upload | undefined {
  const { body, method } = request;
  if (body === null) {
    connection.writeTogether(write(request, BODILESS.has(method) ? null : 0, NOTHING));
    return undefined;
  }
  if (body instanceof ReadableStream) {
    const length = announcedLength(request.headers);
    connection.writeTogether(write(request, length, NOTHING));
    return new StreamUpload(connection, body.getReader() as ReadableStreamDefaultReader<Uint8Array>, length, owner);
  }
  if (body.length <= ONE_WRITE_BYTES) {
    connection.writeTogether(write(request, body.length, body));
    return request.onSent && new LongUpload(connection.isDrained, request.onSent);
  }
  connection.write(inOnePiece(write(request, body.length, NOTHING)));
  const bytes = joined(body);
  const { onSent, isBodyGivenUp } = request;
  if (isBodyGivenUp && body instanceof EditedBytes) body.free();
  const isOwn = isBodyGivenUp || bytes !== body;
  return new LongUpload(connection.write(bytes), onSent, isOwn ? bytes : undefined);
}

/** Bytes of which some may wait for the server to read. */
class LongUpload implements Upload {
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
class StreamUpload implements Upload {
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

function announcedLength(headers: WireRequest["headers"]): number | undefined {
  const announced = headers instanceof Headers ? headers.get("content-length") : (headers["content-length"] ?? null);
  return announced === null ? undefined : Number(announced);
}
