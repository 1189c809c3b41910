import { errorCodeOf, UpstreamError, type UpstreamFault, type UpstreamPhase } from "./errors.ts";

/** What the codes of the runtime's `fetch` mean, all that it says of a failure; the first matching group counts. */
const GROUPS: readonly (readonly [UpstreamFault, UpstreamPhase | undefined, RegExp])[] = [
  ["name_unknown", "dns", /^(ENOTFOUND|ENODATA|EAI_\w+|ESERVFAIL|DNS\w*)$/],
  [
    "unreachable",
    "connect",
    /^(ECONNREFUSED|ConnectionRefused|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|FailedToOpenSocket)$/,
  ],
  ["http2_unavailable", "tls", /^HTTP2Unsupported$/],
  ["tls", "tls", /CERT|SSL|TLS|^EPROTO$|UNABLE_TO_|HOSTNAME_MISMATCH/],
  ["reset", undefined, /^(HTTP2(StreamReset|RefusedStream|GoAway)|ECONNRESET|EPIPE|ECONNABORTED|ConnectionClosed)$/],
  [
    "invalid_response",
    undefined,
    /HTTP|Decompress|Zlib|Brotli|Zstd|Chunk|Header|ContentLength|TransferEncoding|UnrequestedUpgrade/i,
  ],
];

/** Before these phases are over nothing of a request is sent. */
const BEFORE_SENDING: ReadonlySet<UpstreamPhase> = new Set(["dns", "connect", "tls"]);

/**
 * What an error of the runtime's `fetch` means, or of a body that came from it. One that is known already stays as it is.
 * @param phase how far the call had come, unless the error says that there was no connection
 */
export function readFetchError(error: unknown, phase: UpstreamPhase): UpstreamError {
  if (error instanceof UpstreamError) return error;
  const code = errorCodeOf(error);
  const [fault, known = phase] = GROUPS.find(([, , pattern]) => pattern.test(code)) ?? ["unreachable"];
  // A time-out of the system's may also be that of a connection which has carried the request.
  const requestSent = !BEFORE_SENDING.has(known) || code === "ETIMEDOUT";
  return new UpstreamError(fault, { code, phase: known, requestSent });
}
