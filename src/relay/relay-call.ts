import type { Dialect } from "../dialects/dialect.ts";
import { readUsage } from "../dialects/read-usage.ts";
import type { Exchange } from "../exchange/exchange.ts";
import type { ExchangeBook } from "../exchange/exchange-book.ts";
import { Failure } from "../failure/failure.ts";
import { asBuffer } from "../json/as-buffer.ts";
import { type DecodedObject, decodeObjectInTurns } from "../json/decode-object.ts";
import type { JsonLimits } from "../json/json-limits.ts";
import { nextTurn } from "../json/next-turn.ts";
import { findJsonModels } from "../routing/find-json-models.ts";
import { findQueryModels } from "../routing/find-url-models.ts";
import { createModelNames } from "../routing/model-names.ts";
import type { ModelPolicy } from "../routing/model-policy.ts";
import { resolveTarget, type Target, type TargetSources } from "../routing/resolve-target.ts";
import { splitQuery } from "../upstream/relayed-query.ts";
import type { createRequestHeaders } from "../upstream/request-headers.ts";
import type { OpenUpstreamCall } from "../upstream/upstream.ts";
import { requireBody } from "./buffer-answer.ts";
import { checkImages } from "./check-images.ts";
import type { ClientConnections } from "./connections.ts";
import { holdCall } from "./hold-call.ts";
import { openEventStream } from "./open-event-stream.ts";
import { DECISIVE_NAMES, prepareBody, type ReceivedBody } from "./prepare-body.ts";
import { refuseBody } from "./refuse-body.ts";
import { readProviderFailure } from "./read-provider-failure.ts";
import { readBody } from "./read-body.ts";
import { isEventStream, readWholeAnswer, sendWholeAnswer } from "./whole-answer.ts";

/** What a relay needs of the rest of the gateway. */
export interface RelayParts {
  readonly book: ExchangeBook;
  readonly openCall: OpenUpstreamCall;
  readonly requestHeaders: ReturnType<typeof createRequestHeaders>;
  readonly targets: TargetSources;
  readonly policy: ModelPolicy;
  /** `/proxy` also takes requests that name no model while {@link policy} is in force. */
  readonly proxiesWithoutModel: boolean;
  readonly connections: ClientConnections;
  readonly maxBodyBytes: number;
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

export function createRelay(parts: RelayParts): Relay {
  const { book, openCall, requestHeaders, targets, policy, connections } = parts;

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

  return async (exchange, request, dialect) => {
    const query = splitQuery(request.url);
    const bytes = await readBody(request, parts.maxBodyBytes, connections);
    exchange.bytesIn = bytes.length;
    const decoded = decodeObjectInTurns(bytes, { limits: parts.jsonLimits, names: DECISIVE_NAMES, stop: request });
    const body =
      decoded instanceof Promise
        ? await checkLargeBody(bytes, await decoded, dialect, request)
        : checkBody(bytes, decoded, dialect);
    const found = resolveTarget(targets, query.provider, String(body.value["model"]));
    const target = found instanceof Promise ? await found : found;
    admit(exchange, target, bytes, query.rest);
    const path = target.provider.paths[dialect.api];
    if (path === undefined) throw new Failure(dialect.notSupported, { provider: target.provider.id });
    checkImages(body, dialect.images, parts.visionEnabled);
    const url = target.provider.baseUrl + path + query.rest;
    const takenOver = dialect.api === "chat" ? parts.takeOver?.(exchange, request, { body, target, url }) : undefined;
    if (takenOver) return takenOver;
    const prepared = prepareBody(body, target, dialect.hasStreamOptions, parts.wantsUsage);

    const call = openCall(target.provider, request.signal);
    const close = holdCall(parts, exchange, request, call);
    let streaming = false;
    try {
      const response = await call.send({
        url,
        method: "POST",
        headers: requestHeaders(target.provider, request.headers),
        body: prepared.bytes,
      });
      book.markFirstByte(exchange);
      if (response.status >= 300) throw await readProviderFailure(response, call, target.provider);
      if (isEventStream(response)) {
        const stream = await openEventStream({ exchange, response, call, dialect, book, close, ...prepared });
        streaming = true;
        return stream;
      }
      const whole = response.body?.whole ?? (await readWholeAnswer(response, call));
      return await sendWholeAnswer(book, exchange, response, requireBody(whole), readUsage(whole));
    } finally {
      if (!streaming) close();
    }
  };
}

function checkBody(bytes: Uint8Array, decoded: DecodedObject, dialect: Dialect): ReceivedBody {
  if ("fault" in decoded) throw refuseBody(decoded);
  const problem = dialect.check(decoded.value);
  if (problem) throw new Failure("invalid_request", { message: problem.message, param: problem.path || null });
  return { bytes, value: decoded.value, members: decoded.watch };
}

/** Like {@link checkBody}, with a turn of the event loop before and after the check of what may be a million values. */
async function checkLargeBody(
  bytes: Uint8Array,
  decoded: DecodedObject,
  dialect: Dialect,
  request: Request,
): Promise<ReceivedBody> {
  await nextTurn();
  const body = checkBody(bytes, decoded, dialect);
  await nextTurn();
  if (request.signal.aborted) throw new Failure("client_gone");
  return body;
}
