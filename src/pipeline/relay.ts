import type { ClientRequest } from "../core/client-request.ts";
import { toFailure } from "../core/errors.ts";
import { ClientAnswer } from "../core/client-answer.ts";
import type { RequestContext, TokenUsage } from "../core/request-context.ts";
import type { Format } from "../formats/format.ts";
import { readUsage, saysUsage } from "../formats/usage.ts";
import { withoutIdempotencyKey } from "../providers/api-request.ts";
import { type AdmitParts, createAdmit } from "./admit.ts";
import { type Reply, responseHeaders } from "./attempt/attempt.ts";
import type { Attempts } from "./attempt/attempts.ts";
import { bookUsage } from "./book-usage.ts";
import { addCost } from "./cost-header.ts";
import { type Asked, type RespondParts, respondAsItComes, streamWhole } from "./respond-as-it-comes.ts";
import { readAskedInPath } from "./read-path.ts";
import { readBody } from "./body/read-body.ts";
import { splitQuery } from "../routing/resolve-target.ts";
import { UNCOUNTED_BYTES } from "./attempt/read-response.ts";
import { bodyOfBytes } from "../upstream/body.ts";
import { isEventStream } from "../upstream/response-headers.ts";
import { judgeAnswer, requireBody } from "./judge-answer.ts";
import { injectsUsage, prepareBody, readsLongMembers } from "./body/prepare-body.ts";
import { afterParsing, isLong, memberOf, parsed } from "./body/received-body.ts";
import { withTried } from "./route/routed-failure.ts";
import type { Answer, RelayStages, Stage } from "./stage.ts";
import { createCountAnswer } from "./translate/count-tokens.ts";
import { createTranslatedAnswer, type TranslationParts } from "./translate/translate.ts";

/** What the pipeline needs from the rest of the gateway. */
export interface RelayParts extends AdmitParts, TranslationParts {
  /** `/proxy` also takes requests that name no model while the model policy is in force. */
  readonly proxiesWithoutModel: boolean;
  /** Ask for the usage of every stream, for the gateway's own records. */
  readonly wantsUsage: boolean;
  /** Tell clients what their whole answers cost; those of streams are not known when their heads go out. */
  readonly showsCost: boolean;
}

/** Makes what answers requests of a format, once for each route. */
export type Relay = (format: Format) => RelayRequest;

/** Answers one request from the provider that it names. Throws a `Failure` if there is no response. */
export type RelayRequest = (context: RequestContext, request: ClientRequest) => Promise<Response>;

/** The stages are composed once, with the relay, and each format has its own function. */
export function createRelay(parts: RelayParts, { stages, readsAgain }: RelayStages): Relay {
  const admit = createAdmit(parts);
  const answer = composeStages(stages, createAnswer(parts, readsAgain));
  const { showsCost } = parts;

  // The only `async` function that a plain request goes through: each costs six objects, and two turns.
  return (format) => async (context, request) => {
    const inPath = format.inPath && readAskedInPath(request.url, format.inPath);
    const query = splitQuery(request.url, inPath !== undefined);
    context.waits();
    const raw = await readBody(context, request, parts);
    context.waited();
    const admitting = admit({ context, request, format, inPath, query }, raw);
    const admitted = admitting instanceof Promise ? await admitting : admitting;
    using attempts = admitted.attempts;
    // Before the wait, which would keep all that was admitted if something of it were needed behind.
    const { provider } = admitted.target;
    const streamAsked = memberOf(admitted.body, "stream") === true;
    const isArray = admitted.isArray === true;
    let reply: Reply | undefined;
    try {
      reply = await answer(admitted);
      const asked = { format, provider: attempts.answerer ?? provider, streamAsked, isArray };
      const response = await respond(parts, attempts, reply, asked);
      if (showsCost) addCost(response, context);
      if (format.requestIdHeader !== undefined) addRequestId(response, format.requestIdHeader, context);
      return response;
    } catch (error) {
      const why = toFailure(error);
      // Without a reply, whoever asked several has said so.
      const failure = reply && attempts.answerer ? withTried(why, reply.headers ?? {}, undefined) : why;
      // The answer of a call that is open is of no use, for this reason.
      attempts.close(failure);
      throw failure;
    }
  };
}

/** Names the request where the clients of its format look for it. */
function addRequestId({ headers }: Response, header: string, { id }: RequestContext): void {
  if (!headers.has(header)) headers.set(header, id);
}

/**
 * The response to the client that a provider's answer becomes: a stream, which takes the attempts over, or a whole one.
 */
export function respond(parts: RespondParts, attempts: Attempts, reply: Reply, asked: Asked): Promise<Response> {
  const { response, judged } = reply;
  const { format, streamAsked, isArray = false } = asked;
  if (!isArray && judged && judged.body === response.body) {
    return sendBooked(attempts, reply, format, judged.bytes, judged.usage);
  }
  const whole = isArray || streamAsked || isEventStream(response) ? undefined : response.body?.whole;
  return whole ? sendWhole(attempts, reply, asked, whole) : respondLater(parts, attempts, reply, asked);
}

// A function of its own, because a closure costs each call of the function around it two objects.
const respondLater = (parts: RespondParts, attempts: Attempts, reply: Reply, asked: Asked): Promise<Response> =>
  respondAsItComes(parts, attempts, reply, asked).then((came) =>
    came instanceof Uint8Array ? sendWhole(attempts, reply, asked, came) : came,
  );

function sendWhole(
  attempts: Attempts,
  reply: Reply,
  { format, provider }: Asked,
  whole: Uint8Array,
): Promise<Response> {
  const usage = reply.usage ? reply.usage() : (format.readUsage ?? readUsage)(requireBody(whole, attempts.context));
  return sendBooked(attempts, reply, format, judgeAnswer(attempts.context, provider, whole, usage), usage);
}

/**
 * Sends a whole answer, of which it is recorded what it used. A short one is over at once, and resolves when it is to be
 * sent. A longer one stays in flight until the client has taken it: it goes out as a stream, in chunks, so that a client that does
 * not read is not waited for without end, and the attempts are handed over to it.
 */
function sendBooked(
  attempts: Attempts,
  reply: Reply,
  format: Format,
  bytes: Uint8Array,
  usage: TokenUsage | undefined,
): Promise<Response> {
  const { context } = attempts;
  const { status } = reply.response;
  const isShort = bytes.length <= UNCOUNTED_BYTES;
  // Neither an error that came with a good status nor a count of tokens was generated; and most tell what they used.
  if (format.counts || context.failure !== undefined || saysUsage(usage)) context.used(usage);
  else bookUsage(context, usage, { last: bytes, total: bytes.length, isStream: false, isCut: false });
  context.settle();
  // A longer one has to be taken by its client.
  if (isShort) attempts.settle();
  // Recorded already, unless the body came along with the head.
  context.firstByte();
  context.answered(status);
  if (!isShort) return streamWhole(attempts, reply, bodyOfBytes(bytes));
  context.sent(bytes.length);
  // A provider may send an error with a good status.
  context.finish(context.failure === undefined ? "answered" : "failed");
  return Promise.resolve(new ClientAnswer(bytes, { status, headers: responseHeaders(context, reply) }));
}

/**
 * What the stages lead to: one attempt at the provider of the target, with the client's own bytes as far as they fit, or
 * translated if the provider does not have the client's API.
 * Not `async`: while the provider thinks, such a function would keep the body, its parsed value and the prepared copy.
 */
function createAnswer(parts: RelayParts, readsAgain: boolean): Answer {
  const { requestHeaders, wantsUsage } = parts;
  const answerTranslated = createTranslatedAnswer(parts);
  const answerCount = createCountAnswer(parts);

  const relayOwn: Answer = ({ attempts, body, format, target, url, isFurther }) => {
    const usageInjected = injectsUsage(body, target, format, wantsUsage);
    const headers = requestHeaders(target.provider, attempts.request.headers, format.api);
    const attempt = attempts.begin(target.provider, {
      url,
      method: "POST",
      headers: isFurther ? withoutIdempotencyKey(headers) : headers,
      body: prepareBody(body, target, format, usageInjected),
      isBodyGivenUp: !readsAgain,
      usageInjected,
    });
    return attempt.answered();
  };

  return (admitted) => {
    const { attempts, body, format, wire } = admitted;
    const answer = admitted.counter ? answerCount : wire === format.api ? relayOwn : answerTranslated;
    const readsValue = answer !== relayOwn || (isLong(body) && readsLongMembers(body, format));
    const parsing = readsValue ? parsed(body, attempts.request) : undefined;
    return parsing ? afterParsing(parsing, answer, admitted, undefined) : answer(admitted);
  };
}

/**
 * Puts stages in front of what answers a request: the first of them is called first. To be done once, not for each
 * request.
 */
export function composeStages(stages: readonly Stage[], answer: Answer): Answer {
  return stages.reduceRight<Answer>((next, stage) => (admitted) => stage(admitted, next), answer);
}
