import { Failure } from "../../core/errors.ts";
import { toJson } from "../../core/json/bytes.ts";
import { factsOf } from "../../formats/form/model-facts.ts";
import { COUNTED_APIS, isCounting, isCountingWire } from "../../formats/wires.ts";
import { bodyOfBytes } from "../../upstream/body.ts";
import { UpstreamFailure } from "../../upstream/errors.ts";
import type { Reply } from "../attempt.ts";
import type { AdmittedRequest } from "../stage.ts";
import { inClientsWords } from "./answer-failure.ts";
import { noteHeaders } from "./note-headers.ts";
import { translateRequest } from "./translate-request.ts";
import type { TranslationParts } from "./translate.ts";
import { readWholeObject, responseWith } from "./translated-answer.ts";

/**
 * Creates what answers a request for the number of tokens of another one, if its provider counts those of another API's
 * requests: these are translated as if they were to be answered.
 */
export function createTranslatedCount(parts: TranslationParts): (admitted: AdmittedRequest) => Promise<Reply> {
  const { dialects, requestHeaders, fetchMedia, refusesUnsupported } = parts;

  const load = async (client: string, wire: string) => {
    const { clientCount } = isCounting(client) ? await dialects[COUNTED_APIS[client]]() : {};
    const { wireCount } = isCountingWire(wire) ? await dialects[COUNTED_APIS[wire]]() : {};
    if (!clientCount || !wireCount) throw new Error(`counts of ${client} are not translated to ${wire}`);
    return { clientCount, wireCount };
  };

  return async ({ format, body, target: { provider, model }, url, wire, attempts }) => {
    const { clientCount, wireCount } = await load(format.api, wire);
    const target = { provider: provider.id, model, facts: factsOf(model) };
    const { body: written, notes } = await translateRequest(body.value, body.bytes.length, {
      client: clientCount,
      wire: wireCount,
      target,
      provider,
      fetchMedia,
      asker: { context: attempts.context, signal: attempts.request.signal },
      refusesUnsupported,
    });
    const headers = noteHeaders(format.api, wire, notes);
    const attempt = attempts.begin(provider, {
      url,
      method: "POST",
      headers: requestHeaders(provider, attempts.request.headers, wire),
      body: toJson(written),
    });
    try {
      await attempt.answered();
      const { value } = await readWholeObject(attempts, attempt, provider, parts);
      const tokens = wireCount.readCount(value);
      if (tokens === undefined) throw new Failure("upstream_invalid_response", { provider: provider.id });
      const counted = bodyOfBytes(toJson(clientCount.writeCount(tokens)));
      const { response, call } = attempt;
      return { response: responseWith(response, "application/json", counted), call, usageInjected: false, headers };
    } catch (error) {
      throw error instanceof UpstreamFailure ? inClientsWords(error, format, headers) : error;
    }
  };
}
