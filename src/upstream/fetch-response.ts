import { errorWordOf } from "../core/error-code.ts";
import { UpstreamError, type UpstreamFault, type UpstreamPhase } from "./errors.ts";
import { bodyOfStream } from "./body.ts";
import type { Endpoint } from "./endpoint.ts";
import { bodyEndOf } from "./http1/body-end.ts";
import type { ResponseBody, UpstreamResponse } from "./transport.ts";

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
  const code = errorWordOf(error);
  const [fault, known = phase] = GROUPS.find(([, , pattern]) => pattern.test(code)) ?? ["unreachable"];
  // A time-out of the system's may also be that of a connection which has carried the request.
  const requestSent = !BEFORE_SENDING.has(known) || code === "ETIMEDOUT";
  return new UpstreamError(fault, { code, phase: known, requestSent });
}

/** No final response has another, and none can be made of one. */
const MIN_STATUS = 200;
const MAX_STATUS = 599;

/**
 * A response of the runtime's `fetch` as one of a transport.
 * @param controller of the request; once it aborts, whoever takes the body hears the reason, whatever the runtime is doing
 * @throws UpstreamError if it has a status that no response can have
 */
export function acceptResponse(response: Response, endpoint: Endpoint, controller: AbortController): UpstreamResponse {
  const { status, headers, body } = response;
  if (status < MIN_STATUS || status > MAX_STATUS) {
    controller.abort();
    throw new UpstreamError("invalid_response", { code: "HTTP_INVALID_HEAD", phase: "header", requestSent: true });
  }
  return { status, headers, body: body && bodyOf(headers, body, endpoint, controller.signal) };
}

/** The body of an answer, which over TLS has not ended if only its connection has; see {@link bodyEndOf}. */
function bodyOf(
  headers: Headers,
  stream: ReadableStream<Uint8Array>,
  { http2, baseUrl }: Endpoint,
  aborting: AbortSignal,
): ResponseBody {
  const isDelimited = http2 || headers.has("content-length") || headers.has("transfer-encoding");
  const bodyEnd = isDelimited || !baseUrl.startsWith("https:") ? undefined : bodyEndOf(headers);
  const phaseOf = (hasBegun: boolean): UpstreamPhase => (hasBegun ? "body" : "first-token");
  return bodyOfStream(stream, {
    // A read that is under way need not end with the signal, and none is under way while the body is paused.
    aborting,
    onBytes: (bytes) => bodyEnd?.push(bytes),
    errorAtEnd(hasBegun) {
      if (!bodyEnd || bodyEnd.isReached()) return undefined;
      return new UpstreamError("reset", { code: "ECONNRESET", phase: phaseOf(hasBegun), requestSent: true });
    },
    explain: (error, hasBegun) => readFetchError(error, phaseOf(hasBegun)),
  });
}
