import { type ClientConnections, announcedLength, decodeBody, readRawBody } from "./read-body.ts";
import type { RequestContext } from "../core/request-context.ts";
import { Failure } from "../core/errors.ts";
import { decodeObject } from "../core/json/parse.ts";
import type { Provider } from "../providers/provider.ts";
import { findProvider } from "../routing/resolve-target.ts";
import type { UpstreamResponse } from "../upstream/transport.ts";
import { proxyRequestHeaders, proxyResponseHeaders } from "../upstream/proxy-headers.ts";
import { splitProxyUrl, targetUrl } from "../providers/url.ts";
import type { UpstreamCall } from "../upstream/call.ts";
import { bufferResponse } from "./whole-response.ts";
import { holdCall, type RelayParts } from "./relay.ts";
import { requireSingleMember, spellingsOf } from "./prepare-body.ts";
import { redactError } from "./redact-error.ts";
import { pumpStream } from "./stream-pump.ts";

/**
 * The body of a request as it comes in, for a provider to take as fast as it likes: the client's silence counts while its
 * bytes are waited for, and not while the provider does not take them.
 * @param onBytes hears of every piece before it is passed on; what it throws breaks the upload off.
 */
export function passUpload(
  request: Request,
  body: ReadableStream<Uint8Array>,
  connections: ClientConnections,
  onBytes: (count: number) => void,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        connections.restoreIdleTimeout(request);
        const { done, value } = await reader.read();
        connections.suspendIdleTimeout(request);
        if (done) return controller.close();
        onBytes(value.length);
        controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

/** Bytes for a response without a Content-Type; the runtime gives one to bytes as they are, and none to a stream. */
export function untypedBody(bytes: Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream({
    // One that ends when it is first asked is sent with its length.
    type: "direct",
    pull(controller) {
      controller.write(bytes);
      controller.close();
    },
  });
}

/** An answer announced as at most this long is handed over in one piece, which costs less than a stream. */
const MAX_WHOLE_BYTES = 64 * 1024;

const BODY_METHODS: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/** Answers one request of `/proxy/{provider}/{path}`, whatever it is. Throws a {@link Failure} where there is no answer. */
export type Passthrough = (context: RequestContext, request: Request) => Promise<Response>;

export function createPassthrough(parts: RelayParts): Passthrough {
  const { book: requests, openCall, targets, policy, connections, maxBodyBytes } = parts;

  /** The body to send: as it streams in, unless the model policy has to read it first. */
  const admitBody = async (
    context: RequestContext,
    request: Request,
    provider: Provider,
  ): Promise<Uint8Array | ReadableStream<Uint8Array> | null> => {
    if (!request.body || !BODY_METHODS.has(request.method)) return null;
    if (policy.active) {
      const raw = await readRawBody(request, maxBodyBytes, connections);
      context.bytesIn = raw.length;
      const encoding = request.headers.get("content-encoding");
      const refuse = (model: string): Failure | undefined => {
        context.model = model;
        return policy.refusal(provider, model);
      };
      requireAllowedModel(encoding === null ? raw : await decodeBody(raw, encoding, maxBodyBytes), refuse);
      return raw;
    }
    if ((announcedLength(request) ?? 0) > maxBodyBytes) throw new Failure("body_too_large");
    return passUpload(request, request.body, connections, (count) => {
      context.bytesIn += count;
      if (context.bytesIn > maxBodyBytes) throw new Failure("body_too_large");
    });
  };

  return async (context, request) => {
    const { providerId, path, search } = splitProxyUrl(request.url);
    const provider = findProvider(targets.providers, providerId);
    context.provider = provider.id;
    if (!provider.callable) throw new Failure("provider_key_missing", { provider: provider.id });
    const url = targetUrl(provider, path, search);
    const body = await admitBody(context, request, provider);
    const call = openCall(provider, request.signal);
    const close = holdCall(parts, context, request, call);
    let streaming = false;
    try {
      const headers = proxyRequestHeaders(request.headers, provider);
      // Some servers take no upload whose length they are not told.
      const length = announcedLength(request);
      if (body instanceof ReadableStream && length !== undefined) headers.set("content-length", String(length));
      const sent = await call.send({ url, method: request.method, headers, body, keepEncoding: true });
      const response = sent.status >= 400 ? await redactError(sent, call, provider) : sent;
      const stream = await relayBody(context, request, response, call, close);
      streaming = stream instanceof ReadableStream;
      requests.markFirstByte(context);
      context.status = response.status;
      context.streaming = streaming;
      const isUntyped = stream instanceof Uint8Array && response.headers.get("content-type") === null;
      const answer = new Response(isUntyped ? untypedBody(stream) : stream, {
        status: response.status,
        headers: proxyResponseHeaders(
          response.headers,
          provider,
          context.id,
          request.method === "HEAD" || response.status === 304,
        ),
      });
      if (!streaming) requests.finish(context, "answered");
      return answer;
    } finally {
      if (!streaming) close();
    }
  };

  async function relayBody(
    context: RequestContext,
    request: Request,
    response: UpstreamResponse,
    call: UpstreamCall,
    close: () => void,
  ): Promise<Uint8Array | ReadableStream<Uint8Array> | null> {
    if (request.method === "HEAD" || !response.body) return null;
    const announced = response.headers.get("content-length");
    let { body } = response;
    if (announced !== null && Number(announced) <= MAX_WHOLE_BYTES) {
      const answer = await bufferResponse(response, call);
      if ("whole" in answer) {
        context.bytesOut = answer.whole.length;
        return answer.whole;
      }
      body = answer.tooLong;
    }
    const stream = await pumpStream(body, call, {
      onChunk(chunk) {
        context.bytesOut += chunk.length;
      },
      // Whatever format this is, an error of the gateway's has no place in it: the connection breaks off instead.
      terminalErrorEvent: () => undefined,
      onEnd(failure) {
        context.failure = failure?.code;
        context.cause = failure?.details.cause;
        close();
        requests.finish(
          context,
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
  requireSingleMember({ bytes: body, value: decoded.value }, "model");
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
