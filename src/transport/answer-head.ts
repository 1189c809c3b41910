import type { AnswerHeaders } from "./transport.ts";
import { wireError } from "./wire-error.ts";

/** How the end of an answer's body is known. https://www.rfc-editor.org/rfc/rfc9112#section-6.3 */
export type Framing =
  | { readonly kind: "none" }
  | { readonly kind: "length"; readonly length: number }
  | { readonly kind: "chunked" }
  | { readonly kind: "until-close" };

/** Status line and header fields of an answer. */
export interface AnswerHead {
  readonly status: number;
  readonly headers: AnswerHeaders;
  readonly framing: Framing;
  /** The connection may carry another request when this answer is over. */
  readonly keepAlive: boolean;
}

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d{2})(?: |$)/;
const FIELD_NAME = /^[!#$%&'*+.^_`|~0-9a-zA-Z-]+$/;
// oxlint-disable-next-line no-control-regex
const BAD_VALUE = /[^\t\x20-\x7e\x80-\xff]/;
const LENGTH = /^\d{1,15}$/;

const NONE: Framing = { kind: "none" };
const CHUNKED: Framing = { kind: "chunked" };
const UNTIL_CLOSE: Framing = { kind: "until-close" };

/**
 * Reads the head of an answer strictly: what another parser might read otherwise is refused.
 * @param text the head without its closing empty line, one character for each byte.
 * @param method of the request that is answered.
 * @throws with the code `HTTP_INVALID_HEAD` or `HTTP_INVALID_FRAMING`
 */
export function readAnswerHead(text: string, method: string): AnswerHead {
  const lines = text.split("\r\n");
  const statusLine = STATUS_LINE.exec(lines[0] as string);
  if (!statusLine) throw wireError("HTTP_INVALID_HEAD");
  const status = Number(statusLine[2]);
  const fields: [name: string, value: string][] = [];
  for (let index = 1; index < lines.length; index++) fields.push(readField(lines[index] as string));
  const headers = createAnswerHeaders(fields);
  const connection = headers.get("connection")?.toLowerCase();
  const framing = framingOf(headers, status, method);
  return {
    status,
    headers,
    framing,
    keepAlive:
      framing.kind !== "until-close" &&
      (statusLine[1] === "1" ? !connection?.includes("close") : connection?.includes("keep-alive") === true),
  };
}

function readField(line: string): [name: string, value: string] {
  const colon = line.indexOf(":");
  const name = line.slice(0, colon);
  const value = line.slice(colon + 1).trim();
  // A folded line begins with white space, which no name does.
  if (colon < 1 || !FIELD_NAME.test(name) || BAD_VALUE.test(value)) throw wireError("HTTP_INVALID_HEAD");
  return [name.toLowerCase(), value];
}

function createAnswerHeaders(fields: readonly [name: string, value: string][]): AnswerHeaders {
  return {
    get(name) {
      let found: string | null = null;
      for (const field of fields) {
        if (field[0] === name) found = found === null ? field[1] : `${found}, ${field[1]}`;
      }
      return found;
    },
    [Symbol.iterator]: () => fields[Symbol.iterator](),
  };
}

function framingOf(headers: AnswerHeaders, status: number, method: string): Framing {
  const length = headers.get("content-length");
  const coding = headers.get("transfer-encoding");
  // Both at once is how answers are smuggled. https://www.rfc-editor.org/rfc/rfc9112#section-6.1
  if (coding !== null && (length !== null || coding.toLowerCase() !== "chunked")) {
    throw wireError("HTTP_INVALID_FRAMING");
  }
  if (length !== null && !LENGTH.test(length)) {
    // The same length told twice is harmless, and some servers do it.
    const [first = "", ...rest] = length.split(/, */);
    if (!LENGTH.test(first) || rest.some((other) => other !== first)) throw wireError("HTTP_INVALID_FRAMING");
    return framed(Number(first), status, method);
  }
  if (status === 204 || status === 304 || method === "HEAD") return NONE;
  if (coding !== null) return CHUNKED;
  return length === null ? UNTIL_CLOSE : framed(Number(length), status, method);
}

function framed(length: number, status: number, method: string): Framing {
  return status === 204 || status === 304 || method === "HEAD" ? NONE : { kind: "length", length };
}
