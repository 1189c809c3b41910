import type { Exchange } from "../exchange/exchange.ts";
import { Failure } from "../failure/failure.ts";
import { findProvider } from "../routing/resolve-target.ts";
import type { Answer } from "../transport/transport.ts";
import { proxyRequestHeaders } from "../upstream/proxy-request-headers.ts";
import { proxyResponseHeaders } from "../upstream/proxy-response-headers.ts";
import { splitProxyUrl } from "../upstream/split-proxy-url.ts";
import { targetUrl } from "../upstream/target-url.ts";
import type { UpstreamCall } from "../upstream/upstream.ts";
import { bufferAnswer } from "./buffer-answer.ts";
import { holdCall } from "./hold-call.ts";
import { createProxyPolicy } from "./proxy-policy.ts";
import { announcedLength } from "./read-body.ts";
import { redactError } from "./redact-error.ts";
import type { RelayParts } from "./relay-call.ts";
import { streamAnswer } from "./stream-answer.ts";
import { untypedBody } from "./untyped-body.ts";

/** An answer announced as at most this long is handed over in one piece, which costs less than a stream. */
const MAX_WHOLE_BYTES = 64 * 1024;

/** Answers one request of `/proxy/{provider}/{path}`, whatever it is. Throws a {@link Failure} where there is no answer. */
export type Proxy = (exchange: Exchange, request: Request) => Promise<Response>;

export function createProxy(parts: RelayParts): Proxy {
  const { book, openCall, targets, memory } = parts;

  const admit = createProxyPolicy(parts);

  return async (exchange, request) => {
    const { providerId, path, search } = splitProxyUrl(request.url);
    const provider = findProvider(targets.providers, providerId);
    exchange.provider = provider.id;
    if (!provider.callable) throw new Failure("provider_key_missing", { provider: provider.id });
    const url = targetUrl(provider, path, search);
    const body = await admit(exchange, request, provider, url);
    const call = openCall(provider, request.signal);
    const close = holdCall(parts, exchange, request, call);
    let streaming = false;
    try {
      const headers = proxyRequestHeaders(request.headers, provider);
      // Some servers take no upload whose length they are not told.
      const length = announcedLength(request);
      if (body instanceof ReadableStream && length !== undefined) headers.set("content-length", String(length));
      const sent = await call.send({ url, method: request.method, headers, body, keepEncoding: true });
      memory.tryHold(exchange, 0);
      const response = sent.status >= 300 ? await redactError(sent, call, provider) : sent;
      const stream = await relayBody(exchange, request, response, call, close);
      streaming = stream instanceof ReadableStream;
      book.markFirstByte(exchange);
      exchange.status = response.status;
      exchange.streaming = streaming;
      const isUntyped = stream instanceof Uint8Array && response.headers.get("content-type") === null;
      const answer = new Response(isUntyped ? untypedBody(stream) : stream, {
        status: response.status,
        headers: proxyResponseHeaders(response.headers, provider, {
          url,
          requestId: exchange.id,
          announcesLength: request.method === "HEAD" || response.status === 304,
        }),
      });
      if (!streaming) book.settle(exchange, "answered");
      return answer;
    } finally {
      if (!streaming) close();
    }
  };

  async function relayBody(
    exchange: Exchange,
    request: Request,
    response: Answer,
    call: UpstreamCall,
    close: () => void,
  ): Promise<Uint8Array | ReadableStream<Uint8Array> | null> {
    if (request.method === "HEAD" || !response.body) return null;
    const announced = response.headers.get("content-length");
    let { body } = response;
    if (announced !== null && Number(announced) <= MAX_WHOLE_BYTES) {
      const answer = await bufferAnswer(response, call);
      if ("whole" in answer) {
        exchange.bytesOut = answer.whole.length;
        return answer.whole;
      }
      body = answer.tooLong;
    }
    const stream = await streamAnswer(body, call, {
      onChunk(chunk) {
        exchange.bytesOut += chunk.length;
      },
      // Whatever format this is, an error of the gateway's has no place in it: the connection breaks off instead.
      lastWords: () => undefined,
      onEnd(failure) {
        exchange.failure = failure?.code;
        exchange.cause = failure?.details.cause;
        close();
        book.settle(
          exchange,
          failure === undefined ? "answered" : failure.code === "client_gone" ? "client_gone" : "cut",
        );
      },
    });
    return stream ?? null;
  }
}
