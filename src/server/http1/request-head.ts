import { HeadFields } from "../../upstream/http1/head-fields.ts";

/**
 * How long the body of a request is: so many bytes, or what its chunks say; `unclear` if its fields could be read in two ways, and
 * nothing behind the head may be read. https://www.rfc-editor.org/rfc/rfc9112#section-6.3
 */
export type RequestFraming = number | "chunked" | "unclear";

/** Request line and header fields of a request. */
export interface RequestHead {
  readonly method: string;
  readonly target: string;
  readonly headers: HeadFields;
  readonly framing: RequestFraming;
  /** The connection may carry another request after this one. */
  readonly keepAlive: boolean;
  /** Its client knows chunks. */
  readonly isModern: boolean;
  /** Its client waits to hear that the body is wanted. https://www.rfc-editor.org/rfc/rfc9110#section-10.1.1 */
  readonly awaitsContinue: boolean;
}

/** Nobody sends so many; what goes through them more than once takes long with thousands. */
const MAX_FIELDS = 198;

/** A request line, whose target is a path or a URL. */
const LINE =
  /(?:CONNECT (?![?# ])|[!#$%&'*+.^_`|~0-9a-zA-Z-]+ (?:\/|[hH][tT][tT][pP][sS]?:\/\/(?![/?# ])))[\x21-\x7e\x80-\xff]* HTTP\/1\.[01]/;

/** Fields whose names and values hold nothing that they may not. DEL in a value is for whoever reads that value: it ends no line. */
const FIELDS = /(?:\r\n[!#$%&'*+.^_`|~0-9a-zA-Z-]+:[\t\x20-\xff]*)*/;

const HEAD = new RegExp(`^${LINE.source}${FIELDS.source}$`);
const FIRST_LINE = new RegExp(`^${LINE.source}\r$`);
const FIRST_BYTE = /^[!#$%&'*+.^_`|~0-9a-zA-Z-]/;

/**
 * Whether bytes in which no head ends may be the beginning of one. Those of TLS may not, nor may a line that is none: whoever
 * sends them would else wait for an answer until the connection has been silent for too long.
 * @param searchFrom what stands before has been looked at
 */
export function mayBeginHead(bytes: Buffer, searchFrom: number): boolean {
  if (!FIRST_BYTE.test(bytes.toString("latin1", 0, 1))) return false;
  const end = bytes.indexOf("\n");
  return end < searchFrom || FIRST_LINE.test(bytes.toString("latin1", 0, end));
}

const LENGTH = /^\d{1,15}$/;

/** The statuses of heads that nobody can answer but the server itself; 503 if there is no room for what has come of one. */
export type HeadFault = 400 | 431 | 503;

/**
 * Reads the head of a request strictly: what another parser might read otherwise is refused.
 * @param text the head without its closing empty line, one character for each byte.
 */
export function parseRequestHead(text: string): RequestHead | HeadFault {
  if (!HEAD.test(text)) return 400;
  const methodEnd = text.indexOf(" ");
  const targetEnd = text.indexOf(" ", methodEnd + 1);
  const headers = new HeadFields(text);
  if (headers.count > MAX_FIELDS) return 431;
  const isModern = text.charCodeAt(targetEnd + " HTTP/1.".length) === 0x31;
  const framing = framingOf(headers, isModern);
  // https://www.rfc-editor.org/rfc/rfc9112#section-3.2-6
  if (framing === undefined || (isModern && !headers.has("host"))) return 400;
  const connection = headers.get("connection");
  return {
    method: text.slice(0, methodEnd),
    target: text.slice(methodEnd + 1, targetEnd),
    headers,
    framing,
    keepAlive: framing !== "unclear" && (connection === null ? isModern : staysOpen(connection, isModern)),
    isModern,
    awaitsContinue: isModern && framing !== 0 && headers.get("expect")?.toLowerCase() === "100-continue",
  };
}

const CLOSE = /(?:^|[\t ,])close(?:[\t ,]|$)/i;
const KEEP_ALIVE = /(?:^|[\t ,])keep-alive(?:[\t ,]|$)/i;

const staysOpen = (connection: string, isModern: boolean): boolean =>
  !CLOSE.test(connection) && (isModern || KEEP_ALIVE.test(connection));

/** @returns undefined if only the server can refuse it; what is unclear by itself is refused with a reason. */
function framingOf(headers: HeadFields, isModern: boolean): RequestFraming | undefined {
  const length = headers.get("content-length");
  const coding = headers.get("transfer-encoding");
  if (length !== null && !/^\d+$/.test(length)) return "unclear";
  if (coding !== null && !/^chunked$/i.test(coding)) return "unclear";
  if (coding === null) return length === null ? 0 : LENGTH.test(length) ? Number(length) : undefined;
  // Both at once is how requests are smuggled. https://www.rfc-editor.org/rfc/rfc9112#section-6.1
  return length === null && isModern ? "chunked" : undefined;
}
