import { toJson } from "../../core/json/bytes.ts";
import { nextTurn } from "../../core/event-loop.ts";
import type { Dialects } from "../../formats/dialects.ts";
import { factsOf } from "../../formats/form/model-facts.ts";
import { type RequestHeaders, withoutIdempotencyKey } from "../../providers/api-request.ts";
import type { UpstreamCall } from "../../upstream/call.ts";
import { UpstreamFailure } from "../../upstream/errors.ts";
import type { MemoryBudget } from "../../core/memory/budget.ts";
import type { ResponseBody } from "../../upstream/transport.ts";
import type { Reply } from "../attempt/attempt.ts";
import { maxTokensOf, variantFor } from "../body/body-variant.ts";
import { beginsLikeDocument, beginsWithEvent, UNCOUNTED_BYTES } from "../attempt/read-response.ts";
import { isEventStream } from "../../upstream/response-headers.ts";
import { beginStream, type Heartbeat } from "../heartbeat.ts";
import type { AdmittedRequest, Answer } from "../stage.ts";
import { inClientsWords } from "./answer-failure.ts";
import { clientAsk } from "./client-ask.ts";
import { type CompletionParts, completeConversation } from "./complete-conversation.ts";
import { createDialectLoader } from "./load-dialects.ts";
import { noteHeaders } from "./note-headers.ts";
import { readConversation, requireTranslatable, writeConversation } from "./translate-request.ts";
import {
  type AnswerTranslationParts,
  framingOf,
  type TranslatedAttempt,
  translateStream,
  translateWhole,
} from "./translated-answer.ts";

/** What translation needs from the rest of the gateway. */
export interface TranslationParts extends AnswerTranslationParts, CompletionParts {
  readonly dialects: Dialects;
  readonly requestHeaders: RequestHeaders;
  readonly memory: MemoryBudget;
  /** Refuse requests with members for which a provider's API has no place, rather than leave these out. */
  readonly refusesUnsupported: boolean;
  /** Longest output that is asked for if the client did not say and the provider's API needs a number. */
  readonly defaultMaxTokens: number;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Signs of life for clients whose streams are silent; absent if there are to be none. */
  readonly heartbeat: Heartbeat | undefined;
}

/**
 * Creates what answers a request whose API its provider does not have: it is sent in an API that the provider has, and the
 * answer comes back as one of the client's API.
 */
export function createTranslatedAnswer(parts: TranslationParts): Answer {
  const begin = createBegin(parts);
  const finish = createFinish(parts);
  // One after the other: while the provider thinks, the first one would keep the body, its value and its translation.
  return (admitted) => begin(admitted).then(finish);
}

/** A longer body gets a turn of the event loop for each part of the work: a megabyte takes 5 to 10 ms. */
const MAX_BYTES_IN_TURN = 256 * 1024;

function createBegin(parts: TranslationParts) {
  const { dialects, requestHeaders, memory, refusesUnsupported, defaultMaxTokens, clock } = parts;
  const load = createDialectLoader(dialects);

  return async (admitted: AdmittedRequest): Promise<TranslatedAttempt> => {
    const { format, body, target, url, wire: api, attempts, keptBytes = 0, isFurther } = admitted;
    const { context, request } = attempts;
    const { provider, model } = target;
    const client = await load.client(format.api);
    const wire = await load.wire(api);
    const isLong = body.bytes.length > MAX_BYTES_IN_TURN;
    // Beside the client's body and its value there are those of the provider.
    if (body.bytes.length > UNCOUNTED_BYTES) await memory.hold(context, context.heldBytes * 2, request.signal);
    const wireTarget = { provider: provider.id, model, facts: factsOf(model, maxTokensOf(target) ?? defaultMaxTokens) };
    const asked = readConversation(body.value, client, provider.id);
    requireTranslatable(asked, provider.id);
    const conversation = await completeConversation(asked, wire, wireTarget, parts, attempts);
    if (isLong) await nextTurn();
    const variant = variantFor(target, api);
    const { memberNames } = client;
    const translation = { wire, target: wireTarget, provider, variant, refusesUnsupported, memberNames };
    const { body: written, notes } = writeConversation(conversation, translation);
    if (isLong) await nextTurn();
    const given = requestHeaders(provider, request.headers, api);
    const attempt = attempts.begin(provider, {
      url,
      method: "POST",
      headers: isFurther ? withoutIdempotencyKey(given) : given,
      body: toJson(written),
      isBodyGivenUp: true,
      keptBytes,
    });
    const ask = clientAsk(conversation, admitted, clock);
    // Names that were made to fit the provider are put back.
    const answering = { ...wireTarget, tools: conversation.tools };
    const headers = noteHeaders(format.api, api, notes);
    return { attempts, attempt, format, provider, client, wire, target: answering, ask, headers };
  };
}

/** Whether what is called a stream of events is a whole answer. Waits for its beginning, but not for long. */
async function isDocument(body: ResponseBody, call: UpstreamCall, heartbeat: Heartbeat | undefined): Promise<boolean> {
  return (await beginStream(body, call, heartbeat)) === "begun" && (await beginsLikeDocument(body));
}

function createFinish(parts: TranslationParts) {
  return async (translated: TranslatedAttempt): Promise<Reply> => {
    const { attempt, format, headers, ask } = translated;
    try {
      await attempt.answered();
      const { response, call } = attempt;
      const isStream =
        isEventStream(response) || framingOf(translated.wire, response)
          ? !response.body || !(await isDocument(response.body, call, parts.heartbeat))
          : ask.request.stream && (await beginsWithEvent(response, call));
      if (isStream) return translateStream(translated, parts);
      call.contentBegan();
      return await translateWhole(translated, parts);
    } catch (error) {
      throw error instanceof UpstreamFailure ? inClientsWords(error, format, headers) : error;
    }
  };
}
