import type { ClientRequest } from "../../core/client-request.ts";
import { ClientAnswer, type StreamSource } from "../../core/client-answer.ts";
import type { RequestContext } from "../../core/request-context.ts";
import { findProvider } from "../../routing/resolve-target.ts";
import { providerNotCallable } from "../../routing/target-failures.ts";
import type { UpstreamResponse } from "../../upstream/transport.ts";
import { createProxyRequestHeaders } from "./proxy-request-headers.ts";
import { createProxyResponseHeaders } from "./proxy-response-headers.ts";
import { accessTo, splitProxyUrl, targetUrl } from "../../providers/proxy-url.ts";
import type { UpstreamCall } from "../../upstream/call.ts";
import { Attempts } from "../attempt/attempts.ts";
import type { RelayParts } from "../relay.ts";
import { createProxyPolicy } from "./passthrough-policy.ts";
import { announcedLength } from "../body/read-body.ts";
import { bufferResponse } from "../attempt/read-response.ts";
import { isEventStream } from "../../upstream/response-headers.ts";
import { redactError } from "../mask-errors.ts";
import { type ProxiedWatch, watchProxied } from "./watch-proxied.ts";
import { pumpStream } from "../stream/stream-pump.ts";

/** A response announced as at most this long is sent in one piece, which costs less than a stream. */
const MAX_WHOLE_BYTES = 64 * 1024;

/** Answers one request of `/proxy/{provider}/{path}`, of any kind. Throws a `Failure` if there is no response. */
export type Passthrough = (context: RequestContext, request: ClientRequest) => Promise<Response>;

export function createPassthrough(parts: RelayParts): Passthrough {
  const { targets } = parts;
  const admit = createProxyPolicy(parts);
  const proxyRequestHeaders = createProxyRequestHeaders();
  const proxyResponseHeaders = createProxyResponseHeaders();

  return async (context, request) => {
    const { providerId, path, search } = splitProxyUrl(request.url);
    const provider = findProvider(targets.providers, providerId);
    context.selected(provider.id);
    if (!provider.callable) throw providerNotCallable(provider);
    const url = targetUrl(provider, path, search);
    const body = await admit(context, request, provider, url);
    using attempts = new Attempts(parts, context, request);
    const headers = proxyRequestHeaders(request.headers, provider, accessTo(provider, url));
    // Some servers reject an upload without an announced length.
    const length = announcedLength(request);
    if (body instanceof ReadableStream && length !== undefined) headers.set("content-length", String(length));
    const attempt = attempts.begin(provider, { url, method: request.method, headers, body, keepEncoding: true });
    const received = await attempt.received();
    const response = received.status >= 300 ? await redactError(context, received, attempt.call, provider) : received;
    const watch = watchProxied(context, request.method, url, response);
    const relayed = await relayBody(attempts, attempt.call, response, watch);
    const isStream = relayed !== null && !(relayed instanceof Uint8Array);
    if (!isStream) attempts.settle();
    context.answered(response.status);
    if (isStream) context.streamed();
    const answer = new ClientAnswer(relayed, {
      status: response.status,
      headers: proxyResponseHeaders(response.headers, provider, {
        url,
        requestId: context.id,
        isError: response.status >= 400,
        announcesLength: (request.method === "HEAD" && response.status !== 204) || response.status === 304,
      }),
    });
    if (isStream) attempts.handOver();
    else context.finish("answered");
    return answer;
  };
}

/** The body of an answer for the client: whole if it is short, else a stream that closes the attempts at its end. */
async function relayBody(
  attempts: Attempts,
  call: UpstreamCall,
  response: UpstreamResponse,
  watch: ProxiedWatch | undefined,
): Promise<Uint8Array | StreamSource | null> {
  const { context, request } = attempts;
  if (request.method === "HEAD" || !response.body) return null;
  const announced = response.headers.get("content-length");
  let { body } = response;
  if (announced !== null && Number(announced) <= MAX_WHOLE_BYTES) {
    const answer = await bufferResponse(context, response, call);
    if ("whole" in answer) {
      context.sent(answer.whole.length);
      watch?.push(answer.whole);
      watch?.end();
      return answer.whole;
    }
    body = answer.tooLong;
  }
  // Of a stream in whatever format it is not known what it says.
  if (!isEventStream(response)) call.contentBegan();
  const stream = await pumpStream(body, call, {
    onChunk(chunk) {
      if (call.awaitsContent) call.contentBegan();
      context.sent(chunk.length);
      watch?.push(chunk);
    },
    // Whatever format this is, an error of the gateway's has no place in it: the connection breaks off instead.
    terminalErrorEvent: () => undefined,
    onEnd(failure) {
      watch?.end();
      attempts.close(failure);
      context.finishBody(failure);
    },
  });
  if (!stream) return null;
  context.firstByte();
  return stream;
}
