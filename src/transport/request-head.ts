import type { Origin } from "./origin.ts";
import type { WireRequest } from "./transport.ts";
import { wireError } from "./wire-error.ts";

const TARGET = /^\/[\x21\x22\x24-\x7e]*$/;
const METHOD = /^[A-Za-z]+$/;
const NAME = /^[!#$%&'*+.^_`|~0-9a-zA-Z-]+$/;
const BAD_VALUE = /[^\t\x20-\x7e\x80-\xff]/;

/** These say how the message lies on this connection, which nobody but the connection knows. */
const OWN: ReadonlySet<string> = new Set(["host", "content-length", "transfer-encoding", "connection"]);

/**
 * The head of a request as it goes on the wire, one character for each byte, with its closing empty line.
 * @param length of the body in bytes; undefined for one that goes out in chunks, null for none
 * @throws with the code `REQUEST_METHOD` or `REQUEST_HEADER` where it could not be written without becoming another one; a
 * TypeError where the URL is none of this server's
 */
export function writeRequestHead(origin: Origin, request: WireRequest, length: number | undefined | null): string {
  const { method, headers } = request;
  if (!METHOD.test(method)) throw wireError("REQUEST_METHOD");
  const framing =
    length === undefined ? "transfer-encoding: chunked\r\n" : length === null ? "" : `content-length: ${length}\r\n`;
  const head = `${method} ${targetOf(origin, request.url)} HTTP/1.1\r\nhost: ${origin.host}\r\nconnection: keep-alive\r\n`;
  return `${head}${writeFields(headers)}${framing}\r\n`;
}

/** What frozen headers look like on the wire: whoever freezes them means to send them again. */
const written = new WeakMap<object, string>();

function writeFields(headers: WireRequest["headers"]): string {
  let fields = written.get(headers);
  if (fields !== undefined) return fields;
  fields = "";
  if (headers instanceof Headers) {
    for (const [name, value] of headers) if (mayBeSent(name)) fields += writeField(name, value);
    return fields;
  }
  for (const name in headers) if (mayBeSent(name)) fields += writeField(name, headers[name] as string);
  if (Object.isFrozen(headers)) written.set(headers, fields);
  return fields;
}

/** Says no of what only the connection knows. Throws where a name could become more than one. */
function mayBeSent(name: string): boolean {
  if (!NAME.test(name)) throw wireError("REQUEST_HEADER");
  return !OWN.has(name.toLowerCase());
}

function writeField(name: string, value: string): string {
  if (BAD_VALUE.test(value)) throw wireError("REQUEST_HEADER");
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
