import { toJson } from "../../core/json/bytes.ts";
import { Failure } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json/parse.ts";
import { decodeObjectInTurns } from "../../core/json/decode-object.ts";
import { numberOf } from "../../core/json/values.ts";
import { memoryExhausted } from "../../core/memory/budget.ts";
import { estimateInput } from "../../formats/form/estimate-input.ts";
import { factsOf } from "../../formats/form/model-facts.ts";
import { inVariant } from "../../providers/model-family.ts";
import { COUNTED_WIRES, type CountingApi } from "../../routing/choose-way.ts";
import { bodyOfBytes } from "../../upstream/body.ts";
import { UpstreamFailure } from "../../upstream/errors.ts";
import type { UpstreamResponse } from "../../upstream/transport.ts";
import type { Attempt, Reply } from "../attempt/attempt.ts";
import { variantFor } from "../body/body-variant.ts";
import { readWholeResponse } from "../attempt/read-response.ts";
import type { AdmittedRequest, Answer } from "../stage.ts";
import { inClientsWords } from "./answer-failure.ts";
import { completeConversation } from "./complete-conversation.ts";
import { noteHeaders, TRANSLATION_HEADERS } from "./note-headers.ts";
import { withContentType } from "./response-type.ts";
import { readConversation, requireTranslatable, writeConversation } from "./translate-request.ts";
import type { TranslationParts } from "./translate.ts";

/** How an API that counts is asked, and what it answers. */
interface CountingWords {
  /** The body of the question, from that of a request for an answer. */
  ask(request: JsonObject, model: string): JsonObject;
  /** Where an answer says the number. */
  readonly member: string;
}

/** The part of a request that is input. */
const only =
  (...names: readonly string[]) =>
  (request: JsonObject): JsonObject =>
    Object.fromEntries(Object.entries(request).filter(([name]) => names.includes(name)));

/**
 * https://docs.anthropic.com/en/api/messages-count-tokens,
 * https://platform.openai.com/docs/api-reference/responses/input-tokens and https://ai.google.dev/api/tokens
 */
const COUNTING: Readonly<Record<CountingApi, CountingWords>> = {
  countTokens: {
    ask: only("model", "messages", "system", "tools", "tool_choice", "thinking", "output_config"),
    member: "input_tokens",
  },
  inputTokens: {
    ask: only(
      ...["model", "input", "instructions", "tools", "tool_choice"],
      ...["parallel_tool_calls", "reasoning", "text", "truncation"],
    ),
    member: "input_tokens",
  },
  countGenerateTokens: {
    ask: (request, model) => ({ generateContentRequest: { model: collected(model), ...request } }),
    member: "totalTokens",
  },
};

/** Google names a model with its collection. */
const collected = (model: string): string => (model.includes("/") ? model : `models/${model}`);

/**
 * Creates what counts the tokens of requests whose provider cannot do so in the client's API: it is asked in another API
 * that it has, or the number is estimated.
 */
export function createCountAnswer(parts: TranslationParts): Answer {
  return async (admitted) => {
    const { counter, format } = admitted;
    if (!format.counts || counter === undefined) throw new Error(`${format.api} does not count`);
    const client = await parts.dialects[format.counts.api]();
    const asked = format.counts.request?.(admitted.body.value) ?? admitted.body.value;
    if (counter === "estimate") {
      const conversation = readConversation(asked, client, admitted.target.provider.id);
      requireTranslatable(conversation, admitted.target.provider.id);
      return estimated(admitted, format.counts.write(estimateInput(conversation)));
    }
    const { target, attempts, url } = admitted;
    const { provider, model } = target;
    const wire = await parts.dialects[COUNTED_WIRES[counter]]();
    const wireTarget = { provider: provider.id, model, facts: factsOf(model, parts.defaultMaxTokens) };
    const counted = readConversation(asked, client, provider.id);
    requireTranslatable(counted, provider.id);
    const conversation = await completeConversation(counted, wire, wireTarget, parts, attempts);
    const { refusesUnsupported } = parts;
    // What differs is added to what is counted.
    const translation = {
      wire,
      target: wireTarget,
      provider,
      variant: undefined,
      refusesUnsupported,
      memberNames: client.memberNames,
    };
    const translated = writeConversation(conversation, translation);
    const headers = noteHeaders(format.api, counter, translated.notes);
    const attempt = attempts.begin(provider, {
      url,
      method: "POST",
      headers: parts.requestHeaders(provider, attempts.request.headers, counter),
      body: toJson(inVariant(COUNTING[counter].ask(translated.body, model), variantFor({ provider, model }, counter))),
    });
    try {
      await attempt.answered();
      const tokens = await readCount(attempt, admitted, COUNTING[counter].member, parts);
      return {
        response: jsonWith(attempt.response, format.counts.write(tokens)),
        call: attempt.call,
        usageInjected: false,
        usage: () => undefined,
        headers,
      };
    } catch (error) {
      throw error instanceof UpstreamFailure ? inClientsWords(error, format, headers) : error;
    }
  };
}

function estimated({ attempts }: AdmittedRequest, value: JsonObject): Reply {
  return {
    response: jsonWith({ status: 200, headers: new Headers(), body: null }, value),
    call: attempts,
    usageInjected: false,
    usage: () => undefined,
    headers: { [TRANSLATION_HEADERS.estimated]: "true" },
  };
}

const jsonWith = ({ status, headers }: UpstreamResponse, value: JsonObject): UpstreamResponse => ({
  status,
  headers: withContentType(headers, "application/json"),
  body: bodyOfBytes(toJson(value)),
});

async function readCount(
  { response, call }: Attempt,
  { attempts: { context, request, keptBytes }, target: { provider } }: AdmittedRequest,
  member: string,
  { memory, jsonLimits }: TranslationParts,
): Promise<number> {
  const bytes = await readWholeResponse(response, call, memory, context, keptBytes);
  if (!(bytes instanceof Uint8Array)) {
    bytes.tooMuch.cancel();
    throw memoryExhausted();
  }
  const decoded = await decodeObjectInTurns(bytes, { limits: jsonLimits, stop: request });
  const tokens = "fault" in decoded ? undefined : numberOf(decoded.value[member]);
  if (tokens !== undefined) return tokens;
  const message = "The upstream server sent an answer without a number of tokens";
  throw new Failure("upstream_invalid_response", { message, provider: provider.id });
}
