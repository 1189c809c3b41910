import { EditedBytes, applyEdits } from "../../core/json/edit.ts";
import { freeBytes, MIN_FREED_BYTES } from "../../core/memory/free-bytes.ts";
import type { Connection } from "./connection.ts";
import type { Origin } from "./origin.ts";
import { inOnePiece, type Outgoing } from "./outgoing.ts";
import type { WireRequest } from "../transport.ts";
import { announcedLength, LongUpload, StreamUpload, type Upload, type UploadOwner } from "./upload.ts";
import { WireError } from "./wire-error.ts";

const TARGET = /^\/[\x21\x22\x24-\x7e]*$/;
const METHOD = /^[A-Za-z]+$/;
const NAME = /^[!#$%&'*+.^_`|~0-9a-zA-Z-]+$/;
const BAD_VALUE = /[^\t\x20-\x7e\x80-\xff]/;

/** These say how the message lies on this connection, which nobody but the connection knows. */
const OWN: ReadonlySet<string> = new Set(["host", "content-length", "transfer-encoding", "connection"]);

/**
 * Makes a request as it goes on the wire: its head, and in the same piece the bytes that follow it, which must not change
 * before it is written.
 * @param length of the body in bytes; undefined for one that goes out in chunks, null for none
 * @throws with the code `REQUEST_METHOD` or `REQUEST_HEADER` if it could not be written without becoming another one; a
 * TypeError if the URL is none of this server's
 */
export type WriteRequest = (
  request: WireRequest,
  length: number | undefined | null,
  behind: Uint8Array | EditedBytes,
) => Outgoing;

/**
 * Makes what writes the requests to one server. What those with frozen headers begin with is kept for as long as somebody
 * holds the headers.
 */
export function createRequestWriter(origin: Origin): WriteRequest {
  const startOf = createStartCache(origin);
  return (request, length, behind) => {
    const start = startOf(request);
    const framing =
      length === undefined
        ? "transfer-encoding: chunked\r\n\r\n"
        : length === null
          ? "\r\n"
          : `content-length: ${length}\r\n\r\n`;
    const { ownHeaders, isBodyGivenUp } = request;
    const end = ownHeaders === undefined ? framing : ownHeaders + framing;
    return new OutgoingRequest(start, end, behind, isBodyGivenUp === true);
  };
}

/**
 * A request that is put together where it leaves from. In a buffer of its own it costs an allocation, and of a long body
 * memory that is garbage once the system has taken it.
 */
class OutgoingRequest implements Outgoing {
  readonly length: number;
  readonly #start: Uint8Array;
  /** What follows the start of the head, one byte for each character. */
  readonly #end: string;
  readonly #behind: Uint8Array | EditedBytes;
  readonly #isGivenUp: boolean;

  /** @param isGivenUp whether nobody reads what is behind the head any more once it has left; a short body is left alone */
  constructor(start: Uint8Array, end: string, behind: Uint8Array | EditedBytes, isGivenUp: boolean) {
    this.length = start.length + end.length + behind.length;
    this.#start = start;
    this.#end = end;
    this.#behind = behind;
    this.#isGivenUp = isGivenUp && behind.length >= MIN_FREED_BYTES;
  }

  writeTo(target: Buffer): void {
    const endAt = this.#start.length;
    const behindAt = endAt + this.#end.length;
    target.set(this.#start);
    target.write(this.#end, endAt, "latin1");
    if (this.#behind instanceof EditedBytes) this.#behind.writeTo(target, behindAt);
    else target.set(this.#behind, behindAt);
  }

  left(): void {
    if (!this.#isGivenUp) return;
    if (this.#behind instanceof EditedBytes) this.#behind.free();
    else freeBytes(this.#behind);
  }
}

/** All of a head but how its body is framed, one byte for each character. */
interface WrittenStart {
  readonly method: string;
  readonly url: string;
  readonly bytes: Uint8Array;
}

function createStartCache(origin: Origin): (request: WireRequest) => Uint8Array {
  /** What the last request with frozen headers began with: whoever freezes them means to send them again. */
  const written = new WeakMap<object, WrittenStart>();
  return (request) => {
    const { method, url, headers } = request;
    const known = written.get(headers);
    if (known?.url === url && known.method === method) return known.bytes;
    const bytes = Buffer.from(writeStart(origin, request), "latin1");
    if (Object.isFrozen(headers)) written.set(headers, { method, url, bytes });
    return bytes;
  };
}

function writeStart(origin: Origin, { method, url, headers }: WireRequest): string {
  if (!METHOD.test(method)) throw new WireError("REQUEST_METHOD");
  let start = `${method} ${targetOf(origin, url)} HTTP/1.1\r\nhost: ${origin.host}\r\nconnection: keep-alive\r\n`;
  if (headers instanceof Headers) {
    for (const [name, value] of headers) if (mayBeSent(name)) start += writeField(name, value);
    return start;
  }
  return start + writeFields(headers);
}

function writeFields(headers: Readonly<Record<string, string>>): string {
  let fields = "";
  for (const name in headers) if (mayBeSent(name)) fields += writeField(name, headers[name] as string);
  return fields;
}

/** Rejects what only the connection knows. Throws if a name could become more than one. */
function mayBeSent(name: string): boolean {
  if (!NAME.test(name)) throw new WireError("REQUEST_HEADER");
  return !OWN.has(name.toLowerCase());
}

function writeField(name: string, value: string): string {
  if (BAD_VALUE.test(value)) throw new WireError("REQUEST_HEADER");
  return `${name}: ${value}\r\n`;
}

/** Path and query of a URL of this server. */
function targetOf({ prefix }: Origin, url: string): string {
  const target = url.slice(prefix.length);
  if (url.startsWith(prefix) && TARGET.test(target)) return target;
  const { origin, pathname, search } = new URL(url);
  if (origin !== prefix) throw new TypeError("a URL of another server");
  return pathname + search;
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
  const bytes = applyEdits(body);
  const { onSent, isBodyGivenUp } = request;
  if (isBodyGivenUp && body instanceof EditedBytes) body.free();
  const isOwn = isBodyGivenUp || bytes !== body;
  return new LongUpload(connection.write(bytes), onSent, isOwn ? bytes : undefined);
}
