import { bodyOfStream } from "./body.ts";
import type { Endpoint } from "./endpoint.ts";
import { UpstreamError, type UpstreamPhase } from "./errors.ts";
import { readFetchError } from "./fetch-errors.ts";
import { bodyEndOf } from "./http1/body-end.ts";
import type { ResponseBody, UpstreamResponse } from "./transport.ts";

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
