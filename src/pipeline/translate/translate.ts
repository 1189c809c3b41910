import { toJson } from "../../core/json/bytes.ts";
import type { Dialects } from "../../formats/dialects.ts";
import { factsOf } from "../../formats/form/model-facts.ts";
import type { ClientDialect, WireDialect } from "../../formats/form/dialect.ts";
import type { ApiName } from "../../formats/format.ts";
import type { ProviderApiName } from "../../providers/api-paths.ts";
import { isTranslated, isWire } from "../../formats/wires.ts";
import type { RequestHeaders } from "../../providers/request-headers.ts";
import type { UpstreamCall } from "../../upstream/call.ts";
import { UpstreamFailure } from "../../upstream/errors.ts";
import type { MemoryBudget } from "../../core/memory/budget.ts";
import type { ResponseBody } from "../../upstream/transport.ts";
import type { Attempt, Reply } from "../attempt.ts";
import { beginsLikeDocument, beginsWithEvent, isEventStream, UNCOUNTED_BYTES } from "../read-response.ts";
import { beginStream, type Heartbeat } from "../heartbeat.ts";
import type { AdmittedRequest } from "../stage.ts";
import { inClientsWords } from "./answer-failure.ts";
import { noteHeaders } from "./note-headers.ts";
import { translateRequest } from "./translate-request.ts";
import {
  type AnswerTranslationParts,
  type TranslatedAttempt,
  translateStream,
  translateWhole,
} from "./translated-answer.ts";

/** What translation needs from the rest of the gateway. */
export interface TranslationParts extends AnswerTranslationParts {
  readonly dialects: Dialects;
  readonly requestHeaders: RequestHeaders;
  readonly memory: MemoryBudget;
  /** Refuse requests with members for which a provider's API has no place, rather than leave these out. */
  readonly refusesUnsupported: boolean;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Signs of life for clients whose streams are silent; absent if there are to be none. */
  readonly heartbeat: Heartbeat | undefined;
}

/** How one of several attempts for a request differs from a single one. */
export interface SendOptions {
  /** Bytes that the request goes on holding in the budget once its body is sent. */
  readonly keptBytes?: number;
  /** The client's idempotency key belongs to another attempt. */
  readonly dropsKey?: boolean;
}

/** The answer to a translated request, in the client's API, and its call. */
export type TranslatedReply = Reply & Pick<Attempt, "call" | "isClosed" | "close">;

/** Answers an admitted request whose API its provider does not have. @throws Failure if there is no answer */
export type AnswerTranslated = (admitted: AdmittedRequest, options?: SendOptions) => Promise<TranslatedReply>;

/**
 * Creates what answers a request whose API its provider does not have: it is sent in an API that the provider has, and the
 * answer comes back as one of the client's API.
 */
export function createTranslatedAnswer(parts: TranslationParts): AnswerTranslated {
  const begin = createBegin(parts);
  const finish = createFinish(parts);
  // One after the other: while the provider thinks, the first one would keep the body, its value and its translation.
  return (admitted, options = {}) => begin(admitted, options).then(finish);
}

function createBegin({ dialects, requestHeaders, memory, refusesUnsupported, clock }: TranslationParts) {
  const clients = new Map<string, ClientDialect>();
  const wires = new Map<string, WireDialect>();
  const loadClient = async (api: ApiName): Promise<ClientDialect> => {
    if (!isTranslated(api)) throw new Error(`requests of ${api} are not translated`);
    const dialect = clients.get(api) ?? (await dialects[api]());
    clients.set(api, dialect);
    return dialect;
  };
  const loadWire = async (api: ProviderApiName): Promise<WireDialect> => {
    if (!isWire(api)) throw new Error(`nothing is translated to ${api}`);
    const dialect = wires.get(api) ?? (await dialects[api]());
    wires.set(api, dialect);
    return dialect;
  };

  return async (
    { format, body, target, url, wire: api, attempts }: AdmittedRequest,
    { keptBytes = 0, dropsKey = false }: SendOptions,
  ): Promise<TranslatedAttempt> => {
    const { context, request } = attempts;
    const { provider, model } = target;
    const client = await loadClient(format.api);
    const wire = await loadWire(api);
    // Beside the client's body and its value there are those of the provider.
    if (body.bytes.length > UNCOUNTED_BYTES) await memory.hold(context, context.heldBytes * 2, request.signal);
    const wireTarget = { provider: provider.id, model, facts: factsOf(model) };
    const {
      body: written,
      notes,
      asked,
      estimatedInput,
    } = await translateRequest(body.value, body.bytes.length, {
      client,
      wire,
      target: wireTarget,
      provider,
      refusesUnsupported,
    });
    const headers = noteHeaders(format.api, api, notes);
    const sent = requestHeaders(provider, request.headers, api);
    const attempt = attempts.begin(provider, {
      url,
      method: "POST",
      headers: dropsKey ? withoutKey(sent) : sent,
      body: toJson(written),
      keptBytes,
    });
    const ask = {
      model: String(body.value["model"]),
      request: asked,
      newId,
      createdAt: Math.floor(clock() / 1000),
      estimatedInput,
    };
    // Names that were made to fit the provider are put back.
    const answering = { ...wireTarget, tools: asked.tools };
    return { attempts, attempt, format, provider, client, wire, target: answering, ask, headers };
  };
}

/** Whether what is called a stream of events is a whole answer. Waits for its beginning, but not for long. */
async function isDocument(body: ResponseBody, call: UpstreamCall, heartbeat: Heartbeat | undefined): Promise<boolean> {
  return (await beginStream(body, call, heartbeat)) === "begun" && (await beginsLikeDocument(body));
}

function createFinish(parts: TranslationParts) {
  return async (translated: TranslatedAttempt): Promise<TranslatedReply> => {
    const { attempt, format, headers, ask } = translated;
    try {
      await attempt.answered();
      const { response, call } = attempt;
      const isStream = isEventStream(response)
        ? !response.body || !(await isDocument(response.body, call, parts.heartbeat))
        : ask.request.stream && (await beginsWithEvent(response, call));
      const reply = isStream ? translateStream(translated) : await translateWhole(translated, parts);
      return {
        ...reply,
        call,
        get isClosed() {
          return attempt.isClosed;
        },
        close: () => attempt.close(),
      };
    } catch (error) {
      throw error instanceof UpstreamFailure ? inClientsWords(error, format, headers) : error;
    }
  };
}

function withoutKey({ "idempotency-key": _, ...headers }: Readonly<Record<string, string>>): Record<string, string> {
  return headers;
}

/** Twenty-four random characters. */
function newId(): string {
  return crypto.randomUUID().replaceAll("-", "").slice(0, 24);
}
