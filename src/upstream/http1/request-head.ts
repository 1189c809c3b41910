import { EditedBytes } from "../../core/json/edit.ts";
import { freeBytes } from "../../core/memory/free-bytes.ts";
import type { Outgoing } from "./connection.ts";
import type { Origin } from "./origin.ts";
import type { WireRequest } from "../transport.ts";
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
) => OutgoingRequest;

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

  constructor(start: Uint8Array, end: string, behind: Uint8Array | EditedBytes, isGivenUp: boolean) {
    this.length = start.length + end.length + behind.length;
    this.#start = start;
    this.#end = end;
    this.#behind = behind;
    this.#isGivenUp = isGivenUp;
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
    const end = ownHeaders === undefined ? framing : writeOwn(ownHeaders) + framing;
    return new OutgoingRequest(start, end, behind, isBodyGivenUp === true);
  };
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

/** Their names are no client's. */
function writeOwn(headers: Readonly<Record<string, string>>): string {
  let fields = "";
  for (const name in headers) fields += writeField(name, headers[name] as string);
  return fields;
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
