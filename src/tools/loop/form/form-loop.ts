import type { TimerSource } from "../../../core/deadlines.ts";
import { Failure } from "../../../core/errors.ts";
import type { Block } from "../../../formats/form/blocks.ts";
import type { ClientDialect } from "../../../formats/form/dialect.ts";
import type { Conversation, Tool } from "../../../formats/form/conversation.ts";
import { isTranslated } from "../../../formats/wires.ts";
import type { Reply } from "../../../pipeline/attempt/attempt.ts";
import { UNCOUNTED_BYTES } from "../../../pipeline/attempt/read-response.ts";
import type { AdmittedRequest, Answer } from "../../../pipeline/stage.ts";
import { clientAsk } from "../../../pipeline/translate/client-ask.ts";
import { createDialectLoader, type DialectLoader } from "../../../pipeline/translate/load-dialects.ts";
import { listOf, TRANSLATION_HEADERS } from "../../../pipeline/translate/note-headers.ts";
import { readConversation } from "../../../pipeline/translate/translate-request.ts";
import type { TranslationParts } from "../../../pipeline/translate/translate.ts";
import type { ToolRegistry } from "../../mcp/tool-registry.ts";
import type { Agent } from "../agent.ts";
import { answerSteps } from "../answer-steps.ts";
import { createAskProvider } from "../ask-provider.ts";
import type { ToolResult } from "../run-tools.ts";
import { openSteps, type StepsParts } from "../steps.ts";
import { createFormAgent } from "./form-agent.ts";
import { type FormSide, openFormSide } from "./form-side.ts";
import type { OpenedForm } from "./opened-form.ts";
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
  const { provider } = target;
  const isNative = api === format.api;
  const client = await load.client(format.api);
  const wire = await load.wire(api);
  const { context, request: asking } = attempts;
  // Beside the client's body and its value there is the form.
  if (body.bytes.length > UNCOUNTED_BYTES) await parts.memory.hold(context, context.heldBytes * 2, asking.signal);
  const conversation = isNative ? readOwn(admitted, client) : readConversation(body.value, client, provider.id);
  const plan = conversation && planConversation(conversation, parts.toolRegistry, provider.id);
  if (!plan) return PLAIN;
  const without = isNative ? unrepeatable(conversation, client) : "";
  if (without !== "") return { without };
  const first = await openFormSide(parts, admitted, {
    wire,
    conversation,
    tools: toolsOf(plan.definitions),
    mayGrow: client.mayRepeat !== undefined,
    memberNames: client.memberNames,
  });
  const rounds: Round[] = [];
  const toolsFor = (id: string): readonly Tool[] => toolsOf(plan.offer.definitions(id));
  const sides = createAskProvider(admitted, {
    first,
    openOther: (other) => openOther(parts, load, other, client, toolsFor, rounds),
  });
  const ask = {
    ...clientAsk(conversation, admitted, parts.clock),
    keepsId: isNative && conversation.bookkeeping.store !== false,
  };
  const steps = openSteps(parts, admitted, plan, first.request, sides);
  const add = (said: readonly Block[], results: readonly ToolResult[]): void => {
    first.request.add(said, results);
    if (admitted.again) rounds.push({ said, results });
  };
  const { jsonLimits, replays } = parts;
  const opened: OpenedForm = { attempts, format, client, ask, side: () => sides.current };
  return { agent: createFormAgent(opened, steps, { plan, add, showTools, jsonLimits, replays }) };
}

/** What one step has added to the conversation. */
interface Round {
  readonly said: readonly Block[];
  readonly results: readonly ToolResult[];
}

/** Another deployment, which is asked for all of the conversation, and for what is added to it later. */
async function openOther(
  parts: FormLoopParts,
  load: DialectLoader,
  other: AdmittedRequest,
  client: ClientDialect,
  toolsFor: (provider: string) => readonly Tool[],
  rounds: readonly Round[],
): Promise<FormSide> {
  const { id } = other.target.provider;
  const wire = await load.wire(other.wire);
  const conversation = readConversation(other.body.value, client, id);
  // Any member of a chat completion can stay in one that has grown.
  const mayGrow =
    other.wire === "chat" || (client.mayRepeat !== undefined && unrepeatable(conversation, client) === "");
  const { memberNames } = client;
  const side = await openFormSide(parts, other, { wire, conversation, tools: toolsFor(id), mayGrow, memberNames });
  let added = 0;
  return {
    ...side,
    ask(on, step) {
      for (const { said, results } of rounds.slice(added)) side.request.add(said, results);
      added = rounds.length;
      return side.ask(on, step);
    },
  };
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
