import { Failure, type FailureCode } from "../failure/failure.ts";

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
