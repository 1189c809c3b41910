/** What can be wrong with the bytes of a request or an answer, or with the connection that they come on, as the `code` of an error. */
export type WireErrorCode =
  /** The connection ended where more was to come. */
  | "ECONNRESET"
  /** Nobody waited for the connection any more. */
  | "ECONNABORTED"
  /** The server has left so many attempts to connect without an answer that no more are made. */
  | "TOO_MANY_HANGING_ATTEMPTS"
  /** TLS failed with a server that is to be spoken to over HTTP/2: one that does not offer it may refuse the handshake so. */
  | "HTTP2_HANDSHAKE_FAILED"
  | "HTTP_INVALID_HEAD"
  | "HTTP_HEAD_TOO_LONG"
  | "HTTP_TOO_MANY_FIELDS"
  | "HTTP_TOO_MANY_INTERIM_HEADS"
  /** Bytes came on a connection before a request was sent on it, or in place of its answer. */
  | "HTTP_UNREQUESTED_BYTES"
  | "HTTP_INVALID_FRAMING"
  | "HTTP_INVALID_CHUNK"
  | "HTTP_UNREQUESTED_UPGRADE"
  /** What was to be sent cannot be written as a message of HTTP. */
  | "REQUEST_HEADER"
  | "REQUEST_METHOD"
  /** The request's body did not have the length that its header told. */
  | "UPLOAD_LENGTH";

/** An error that tells nothing but its code: what was on the wire may hold secrets. */
export function wireError(code: string): Error & { readonly code: string } {
  return Object.assign(new Error(code), { code });
}
