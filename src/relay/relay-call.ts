import type { Dialect } from "../dialects/dialect.ts";
import { readUsage } from "../dialects/read-usage.ts";
import type { Exchange } from "../exchange/exchange.ts";
import type { ExchangeBook } from "../exchange/exchange-book.ts";
import { Failure } from "../failure/failure.ts";
import { decodeObject, type JsonObject } from "../json/decode-object.ts";
import { parsedWeight } from "../memory/parsed-weight.ts";
import type { Provider } from "../providers/provider.ts";
import type { ModelPolicy } from "../routing/model-policy.ts";
import { resolveTarget, type Target, type TargetSources } from "../routing/resolve-target.ts";
import { splitQuery } from "../upstream/relayed-query.ts";
import type { createRequestHeaders } from "../upstream/request-headers.ts";
import type { Answer } from "../transport/transport.ts";
import type { OpenUpstreamCall, UpstreamCall } from "../upstream/upstream.ts";
import { requireBody, UNCOUNTED_BYTES } from "./buffer-answer.ts";
import { holdCall } from "./hold-call.ts";
import { openEventStream } from "./open-event-stream.ts";
import { checkImages, prepareBody, type ReceivedBody } from "./prepare-body.ts";
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

  const admit = (exchange: Exchange, target: Target): void => {
    exchange.provider = target.provider.id;
    exchange.model = target.model;
    const refusal = policy.refusal(target.provider, target.model);
    if (refusal) throw refusal;
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
    const body: ReceivedBody = { bytes, value: readRequest(bytes, dialect) };
    const found = resolveTarget(targets, query.provider, String(body.value["model"]));
    const target = found instanceof Promise ? await found : found;
    requireClient(request);
    admit(exchange, target);
    const path = target.provider.paths[dialect.api];
    if (path === undefined) throw new Failure(dialect.notSupported, { provider: target.provider.id });
    if (dialect.images) checkImages(body, dialect.images, parts.visionEnabled);
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

/** Throws if the client has left: nothing more is done for it. */
function requireClient({ signal }: Request): void {
  if (signal.aborted) throw new Failure("client_gone");
}

function readRequest(bytes: Uint8Array, dialect: Dialect): JsonObject {
  const decoded = decodeObject(bytes);
  if ("problem" in decoded) {
    throw new Failure("malformed_body", { message: `Failed to decode request: ${decoded.problem}` });
  }
  const problem = dialect.check(decoded.value);
  if (problem) throw new Failure("invalid_request", { message: problem.message, param: problem.path || null });
  return decoded.value;
}
