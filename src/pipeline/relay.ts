import type { RequestContext } from "../core/request-context.ts";
import type { UpstreamCall, OpenUpstreamCall } from "../upstream/call.ts";
import type { Format } from "../formats/format.ts";
import { readUsage } from "../formats/usage.ts";
import type { InFlightRequests } from "../core/in-flight-requests.ts";
import { Failure } from "../core/errors.ts";
import { decodeObject, type JsonObject } from "../core/json/parse.ts";
import type { ModelPolicy } from "../routing/model-policy.ts";
import { resolveTarget, type Target, type TargetSources } from "../routing/resolve-target.ts";
import { splitQuery } from "../upstream/relayed-query.ts";
import type { createRequestHeaders } from "../upstream/request-headers.ts";
import { requireBody, isEventStream, readWholeResponse, sendWholeResponse } from "./whole-response.ts";
import { checkImages } from "./check-images.ts";
import { type ClientConnections, readBody } from "./read-body.ts";
import { openEventStream } from "./event-stream.ts";
import { prepareBody, type ReceivedBody } from "./prepare-body.ts";
import { readProviderFailure } from "./provider-failure.ts";

/**
 * Ties a call to the request that it answers: whatever ends the exchange early ends the call, and until it is over the
 * client's connection may be silent.
 * @returns what ends that, and the call with it; to be called on every exit
 */
export function holdCall(
  { book: requests, connections }: Pick<RelayParts, "book" | "connections">,
  context: RequestContext,
  request: Request,
  call: UpstreamCall,
): () => void {
  connections.suspendIdleTimeout(request);
  requests.onInterrupt(context, call);
  return () => {
    call.close();
    connections.restoreIdleTimeout(request);
  };
}

/** What a relay needs of the rest of the gateway. */
export interface RelayParts {
  readonly book: InFlightRequests;
  readonly openCall: OpenUpstreamCall;
  readonly requestHeaders: ReturnType<typeof createRequestHeaders>;
  readonly targets: TargetSources;
  readonly policy: ModelPolicy;
  readonly connections: ClientConnections;
  readonly maxBodyBytes: number;
  readonly visionEnabled: boolean;
  /** Ask for the usage of every stream, for the gateway's own books. */
  readonly wantsUsage: boolean;
  /** Looks at every chat completion before it is sent; absent where the gateway has nothing to add to any. */
  readonly toolLoop?: ToolLoop;
}

/** A request that may be sent, and where to. */
export interface AdmittedRequest {
  readonly body: ReceivedBody;
  readonly target: Target;
  /** The address of the provider's API, with the query that is relayed. */
  readonly url: string;
}

/** Answers a chat completion in the relay's place; undefined where the relay is to answer it as any other. */
export type ToolLoop = (
  context: RequestContext,
  request: Request,
  admitted: AdmittedRequest,
) => Promise<Response> | undefined;

/** Answers one request of a dialect from the provider that it names. Throws a {@link Failure} where there is no answer. */
export type Relay = (context: RequestContext, request: Request, format: Format) => Promise<Response>;

export function createRelay(parts: RelayParts): Relay {
  const { book: requests, openCall, requestHeaders, targets, policy, connections } = parts;

  const admit = (context: RequestContext, target: Target): void => {
    context.provider = target.provider.id;
    context.model = target.model;
    const refusal = policy.refusal(target.provider, target.model);
    if (refusal) throw refusal;
  };

  return async (context, request, format) => {
    const query = splitQuery(request.url);
    const bytes = await readBody(request, parts.maxBodyBytes, connections);
    context.bytesIn = bytes.length;
    const body: ReceivedBody = { bytes, value: readRequest(bytes, format) };
    const found = resolveTarget(targets, query.provider, String(body.value["model"]));
    const target = found instanceof Promise ? await found : found;
    admit(context, target);
    const path = target.provider.paths[format.api];
    if (path === undefined) throw new Failure(format.notSupported, { provider: target.provider.id });
    checkImages(body, format.images, parts.visionEnabled);
    const url = target.provider.baseUrl + path + query.rest;
    const takenOver = format.api === "chat" ? parts.toolLoop?.(context, request, { body, target, url }) : undefined;
    if (takenOver) return takenOver;
    const prepared = prepareBody(body, target, format.hasStreamOptions, parts.wantsUsage);

    const call = openCall(target.provider, request.signal);
    const close = holdCall(parts, context, request, call);
    let streaming = false;
    try {
      const response = await call.send({
        url,
        method: "POST",
        headers: requestHeaders(target.provider, request.headers),
        body: prepared.bytes,
      });
      requests.markFirstByte(context);
      if (response.status >= 300) throw await readProviderFailure(response, call, target.provider);
      if (isEventStream(response)) {
        const stream = await openEventStream({
          exchange: context,
          response,
          call,
          dialect: format,
          book: requests,
          close,
          ...prepared,
        });
        streaming = true;
        return stream;
      }
      const whole = response.body?.whole ?? (await readWholeResponse(response, call));
      return await sendWholeResponse(requests, context, response, requireBody(whole), readUsage(whole));
    } finally {
      if (!streaming) close();
    }
  };
}

function readRequest(bytes: Uint8Array, format: Format): JsonObject {
  const decoded = decodeObject(bytes);
  if ("problem" in decoded) {
    throw new Failure("malformed_body", { message: `Failed to decode request: ${decoded.problem}` });
  }
  const problem = format.check(decoded.value);
  if (problem) throw new Failure("invalid_request", { message: problem.message, param: problem.path || null });
  return decoded.value;
}
