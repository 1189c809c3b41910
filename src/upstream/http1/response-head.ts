import type { ResponseHeaders } from "../transport.ts";
import { HeadFields } from "./head-fields.ts";
import { WireError } from "./wire-error.ts";

/** How the end of an answer's body is known. https://www.rfc-editor.org/rfc/rfc9112#section-6.3 */
export type Framing =
  | { readonly kind: "none" }
  | { readonly kind: "length"; readonly length: number }
  | { readonly kind: "chunked" }
  | { readonly kind: "until-close" };

/** Status line and header fields of an answer. */
export interface ResponseHead {
  readonly status: number;
  readonly headers: ResponseHeaders;
  readonly framing: Framing;
  /** The connection may carry another request when this answer is over. */
  readonly keepAlive: boolean;
}

/** Answers have a few dozen fields. What goes through them more than once, as `Headers` do, takes long with thousands. */
const MAX_FIELDS = 256;

/** A whole head: its status line, and fields whose names and values hold nothing that they may not. */
const HEAD =
  /^HTTP\/1\.[01] [1-5]\d\d(?: [\t\x20-\x7e\x80-\xff]*)?(?:\r\n[!#$%&'*+.^_`|~0-9a-zA-Z-]+:[\t\x20-\x7e\x80-\xff]*)*$/;
const MINOR_VERSION_AT = "HTTP/1.".length;
const STATUS_AT = "HTTP/1.1 ".length;

const LENGTH = /^\d{1,15}$/;

const NONE: Framing = { kind: "none" };
const CHUNKED: Framing = { kind: "chunked" };
const UNTIL_CLOSE: Framing = { kind: "until-close" };

/**
 * Reads the head of an answer strictly: what another parser might read otherwise is refused.
 * @param text the head without its closing empty line, one character for each byte.
 * @param method of the request that is answered.
 * @throws with the code `HTTP_INVALID_HEAD`, `HTTP_TOO_MANY_FIELDS` or `HTTP_INVALID_FRAMING`
 */
export function parseResponseHead(text: string, method: string): ResponseHead {
  if (!HEAD.test(text)) throw new WireError("HTTP_INVALID_HEAD");
  const status = Number(text.slice(STATUS_AT, STATUS_AT + 3));
  const headers = new HeadFields(text);
  if (headers.count > MAX_FIELDS) throw new WireError("HTTP_TOO_MANY_FIELDS");
  const connection = headers.get("connection")?.toLowerCase();
  const framing = framingOf(headers, status, method);
  return {
    status,
    headers,
    framing,
    keepAlive:
      framing.kind !== "until-close" &&
      (text[MINOR_VERSION_AT] === "1"
        ? !connection?.includes("close")
        : // Chunks came with HTTP/1.1; who sends them in an older version may mean something else by them.
          framing.kind !== "chunked" && connection?.includes("keep-alive") === true),
  };
}

function framingOf(headers: ResponseHeaders, status: number, method: string): Framing {
  const length = headers.get("content-length");
  const coding = headers.get("transfer-encoding");
  // Both at once is how answers are smuggled. https://www.rfc-editor.org/rfc/rfc9112#section-6.1
  if (coding !== null && (length !== null || coding.toLowerCase() !== "chunked")) {
    throw new WireError("HTTP_INVALID_FRAMING");
  }
  if (length !== null && !LENGTH.test(length)) {
    // The same length announced twice is harmless, and some servers do it.
    const [first = "", ...rest] = length.split(/, */);
    if (!LENGTH.test(first) || rest.some((other) => other !== first)) throw new WireError("HTTP_INVALID_FRAMING");
    return framed(Number(first), status, method);
  }
  if (status === 204 || status === 304 || method === "HEAD") return NONE;
  if (coding !== null) return CHUNKED;
  return length === null ? UNTIL_CLOSE : framed(Number(length), status, method);
}

function framed(length: number, status: number, method: string): Framing {
  return status === 204 || status === 304 || method === "HEAD" ? NONE : { kind: "length", length };
}

const SECONDS = /(?:^|[\s,])timeout *= *"?(\d+)/i;

/**
 * Keep-Alive timeout announced by the server, in milliseconds; Infinity if none.
 * https://www.rfc-editor.org/rfc/rfc2068#section-19.7.1.1
 */
export function parseKeepAlive(headers: ResponseHeaders): number {
  const told = headers.get("keep-alive");
  const seconds = told && SECONDS.exec(told)?.[1];
  return seconds ? Number(seconds) * 1000 : Number.POSITIVE_INFINITY;
}
