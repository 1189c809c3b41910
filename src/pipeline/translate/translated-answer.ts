import { toJson } from "../../core/json/bytes.ts";
import type { JsonLimits } from "../../core/json/limits.ts";
import { parsedWeight } from "../../core/json/parse.ts";
import { type MemoryBudget, memoryExhausted } from "../../core/memory/budget.ts";
import type { ClientAsk, ClientDialect, WireDialect, WireTarget } from "../../formats/form/dialect.ts";
import type { Framing } from "../../formats/form/framing.ts";
import { toTokenUsage } from "../../formats/form/token-usage.ts";
import type { Format } from "../../formats/format.ts";
import type { Provider } from "../../providers/provider.ts";
import { bodyOfBytes } from "../../upstream/body.ts";
import type { ResponseBody, UpstreamResponse } from "../../upstream/transport.ts";
import type { Attempt, Reply } from "../attempt/attempt.ts";
import type { Attempts } from "../attempt/attempts.ts";
import { readWholeResponse, UNCOUNTED_BYTES } from "../attempt/read-response.ts";
import { hasContentType } from "../../upstream/response-headers.ts";
import { transformBody } from "../body/transform-body.ts";
import { answerFailure, clientsError } from "./answer-failure.ts";
import { ownerOf, type ReplayCache } from "./replay-cache.ts";
import { readWholeAnswer } from "./read-whole-answer.ts";
import { withContentType } from "./response-type.ts";
import { StreamTranslation } from "./stream-translation.ts";

/** A request that a provider has been sent in its own API, and what is needed to translate its answer back. */
export interface TranslatedAttempt {
  readonly attempts: Attempts;
  readonly attempt: Attempt;
  readonly format: Format;
  readonly provider: Provider;
  readonly client: ClientDialect;
  readonly wire: WireDialect;
  readonly target: WireTarget;
  readonly ask: ClientAsk;
  /** For the response to the client. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface AnswerTranslationParts {
  readonly memory: MemoryBudget;
  readonly jsonLimits: JsonLimits;
  /** What clients lose of answers; absent if it is not kept for them. */
  readonly replays?: ReplayCache | undefined;
}

/** The wire's own framing, if the answer has it. */
export function framingOf({ framing }: Pick<WireDialect, "framing">, response: UpstreamResponse): Framing | undefined {
  return framing && hasContentType(response, framing.contentType) ? framing : undefined;
}

/** A stream of a provider's API as one of the client's API. */
export function translateStream(
  translated: TranslatedAttempt,
  { memory, replays }: Pick<AnswerTranslationParts, "memory" | "replays">,
): Reply {
  const { attempts, attempt, format, provider, client, wire, target, ask, headers } = translated;
  const { response } = attempt;
  const translation = new StreamTranslation({
    reader: wire.readStream(target),
    writer: client.writeStream(ask),
    frames: framingOf(wire, response)?.open(),
    mayHold: (bytes) => memory.tryHold(attempts.context, attempts.keptBytes + bytes),
    onEvent: replays?.listen(ownerOf(attempts.context)),
    clientsError: (error) => clientsError(error, provider, format),
    onError: (error) => attempts.context.failed(answerFailure(error, { provider, format })),
    failureOf: (error) => answerFailure(error, { provider, format, response }),
  });
  const body = response.body && transformBody(response.body, translation);
  return {
    response: responseWith(response, ask.isArray ? "application/json" : "text/event-stream", body),
    call: attempt.call,
    usageInjected: false,
    usage: () => toTokenUsage(translation.usage),
    headers,
  };
}

/**
 * A whole answer of a provider's API as one of the client's API.
 * @throws Failure if it breaks off, is an error or nothing that can be read, or if there is no room for it
 */
export async function translateWhole(
  { attempts, attempt, format, provider, client, wire, target, ask, headers }: TranslatedAttempt,
  { memory, jsonLimits, replays }: AnswerTranslationParts,
): Promise<Reply> {
  const { context, request } = attempts;
  const { response, call } = attempt;
  const bytes = await readWholeResponse(response, call, memory, context, attempts.keptBytes);
  if (!(bytes instanceof Uint8Array)) {
    bytes.tooMuch.cancel();
    throw memoryExhausted();
  }
  const isLong = bytes.length > UNCOUNTED_BYTES;
  const { keptBytes } = attempts;
  if (isLong) await memory.hold(context, keptBytes + bytes.length + parsedWeight(bytes), request.signal);
  const answer = await readWholeAnswer(bytes, { wire, target, provider, jsonLimits, stop: request });
  if ("error" in answer) throw answerFailure(answer.error, { provider, format, response });
  replays?.remember(ownerOf(context), answer.blocks);
  const written = toJson(client.writeAnswer(answer, ask));
  if (isLong) memory.tryHold(context, keptBytes + written.length);
  return {
    response: responseWith(response, "application/json", bodyOfBytes(written)),
    call,
    usageInjected: false,
    usage: () => toTokenUsage(answer.usage),
    headers,
  };
}

/** A provider's answer with another body. */
export function responseWith(
  { status, headers }: UpstreamResponse,
  type: string,
  body: ResponseBody | null,
): UpstreamResponse {
  return { status, headers: withContentType(headers, type), body };
}
