import type { RequestContext } from "../core/request-context.ts";
import type { UpstreamCall, OpenUpstreamCall } from "../upstream/call.ts";
import type { ApiName, Format } from "../formats/format.ts";
import { readUsage } from "../formats/usage.ts";
import { Failure } from "../core/errors.ts";
import { decodeObjectInTurns } from "../core/json/parse.ts";
import type { JsonLimits } from "../core/json/limits.ts";
import { parsedWeight } from "../core/memory/parsed-weight.ts";
import type { Provider } from "../providers/provider.ts";
import type { ModelPolicy } from "../routing/model-policy.ts";
import { resolveTarget, type Target, type TargetSources } from "../routing/resolve-target.ts";
import { splitQuery } from "../routing/relayed-query.ts";
import type { RequestHeaders } from "../providers/request-headers.ts";
import { apiUrl } from "../providers/url.ts";
import type { UpstreamResponse, WireRequest } from "../upstream/transport.ts";
import {
  requireBody,
  UNCOUNTED_BYTES,
  isEventStream,
  passWholeAnswer,
  readWholeResponse,
  sendWholeResponse,
} from "./whole-response.ts";
import { checkBody, checkLargeBody, requireClient } from "./check-body.ts";
import { checkImages } from "./check-images.ts";
import { openEventStream } from "./event-stream.ts";
import { judgeAnswer } from "./judge-answer.ts";
import { DECISIVE_NAMES, prepareBody, type ReceivedBody } from "./prepare-body.ts";
import { readProviderFailure } from "./provider-failure.ts";
import { type BodyReaderParts, readBody } from "./read-body.ts";
import { requireAllowedModels } from "./require-allowed-models.ts";

/**
 * Ties a call to the request that it answers: whatever ends the request early ends the call, and until it is over the
 * client's connection may be silent.
 * @returns the function that ends that, and the call with it; call it on every exit
 */
export function holdCall(
  { connections }: Pick<RelayParts, "connections">,
  context: RequestContext,
  request: Request,
  call: UpstreamCall,
): () => void {
  connections.suspendIdleTimeout(request);
  context.interruptibleBy(call);
  return () => {
    call.close();
    connections.restoreIdleTimeout(request);
  };
}

/** What the pipeline needs from the rest of the gateway. */
export interface RelayParts extends BodyReaderParts {
  readonly openCall: OpenUpstreamCall;
  readonly requestHeaders: RequestHeaders;
  readonly targets: TargetSources;
  readonly policy: ModelPolicy;
  /** `/proxy` also takes requests that name no model while {@link policy} is in force. */
  readonly proxiesWithoutModel: boolean;
  /** Of request bodies and of answers that are parsed whole. */
  readonly jsonLimits: JsonLimits;
  readonly visionEnabled: boolean;
  /** Ask for the usage of every stream, for the gateway's own records. */
  readonly wantsUsage: boolean;
  /** Looks at every chat completion before it is sent; absent if the gateway has nothing to add to any. */
  readonly toolLoop?: ToolLoop;
}

/** A request that may be sent, and its destination. */
export interface AdmittedRequest {
  readonly body: ReceivedBody;
  readonly target: Target;
  /** The address of the provider's API, with the query that is relayed. */
  readonly url: string;
}

/** Answers a chat completion instead of the pipeline; undefined if the pipeline must answer it like any other. */
export type ToolLoop = (
  context: RequestContext,
  request: Request,
  admitted: AdmittedRequest,
) => Promise<Response> | undefined;

/**
 * Answers one request of a format from the provider that it names. Throws a {@link Failure} if there is no response.
 */
export type Relay = (context: RequestContext, request: Request, format: Format) => Promise<Response>;

/** A request as it goes to a provider; intermediate forms of its body are not kept. */
interface PreparedRequest {
  readonly provider: Provider;
  readonly api: ApiName;
  readonly url: string;
  readonly bytes: Uint8Array;
  readonly usageInjected: boolean;
}

export function createRelay(parts: RelayParts): Relay {
  const { openCall, requestHeaders, targets, policy, memory } = parts;

  /**
   * Everything up to the call, in a function of its own, because one that waits for the provider would keep the body,
   * its parsed value and the prepared copy for as long.
   * @returns the response if something else answers the request
   */
  const prepare = async (
    context: RequestContext,
    request: Request,
    format: Format,
  ): Promise<PreparedRequest | Response> => {
    const query = splitQuery(request.url);
    const bytes = await readBody(context, request, parts);
    context.received(bytes.length);
    const wait = memory.hold(context, bytes.length + parsedWeight(bytes), request.signal);
    if (wait) await wait;
    const decoded = decodeObjectInTurns(bytes, { limits: parts.jsonLimits, names: DECISIVE_NAMES, stop: request });
    const body =
      decoded instanceof Promise
        ? await checkLargeBody(bytes, await decoded, format, request)
        : checkBody(bytes, decoded, format);
    const found = resolveTarget(targets, query.provider, String(body.value["model"]), format.api);
    const target = found instanceof Promise ? await found : found;
    requireClient(request);
    context.selected(target.provider.id, target.model);
    if (policy.active) await requireAllowedModels(policy, context, request, target, bytes, query.rest);
    const url = apiUrl(target.provider, format.api, query.rest);
    if (url === undefined) throw new Failure(format.notSupported, { provider: target.provider.id });
    checkImages(body, format.images, parts.visionEnabled);
    const takenOver = format.api === "chat" ? parts.toolLoop?.(context, request, { body, target, url }) : undefined;
    if (takenOver) return takenOver;
    return {
      provider: target.provider,
      api: format.api,
      url,
      ...prepareBody(body, target, format.hasStreamOptions, parts.wantsUsage),
    };
  };

  return async (context, request, format) => {
    const prepared = await prepare(context, request, format);
    if (prepared instanceof Response) return prepared;
    const { provider, usageInjected } = prepared;
    const call = openCall(provider, request.signal);
    const close = holdCall(parts, context, request, call);
    let isPassedOn = false;
    try {
      const response = await send(context, request, prepared, call);
      context.responseHeader();
      if (response.status >= 300) throw await readProviderFailure(context, response, call, provider);
      const answer = { context, response, call, close };
      if (isEventStream(response)) {
        const stream = await openEventStream({ ...answer, format, usageInjected });
        isPassedOn = true;
        return stream;
      }
      const whole = response.body?.whole ?? (await readWholeResponse(response, call, memory, context));
      const usage = whole instanceof Uint8Array ? readUsage(requireBody(whole)) : undefined;
      const sent =
        whole instanceof Uint8Array
          ? await sendWholeResponse(answer, judgeAnswer(context, provider, whole, usage), usage)
          : await passWholeAnswer(answer, whole.tooMuch);
      // A long response is recorded, and its call closed, when the client has taken it.
      isPassedOn = context.outcome === undefined;
      return sent;
    } finally {
      if (!isPassedOn) close();
    }
  };

  /**
   * Sends a request, and releases what it held in the budget: its parsed value at once, its bytes when they are sent.
   */
  function send(
    context: RequestContext,
    request: Request,
    { provider, api, url, bytes }: PreparedRequest,
    call: UpstreamCall,
  ): Promise<UpstreamResponse> {
    const headers = requestHeaders(provider, request.headers, api);
    const wireRequest = { url, method: "POST", headers, body: bytes };
    if (bytes.length <= UNCOUNTED_BYTES) {
      memory.tryHold(context, 0);
      return call.send(wireRequest);
    }
    memory.tryHold(context, bytes.length);
    return sendLong(context, wireRequest, call);
  }

  /** Separate from `send`, because its closure would cost each short request an object. */
  function sendLong(context: RequestContext, request: WireRequest, call: UpstreamCall): Promise<UpstreamResponse> {
    const free = (): void => void memory.tryHold(context, 0);
    return call.send({ ...request, onSent: free }).finally(free);
  }
}
