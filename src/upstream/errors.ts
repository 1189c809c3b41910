import { Failure, type FailureCode } from "../core/errors.ts";

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

/** Error codes of the transports, by what they mean for the client; the first group that matches counts. */
const GROUPS: readonly (readonly [FailureCode, RegExp, message?: string])[] = [
  ["invalid_request", /^REQUEST_HEADER$/, "A header of the request cannot be sent to the provider"],
  ["invalid_request", /^REQUEST_METHOD$/, "The method of the request cannot be sent to the provider"],
  ["body_interrupted", /^UPLOAD_LENGTH$/],
  ["proxy_refused", /^PROXY_STATUS_/],
  ["proxy_unreachable", /^PROXY_/],
  ["upstream_dns_failure", /^(ENOTFOUND|ENODATA|EAI_\w+|ESERVFAIL|DNS\w*)$/],
  [
    "upstream_tls_failure",
    /^HTTP2(Unsupported|_HANDSHAKE_FAILED)$/,
    "Failed to reach upstream server over HTTP/2 (<ID>_HTTP2): it may not offer it",
  ],
  ["upstream_tls_failure", /CERT|SSL|TLS|^EPROTO$|UNABLE_TO_|HOSTNAME_MISMATCH/],
  ["upstream_reset", /^(HTTP2(StreamReset|RefusedStream|GoAway)|ECONNRESET|EPIPE|ECONNABORTED|ConnectionClosed)$/],
  [
    "upstream_invalid_response",
    /HTTP|Decompress|Zlib|Brotli|Zstd|Chunk|Header|ContentLength|TransferEncoding|UnrequestedUpgrade/i,
  ],
];

const UNREACHABLE: (typeof GROUPS)[number] = ["upstream_unreachable", /^/];

/**
 * What an error of a transport means: that of a request that got no answer, or of a body that broke off.
 * Only the error's code is kept as `cause`: the runtime's messages quote upstream URLs, whose query may hold a key.
 */
export function readTransportError(error: unknown, providerId: string): Failure {
  if (error instanceof Failure) return error;
  const code = codeOf(error);
  const [meaning, , message] = GROUPS.find(([, pattern]) => pattern.test(code)) ?? UNREACHABLE;
  return new Failure(meaning, { provider: providerId, cause: code, ...(message && { message }) });
}

function codeOf(error: unknown): string {
  if (typeof error === "object" && error !== null && "code" in error) return String(error.code);
  return error instanceof Error ? error.name : "unknown";
}
