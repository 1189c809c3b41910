import { parseJson } from "../../core/json/parse.ts";
import { listOf, objectOf } from "../../core/json/values.ts";
import type { Reply } from "../../pipeline/attempt/attempt.ts";
import { createErrorMask } from "../../pipeline/mask-errors.ts";
import { isEventStream } from "../../upstream/response-headers.ts";
import { judgedAs } from "../../pipeline/route/ask-deployment.ts";
import { withBody } from "../../pipeline/route/judge-reply.ts";
import type { AdmittedRequest, Answer } from "../../pipeline/stage.ts";
import { transformBody } from "../../pipeline/body/transform-body.ts";
import type { Provider } from "../../providers/provider.ts";
import { type AskProviderParts, type DirectProvider, sendTo, type StepProvider } from "./ask-provider.ts";
import { type Conversation, openConversation, type WriteDefinitions } from "./conversation.ts";
import type { ToolPlan } from "./tool-plan.ts";

/** How the deployment is asked that a chat completion goes to first, which has that API. */
export function openFirstCompletion(
  parts: AskProviderParts,
  admitted: AdmittedRequest,
  conversation: Conversation,
): DirectProvider<unknown> {
  return { as: judgedAs(admitted), ask: sendTo(parts, admitted, conversation) };
}

export interface OtherCompletionParts {
  readonly next: Answer;
  readonly plan: ToolPlan;
  readonly writeDefinitions: WriteDefinitions;
  /** The usage of its stream is wanted, by the client or by the gateway. */
  readonly wantsUsage: boolean;
  /** What has grown so far. */
  readonly conversation: Pick<Conversation, "added">;
}

/**
 * How another deployment goes on with a chat completion: as it answers one whose client has run the tools itself, and is
 * translated to if it has no chat API.
 */
export function openOtherCompletion(
  { next, plan, writeDefinitions, wantsUsage, conversation }: OtherCompletionParts,
  other: AdmittedRequest,
): StepProvider<unknown> {
  const { provider } = other.target;
  const definitions = plan.offer.definitions(provider.id);
  return {
    as: judgedAs(other),
    ask(attempts, { toolChoice, keptBytes }) {
      const { bytes, value } = other.body;
      const grown = openConversation(bytes, value, writeDefinitions(definitions));
      const added = conversation.added();
      grown.add(added);
      const body = {
        bytes: grown.body(toolChoice),
        value: {
          ...value,
          messages: [...listOf(value["messages"]), ...added.map((message) => parseJson(message))],
          tools: [...listOf(value["tools"]), ...definitions],
          ...(toolChoice !== undefined && { tool_choice: toolChoice }),
          ...(wantsUsage && { stream_options: { ...objectOf(value["stream_options"]), include_usage: true } }),
        },
      };
      return next({ ...other, attempts, body, keptBytes });
    },
  };
}

/** The same answer, in which its provider repeats no secret: whoever passes it on masks those of the one that has begun it. */
export function withMaskedErrors(reply: Reply, provider: Provider): Reply {
  const { body } = reply.response;
  const mask = body && isEventStream(reply.response) ? createErrorMask(provider) : undefined;
  if (!body || !mask) return reply;
  const hand = (bytes: Uint8Array, write: (bytes: Uint8Array) => void): void => {
    if (bytes.length > 0) write(bytes);
  };
  return withBody(
    reply,
    transformBody(body, {
      isOver: false,
      push: (bytes, write) => hand(mask.push(bytes), write),
      end: (write) => hand(mask.flush(), write),
    }),
  );
}
