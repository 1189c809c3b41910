import type { Dialect } from "../dialects/dialect.ts";
import { readUsage } from "../dialects/read-usage.ts";
import type { Exchange } from "../exchange/exchange.ts";
import type { ExchangeBook } from "../exchange/exchange-book.ts";
import { Failure } from "../failure/failure.ts";
import { asBuffer } from "../json/as-buffer.ts";
import { decodeObjectInTurns } from "../json/decode-object.ts";
import type { JsonLimits } from "../json/json-limits.ts";
import { parsedWeight } from "../memory/parsed-weight.ts";
import type { Provider } from "../providers/provider.ts";
import { findJsonModels } from "../routing/find-json-models.ts";
import { findQueryModels } from "../routing/find-url-models.ts";
import { createModelNames } from "../routing/model-names.ts";
import type { ModelPolicy } from "../routing/model-policy.ts";
import { resolveTarget, type Target, type TargetSources } from "../routing/resolve-target.ts";
import { splitQuery } from "../upstream/relayed-query.ts";
import type { createRequestHeaders } from "../upstream/request-headers.ts";
import type { Answer } from "../transport/transport.ts";
import type { OpenUpstreamCall, UpstreamCall } from "../upstream/upstream.ts";
import { requireBody, UNCOUNTED_BYTES } from "./buffer-answer.ts";
import { checkBody, checkLargeBody, requireClient } from "./check-body.ts";
import { checkImages } from "./check-images.ts";
import { holdCall } from "./hold-call.ts";
import { openEventStream } from "./open-event-stream.ts";
import { DECISIVE_NAMES, prepareBody, type ReceivedBody } from "./prepare-body.ts";
import { readProviderFailure } from "./read-provider-failure.ts";
import { type BodyReaderParts, readBody } from "./read-body.ts";
import { isEventStream, passWholeAnswer, readWholeAnswer, sendWholeAnswer } from "./whole-answer.ts";

/** What a relay needs of the rest of the gateway. */
export interface RelayParts extends BodyReaderParts {
  readonly book: ExchangeBook;
  readonly openCall: OpenUpstreamCall;
  readonly requestHeaders: ReturnType<typeof createRequestHeaders>;
  readonly targets: TargetSources;
  readonly policy: ModelPolicy;
  /** `/proxy` also takes requests that name no model while {@link policy} is in force. */
  readonly proxiesWithoutModel: boolean;
  /** Of request bodies and of answers that are parsed whole. */
  readonly jsonLimits: JsonLimits;
  readonly visionEnabled: boolean;
  /** Ask for the usage of every stream, for the gateway's own books. */
  readonly wantsUsage: boolean;
  /** Looks at every chat completion before it is sent; absent where the gateway has nothing to add to any. */
  readonly takeOver?: TakeOver;
}

/** A request that may be sent, and where to. */
export interface AdmittedRequest {
  readonly body: ReceivedBody;
  readonly target: Target;
  /** The address of the provider's API, with the query that is relayed. */
  readonly url: string;
}

/** Answers a chat completion in the relay's place; undefined where the relay is to answer it as any other. */
export type TakeOver = (
  exchange: Exchange,
  request: Request,
  admitted: AdmittedRequest,
) => Promise<Response> | undefined;

/** Answers one request of a dialect from the provider that it names. Throws a {@link Failure} where there is no answer. */
export type Relay = (exchange: Exchange, request: Request, dialect: Dialect) => Promise<Response>;

/** A request as it goes to a provider; what was made of its body on the way there is not kept. */
interface PreparedRequest {
  readonly provider: Provider;
  readonly url: string;
  readonly bytes: Uint8Array;
  readonly usageInjected: boolean;
}

export function createRelay(parts: RelayParts): Relay {
  const { book, openCall, requestHeaders, targets, policy, memory } = parts;

  const admit = (exchange: Exchange, { provider, model }: Target, body: Uint8Array, query: string): void => {
    exchange.provider = provider.id;
    exchange.model = model;
    if (!policy.active) return;
    const refusal = policy.refusal(provider, model);
    if (refusal) throw refusal;
    // Fallbacks, tools with a model of their own: the provider takes each of them for one of its models.
    const names = createModelNames();
    findJsonModels(asBuffer(body), names, { skipsData: true });
    findQueryModels(query, names);
    const refused = names.refused(policy, provider);
    if (!refused) return;
    exchange.model = refused.name;
    throw refused.failure;
  };

  /**
   * Everything up to the call, in a function of its own, because one that waits for the provider would keep the body, its
   * parsed value and the prepared copy for as long.
   * @returns the response if something else answers the request
   */
  const prepare = async (
    exchange: Exchange,
    request: Request,
    dialect: Dialect,
  ): Promise<PreparedRequest | Response> => {
    const query = splitQuery(request.url);
    const bytes = await readBody(exchange, request, parts);
    exchange.bytesIn = bytes.length;
    const wait = memory.hold(exchange, bytes.length + parsedWeight(bytes), request.signal);
    if (wait) await wait;
    const decoded = decodeObjectInTurns(bytes, { limits: parts.jsonLimits, names: DECISIVE_NAMES, stop: request });
    const body =
      decoded instanceof Promise
        ? await checkLargeBody(bytes, await decoded, dialect, request)
        : checkBody(bytes, decoded, dialect);
    const found = resolveTarget(targets, query.provider, String(body.value["model"]));
    const target = found instanceof Promise ? await found : found;
    requireClient(request);
    admit(exchange, target, bytes, query.rest);
    const path = target.provider.paths[dialect.api];
    if (path === undefined) throw new Failure(dialect.notSupported, { provider: target.provider.id });
    checkImages(body, dialect.images, parts.visionEnabled);
    const url = target.provider.baseUrl + path + query.rest;
    const takenOver = dialect.api === "chat" ? parts.takeOver?.(exchange, request, { body, target, url }) : undefined;
    if (takenOver) return takenOver;
    return {
      provider: target.provider,
      url,
      ...prepareBody(body, target, dialect.hasStreamOptions, parts.wantsUsage),
    };
  };

  return async (exchange, request, dialect) => {
    const prepared = await prepare(exchange, request, dialect);
    if (prepared instanceof Response) return prepared;
    const { provider, usageInjected } = prepared;
    const call = openCall(provider, request.signal);
    const close = holdCall(parts, exchange, request, call);
    let isPassedOn = false;
    try {
      const response = await send(exchange, request, prepared, call);
      book.markFirstByte(exchange);
      if (response.status >= 300) throw await readProviderFailure(response, call, provider);
      const answer = { exchange, response, call, book, memory, close };
      if (isEventStream(response)) {
        const stream = await openEventStream({ ...answer, dialect, usageInjected });
        isPassedOn = true;
        return stream;
      }
      const whole = response.body?.whole ?? (await readWholeAnswer(response, call, memory, exchange));
      const sent =
        whole instanceof Uint8Array
          ? await sendWholeAnswer(answer, requireBody(whole), readUsage(whole))
          : await passWholeAnswer(answer, whole.tooMuch);
      // A long answer is booked, and its call closed, when the client has taken it.
      isPassedOn = exchange.outcome === undefined;
      return sent;
    } finally {
      if (!isPassedOn) close();
    }
  };

  /** Sends a request, and gives back what it held in the budget: its parsed value at once, its bytes when they are sent. */
  function send(
    exchange: Exchange,
    request: Request,
    { provider, url, bytes }: PreparedRequest,
    call: UpstreamCall,
  ): Promise<Answer> {
    const wireRequest = { url, method: "POST", headers: requestHeaders(provider, request.headers), body: bytes };
    if (bytes.length <= UNCOUNTED_BYTES) {
      memory.tryHold(exchange, 0);
      return call.send(wireRequest);
    }
    const { length } = bytes;
    const free = (): void => void memory.tryHold(exchange, 0);
    memory.tryHold(exchange, length);
    return call.send({ ...wireRequest, onSent: free }).finally(free);
  }
}
