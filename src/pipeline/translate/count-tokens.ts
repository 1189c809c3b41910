import { toJson } from "../../core/json/bytes.ts";
import { Failure } from "../../core/errors.ts";
import { decodeObjectInTurns, type JsonObject } from "../../core/json/parse.ts";
import { numberOf } from "../../core/json/values.ts";
import { memoryExhausted } from "../../core/memory/budget.ts";
import { estimateInput } from "../../formats/form/estimate-input.ts";
import { factsOf } from "../../formats/form/model-facts.ts";
import { COUNTED_WIRES, type CountingApi } from "../../routing/choose-counter.ts";
import { bodyOfBytes } from "../../upstream/body.ts";
import { UpstreamFailure } from "../../upstream/errors.ts";
import type { UpstreamResponse } from "../../upstream/transport.ts";
import type { Attempt, Reply } from "../attempt.ts";
import { readWholeResponse } from "../read-response.ts";
import type { AdmittedRequest, Answer } from "../stage.ts";
import { inClientsWords } from "./answer-failure.ts";
import { completeConversation } from "./complete-conversation.ts";
import { noteHeaders, TRANSLATION_HEADERS } from "./note-headers.ts";
import { withContentType } from "./response-type.ts";
import { readConversation, requireTranslatable, writeConversation } from "./translate-request.ts";
import type { TranslationParts } from "./translate.ts";

/**
 * What a request to count may say, by the API that counts: of what a request for an answer has, the part that is input.
 * https://docs.anthropic.com/en/api/messages-count-tokens, https://platform.openai.com/docs/api-reference/responses/input-tokens
 */
const COUNTED_MEMBERS: Readonly<Record<CountingApi, ReadonlySet<string>>> = {
  countTokens: new Set(["model", "messages", "system", "tools", "tool_choice", "thinking", "output_config"]),
  inputTokens: new Set([
    ...["model", "input", "instructions", "tools", "tool_choice"],
    ...["parallel_tool_calls", "reasoning", "text", "truncation"],
  ]),
};

/**
 * Creates what counts the tokens of requests whose provider cannot do so in the client's API: it is asked in another API
 * that it has, or the number is estimated.
 */
export function createCountAnswer(parts: TranslationParts): Answer {
  return async (admitted) => {
    const { counter, format } = admitted;
    if (!format.counts || counter === undefined) throw new Error(`${format.api} does not count`);
    const client = await parts.dialects[format.counts.api]();
    if (counter === "estimate") {
      const conversation = readConversation(admitted.body.value, client, admitted.target.provider.id);
      requireTranslatable(conversation, admitted.target.provider.id);
      return estimated(admitted, format.counts.write(estimateInput(conversation)));
    }
    const { target, body, attempts, url } = admitted;
    const { provider, model } = target;
    const wire = await parts.dialects[COUNTED_WIRES[counter]]();
    const wireTarget = { provider: provider.id, model, facts: factsOf(model, parts.defaultMaxTokens) };
    const asked = readConversation(body.value, client, provider.id);
    requireTranslatable(asked, provider.id);
    const conversation = await completeConversation(asked, wire, wireTarget, parts, attempts);
    const { refusesUnsupported } = parts;
    const translated = writeConversation(conversation, { wire, target: wireTarget, provider, refusesUnsupported });
    const headers = noteHeaders(format.api, counter, translated.notes);
    const counted = Object.entries(translated.body).filter(([name]) => COUNTED_MEMBERS[counter].has(name));
    const attempt = attempts.begin(provider, {
      url,
      method: "POST",
      headers: parts.requestHeaders(provider, attempts.request.headers, counter),
      body: toJson(Object.fromEntries(counted)),
    });
    try {
      await attempt.answered();
      const tokens = await readCount(attempt, admitted, parts);
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

/** Both APIs say it in a member of the same name. */
async function readCount(
  { response, call }: Attempt,
  { attempts: { context, request }, target: { provider } }: AdmittedRequest,
  { memory, jsonLimits }: TranslationParts,
): Promise<number> {
  const bytes = await readWholeResponse(response, call, memory, context);
  if (!(bytes instanceof Uint8Array)) {
    bytes.tooMuch.cancel();
    throw memoryExhausted();
  }
  const decoded = await decodeObjectInTurns(bytes, { limits: jsonLimits, stop: request });
  const tokens = "fault" in decoded ? undefined : numberOf(decoded.value["input_tokens"]);
  if (tokens !== undefined) return tokens;
  const message = "The upstream server sent an answer without a number of tokens";
  throw new Failure("upstream_invalid_response", { message, provider: provider.id });
}
