import type { Exchange } from "../exchange/exchange.ts";
import { Failure } from "../failure/failure.ts";
import { decodeObject } from "../json/decode-object.ts";
import type { Provider } from "../providers/provider.ts";
import { findProvider } from "../routing/resolve-target.ts";
import type { Answer } from "../transport/transport.ts";
import { proxyRequestHeaders } from "../upstream/proxy-request-headers.ts";
import { proxyResponseHeaders } from "../upstream/proxy-response-headers.ts";
import { splitProxyUrl } from "../upstream/split-proxy-url.ts";
import { targetUrl } from "../upstream/target-url.ts";
import type { UpstreamCall } from "../upstream/upstream.ts";
import { bufferAnswer } from "./buffer-answer.ts";
import { holdCall } from "./hold-call.ts";
import { findDecisive, spellingsOf } from "./prepare-body.ts";
import { announcedLength, decodeBody, readRawBody } from "./read-body.ts";
import { redactError } from "./redact-error.ts";
import { passUpload } from "./pass-upload.ts";
import type { RelayParts } from "./relay-call.ts";
import { streamAnswer } from "./stream-answer.ts";
import { untypedBody } from "./untyped-body.ts";

/** An answer announced as at most this long is handed over in one piece, which costs less than a stream. */
const MAX_WHOLE_BYTES = 64 * 1024;

const BODY_METHODS: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/** Answers one request of `/proxy/{provider}/{path}`, whatever it is. Throws a {@link Failure} where there is no answer. */
export type Proxy = (exchange: Exchange, request: Request) => Promise<Response>;

export function createProxy(parts: RelayParts): Proxy {
  const { book, openCall, targets, policy, connections, maxBodyBytes } = parts;

  /** The body to send: as it streams in, unless the model policy has to read it first. */
  const admitBody = async (
    exchange: Exchange,
    request: Request,
    provider: Provider,
  ): Promise<Uint8Array | ReadableStream<Uint8Array> | null> => {
    if (!request.body || !BODY_METHODS.has(request.method)) return null;
    if (policy.active) {
      const raw = await readRawBody(request, maxBodyBytes, connections);
      exchange.bytesIn = raw.length;
      const encoding = request.headers.get("content-encoding");
      const refuse = (model: string): Failure | undefined => {
        exchange.model = model;
        return policy.refusal(provider, model);
      };
      requireAllowedModel(encoding === null ? raw : await decodeBody(raw, encoding, maxBodyBytes), refuse);
      return raw;
    }
    if ((announcedLength(request) ?? 0) > maxBodyBytes) throw new Failure("body_too_large");
    return passUpload(request, request.body, connections, (count) => {
      exchange.bytesIn += count;
      if (exchange.bytesIn > maxBodyBytes) throw new Failure("body_too_large");
    });
  };

  return async (exchange, request) => {
    const { providerId, path, search } = splitProxyUrl(request.url);
    const provider = findProvider(targets.providers, providerId);
    exchange.provider = provider.id;
    if (!provider.callable) throw new Failure("provider_key_missing", { provider: provider.id });
    const url = targetUrl(provider, path, search);
    const body = await admitBody(exchange, request, provider);
    const call = openCall(provider, request.signal);
    const close = holdCall(parts, exchange, request, call);
    let streaming = false;
    try {
      const headers = proxyRequestHeaders(request.headers, provider);
      // Some servers take no upload whose length they are not told.
      const length = announcedLength(request);
      if (body instanceof ReadableStream && length !== undefined) headers.set("content-length", String(length));
      const sent = await call.send({ url, method: request.method, headers, body, keepEncoding: true });
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

/**
 * Applies the model policy to a body that may be JSON. What looks like a JSON object must be one, and must name its model
 * once: a provider with a more lenient parser must not see another model than the policy did.
 */
function requireAllowedModel(body: Uint8Array, refuse: (model: string) => Failure | undefined): void {
  const decoded = decodeObject(body);
  if ("problem" in decoded) {
    if (looksLikeObject(body))
      throw new Failure("malformed_body", { message: `Failed to decode request: ${decoded.problem}` });
    return;
  }
  findDecisive({ bytes: body, value: decoded.value }, "model");
  const [spelling] = spellingsOf(decoded.value, "model");
  const model = spelling === undefined ? undefined : decoded.value[spelling];
  const refusal = typeof model === "string" ? refuse(model) : undefined;
  if (refusal) throw refusal;
}

/** White space, the NULs of UTF-16 and UTF-32, and the bytes of byte order marks. */
const BEFORE_OBJECT: ReadonlySet<number> = new Set([0, 9, 10, 11, 12, 13, 32, 0xef, 0xbb, 0xbf, 0xfe, 0xff]);

/**
 * Whether some parser more lenient than ours might find an object in these bytes: one that detects UTF-16 and UTF-32, as
 * Python's `json.loads` does, or that skips comments.
 */
function looksLikeObject(body: Uint8Array): boolean {
  const first = body.find((byte) => !BEFORE_OBJECT.has(byte));
  return first === 0x7b || first === 0x2f;
}
