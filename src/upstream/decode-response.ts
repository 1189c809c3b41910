import { streamOfBody, bodyOfStream } from "./body.ts";
import type { UpstreamResponse, ResponseHeaders } from "./transport.ts";
import { UpstreamError } from "./errors.ts";

const FORMATS: Readonly<Record<string, Bun.CompressionFormat>> = {
  gzip: "gzip",
  "x-gzip": "gzip",
  deflate: "deflate",
  br: "brotli",
  zstd: "zstd",
};

/** Whether {@link decodeResponse} can undo a Content-Encoding. */
export function isDecodable(encoding: string): boolean {
  return Object.hasOwn(FORMATS, encoding.trim().toLowerCase());
}

/** These describe the body as it was on the wire. */
const OF_THE_WIRE: ReadonlySet<string> = new Set(["content-encoding", "content-length"]);

/**
 * Undoes the Content-Encoding of an answer, which providers should not have used: they are asked not to.
 * @throws with the code `HTTP_UNKNOWN_ENCODING`
 */
export function decodeResponse(answer: UpstreamResponse): UpstreamResponse {
  const encoding = answer.headers.get("content-encoding")?.trim().toLowerCase();
  if (!encoding || encoding === "identity" || !answer.body) return answer;
  const format = Object.hasOwn(FORMATS, encoding) ? FORMATS[encoding] : undefined;
  if (!format) {
    answer.body.cancel();
    throw new UpstreamError("invalid_response", {
      code: "HTTP_UNKNOWN_ENCODING",
      phase: "header",
      requestSent: true,
    });
  }
  const decoded = streamOfBody(answer.body).pipeThrough<Uint8Array>(
    new DecompressionStream(format) as ReadableWritablePair<Uint8Array, Uint8Array>,
  );
  return {
    status: answer.status,
    headers: without(answer.headers),
    // The decoder's own errors have no code, and their messages are not to be relied on.
    body: bodyOfStream(decoded, {
      explain: (error) => (error instanceof Error && "code" in error ? error : invalidEncoding()),
    }),
  };
}

function invalidEncoding(): UpstreamError {
  return new UpstreamError("invalid_response", { code: "HTTP_INVALID_ENCODING", phase: "body", requestSent: true });
}

function without(headers: ResponseHeaders): ResponseHeaders {
  return {
    get: (name) => (OF_THE_WIRE.has(name) ? null : headers.get(name)),
    forEach(callback) {
      headers.forEach((value, name) => {
        if (!OF_THE_WIRE.has(name)) callback(value, name);
      });
    },
    *[Symbol.iterator]() {
      for (const field of headers) if (!OF_THE_WIRE.has(field[0])) yield field;
    },
  };
}
