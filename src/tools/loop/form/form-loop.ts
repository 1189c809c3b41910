import { apiUrl } from "../../../providers/url.ts";
import type { TimerSource } from "../../../core/deadlines.ts";
import { Failure } from "../../../core/errors.ts";
import { parsedWeight } from "../../../core/json/limits.ts";
import type { ClientDialect, WireTarget } from "../../../formats/form/dialect.ts";
import type { Conversation } from "../../../formats/form/conversation.ts";
import { factsOf } from "../../../formats/form/model-facts.ts";
import { isTranslated } from "../../../formats/wires.ts";
import type { Reply } from "../../../pipeline/attempt.ts";
import { maxTokensOf, variantFor } from "../../../pipeline/body-variant.ts";
import { UNCOUNTED_BYTES } from "../../../pipeline/read-response.ts";
import type { AdmittedRequest, Answer } from "../../../pipeline/stage.ts";
import { clientAsk } from "../../../pipeline/translate/client-ask.ts";
import { completeConversation, mediaBytes } from "../../../pipeline/translate/complete-conversation.ts";
import { createDialectLoader, type DialectLoader } from "../../../pipeline/translate/load-dialects.ts";
import { listOf, TRANSLATION_HEADERS } from "../../../pipeline/translate/note-headers.ts";
import { readConversation, requireTranslatable } from "../../../pipeline/translate/translate-request.ts";
import type { TranslationParts } from "../../../pipeline/translate/translate.ts";
import type { ToolRegistry } from "../../mcp/tool-registry.ts";
import type { Agent } from "../agent.ts";
import { answerSteps } from "../answer-steps.ts";
import { openSteps, type StepsParts } from "../steps.ts";
import { createFormAgent } from "./form-agent.ts";
import { openWrittenRequest } from "./form-request.ts";
import type { OpenedForm } from "./opened-form.ts";
import { openOwnRequest } from "./own-request.ts";
import { planConversation, toolsOf } from "./plan-conversation.ts";

export interface FormLoopParts
  extends
    StepsParts,
    Pick<
      TranslationParts,
      | "clock"
      | "defaultMaxTokens"
      | "dialects"
      | "fetchMedia"
      | "jsonLimits"
      | "memory"
      | "refusesUnsupported"
      | "replays"
    > {
  readonly toolRegistry: ToolRegistry;
  readonly timers: Pick<TimerSource, "setTimer" | "clearTimer">;
}

/** Answers a request with the gateway's tools, on the form between all APIs, or leaves it to `next`. */
export type AnswerOnForm = (admitted: AdmittedRequest, next: Answer, showTools: boolean) => Promise<Reply>;

/** Bytes that a short body takes once it is read: as text, and a little for its values. */
const WEIGHT_PER_BYTE = 3;

export function createFormLoop(parts: FormLoopParts): AnswerOnForm {
  const load = createDialectLoader(parts.dialects);
  return (admitted, next, showTools) => {
    const { api, subpath } = admitted.format;
    if (!isTranslated(api) || subpath !== undefined) return next(admitted);
    return openAgent(parts, load, admitted, showTools).then((opened) => {
      if ("agent" in opened) return answerSteps(opened.agent, parts.timers);
      const { without } = opened;
      return without === undefined ? next(admitted) : next(admitted).then((reply) => withoutTools(reply, without));
    });
  };
}

/** `without`: the members for which the request goes to the provider without tools. */
type OpenedAgent = { readonly agent: Agent } | { readonly without: string | undefined };

const PLAIN: OpenedAgent = { without: undefined };

async function openAgent(
  parts: FormLoopParts,
  load: DialectLoader,
  admitted: AdmittedRequest,
  showTools: boolean,
): Promise<OpenedAgent> {
  const { format, body, target, wire: api, attempts } = admitted;
  const { provider, model } = target;
  const isNative = api === format.api;
  const client = await load.client(format.api);
  const wire = await load.wire(api);
  const { context, request: asking } = attempts;
  // Beside the client's body and its value there is the form.
  if (body.bytes.length > UNCOUNTED_BYTES) await parts.memory.hold(context, context.heldBytes * 2, asking.signal);
  const wireTarget: WireTarget = {
    provider: provider.id,
    model,
    facts: factsOf(model, maxTokensOf(target) ?? parts.defaultMaxTokens),
  };
  const conversation = isNative ? readOwn(admitted, client) : readConversation(body.value, client, provider.id);
  const plan = conversation && planConversation(conversation, parts.toolRegistry, provider.id);
  if (!plan) return PLAIN;
  const without = isNative ? unrepeatable(conversation, client) : "";
  if (without !== "") return { without };
  if (!isNative) requireTranslatable(conversation, provider.id);
  const complete = isNative
    ? conversation
    : await completeConversation(conversation, wire, wireTarget, parts, attempts);
  const grown = complete === conversation ? 0 : mediaBytes(complete) - mediaBytes(conversation);

  const tools = toolsOf(plan.definitions);
  const refusesUnsupported = parts.refusesUnsupported && !isNative;
  const request =
    isNative && client.mayRepeat
      ? openOwnRequest(admitted, conversation, tools, wire, wireTarget)
      : openWrittenRequest(
          complete,
          tools,
          {
            wire,
            target: wireTarget,
            provider,
            variant: variantFor(target, admitted.wire),
            refusesUnsupported,
          },
          weightOf(body.bytes) + grown,
        );
  const opened: OpenedForm = {
    ...{ attempts, format, provider, client, wire, isNative },
    target: { ...wireTarget, tools: [...conversation.tools, ...tools] },
    ask: {
      ...clientAsk(conversation, admitted, parts.clock),
      keepsId: isNative && conversation.bookkeeping.store !== false,
    },
  };
  const steps = openSteps(parts, isNative ? inEvents(admitted) : admitted, plan, request);
  const { jsonLimits } = parts;
  // What is relayed natively comes back as the client sends it.
  const replays = isNative ? undefined : parts.replays;
  return { agent: createFormAgent(opened, steps, { plan, request, api, showTools, jsonLimits, replays }) };
}

/** The client's query says that its stream is one array; each step of it is read as events. */
function inEvents(admitted: AdmittedRequest): AdmittedRequest {
  const url = admitted.isArray ? apiUrl(admitted.target, admitted.wire, true, "") : undefined;
  return url === undefined ? admitted : { ...admitted, url };
}

/** A request for a provider of the client's own API: undefined if it is one that only that provider understands. */
function readOwn({ body, target }: AdmittedRequest, client: ClientDialect): Conversation | undefined {
  try {
    return readConversation(body.value, client, target.provider.id);
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

/** The members for which a request must be left as it is at a provider of its own API; empty if there are none. */
function unrepeatable({ foreign }: Conversation, { mayRepeat = () => false }: ClientDialect): string {
  const kept = foreign.filter((member) => !mayRepeat(member));
  return listOf(
    kept.map(({ path }) => ({ kind: "dropped", member: path })),
    "dropped",
  );
}

function withoutTools({ response, call, usageInjected, usage, headers }: Reply, members: string): Reply {
  const told = { ...headers, [TRANSLATION_HEADERS.withoutTools]: members };
  return { response, call, usageInjected, ...(usage && { usage }), headers: told };
}

function weightOf(bytes: Uint8Array): number {
  return bytes.length > UNCOUNTED_BYTES ? parsedWeight(bytes) : bytes.length * WEIGHT_PER_BYTE;
}
