import { parsedWeight } from "../../../core/json/parse.ts";
import type { Conversation, Tool, ToolChoice } from "../../../formats/form/conversation.ts";
import type { ClientDialect, WireDialect, WireTarget } from "../../../formats/form/dialect.ts";
import { factsOf } from "../../../formats/form/model-facts.ts";
import type { ProviderApiName } from "../../../providers/api-paths.ts";
import type { Provider } from "../../../providers/provider.ts";
import { apiUrl } from "../../../providers/api-request.ts";
import type { Attempts } from "../../../pipeline/attempt/attempts.ts";
import { maxTokensOf, variantFor } from "../../../pipeline/body/body-variant.ts";
import { UNCOUNTED_BYTES } from "../../../pipeline/attempt/read-response.ts";
import type { AdmittedRequest } from "../../../pipeline/stage.ts";
import { inClientsWords } from "../../../pipeline/translate/answer-failure.ts";
import { completeConversation, mediaBytes } from "../../../pipeline/translate/complete-conversation.ts";
import { noteHeaders } from "../../../pipeline/translate/note-headers.ts";
import { requireTranslatable } from "../../../pipeline/translate/translate-request.ts";
import type { TranslationParts } from "../../../pipeline/translate/translate.ts";
import { UpstreamFailure } from "../../../upstream/errors.ts";
import { type AskProviderParts, type DirectProvider, sendTo } from "../ask-provider.ts";
import { type FormRequest, openWrittenRequest } from "./form-request.ts";
import { judgedAs } from "./judge-step.ts";
import { openOwnRequest } from "./own-request.ts";

export type FormSideParts = AskProviderParts &
  Pick<TranslationParts, "defaultMaxTokens" | "fetchMedia" | "jsonLimits" | "refusesUnsupported" | "replays">;

/** A deployment, as a request on the form asks it, and reads its answers. */
export interface FormSide extends DirectProvider<ToolChoice> {
  readonly provider: Provider;
  readonly api: ProviderApiName;
  readonly wire: WireDialect;
  /** With the tools of the request. */
  readonly target: WireTarget;
  /** It has the client's own API. */
  readonly isNative: boolean;
  readonly request: FormRequest;
  /** What the client is told of how it was asked. */
  headers(): Readonly<Record<string, string>>;
}

export interface FormSideOptions {
  readonly wire: WireDialect;
  /** What the client asks for. */
  readonly conversation: Conversation;
  /** Those of the gateway. */
  readonly tools: readonly Tool[];
  /** The client's bytes can grow by turns, if the provider has its API. */
  readonly mayGrow: boolean;
  readonly memberNames: ClientDialect["memberNames"];
}

/** @throws Failure if the provider cannot be asked for it */
export async function openFormSide(
  parts: FormSideParts,
  admitted: AdmittedRequest,
  { wire, conversation, tools, mayGrow, memberNames }: FormSideOptions,
): Promise<FormSide> {
  const { format, body, target: asked, wire: api, attempts } = admitted;
  const { provider, model } = asked;
  const isNative = api === format.api;
  const isWritten = !isNative || !mayGrow;
  const facts = factsOf(model, maxTokensOf(asked) ?? parts.defaultMaxTokens);
  const wireTarget: WireTarget = { provider: provider.id, model, facts };
  if (isWritten) requireTranslatable(conversation, provider.id);
  const complete = isWritten
    ? await completeConversation(conversation, wire, wireTarget, parts, attempts)
    : conversation;
  const grown = complete === conversation ? 0 : mediaBytes(complete) - mediaBytes(conversation);
  const refusesUnsupported = parts.refusesUnsupported && !isNative;
  const variant = variantFor(asked, api);
  const translation = { wire, target: wireTarget, provider, variant, refusesUnsupported, memberNames };
  const request = isWritten
    ? openWrittenRequest(complete, tools, translation, weightOf(body.bytes) + grown)
    : openOwnRequest(admitted, conversation, tools, wire, wireTarget);
  const target = { ...wireTarget, tools: [...conversation.tools, ...tools] };
  const headers = (): Readonly<Record<string, string>> =>
    isNative ? {} : noteHeaders(format.api, api, request.notes());
  const send = sendTo(parts, isNative ? inEvents(admitted) : admitted, request);
  return {
    provider,
    api,
    wire,
    target,
    isNative,
    request,
    headers,
    as: judgedAs(admitted, wire, target, parts.jsonLimits),
    ask: isNative
      ? send
      : (on: Attempts, step) =>
          send(on, step).catch((error: unknown): never => {
            throw error instanceof UpstreamFailure ? inClientsWords(error, format, headers()) : error;
          }),
  };
}

/** The client's query says that its stream is one array; each step of it is read as events. */
function inEvents(admitted: AdmittedRequest): AdmittedRequest {
  const url = admitted.isArray ? apiUrl(admitted.target, admitted.wire, { isStream: true }) : undefined;
  return url === undefined ? admitted : { ...admitted, url };
}

/** Bytes that a short body takes once it is read: as text, and a little for its values. */
const WEIGHT_PER_BYTE = 3;

function weightOf(bytes: Uint8Array): number {
  return bytes.length > UNCOUNTED_BYTES ? parsedWeight(bytes) : bytes.length * WEIGHT_PER_BYTE;
}
