import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import { readUsage, toTokenUsage } from "../../formats/usage.ts";
import { judgeAnswer } from "../../pipeline/judge-answer.ts";
import { applyEdits } from "../../core/json/edit.ts";
import { injectsUsage, prepareBody } from "../../pipeline/body/prepare-body.ts";
import type { RelayParts } from "../../pipeline/relay.ts";
import type { AdmittedRequest, Answer } from "../../pipeline/stage.ts";
import { createAskProvider } from "./ask-provider.ts";
import { openFirstCompletion, openOtherCompletion, withMaskedErrors } from "./completion-sides.ts";
import { openConversation, type WriteDefinitions } from "./conversation.ts";
import { toMessage, type ToolResult } from "./run-tools.ts";
import { openSteps, type Steps, type StepsParts } from "./steps.ts";
import type { ToolPlan } from "./tool-plan.ts";
import { addUsage, createUsageSum, type UsageSum } from "./usage.ts";

/** The steps of one chat completion, in the client's own bytes and those of the provider. */
export interface CompletionSteps extends Steps, Pick<UsageSum<JsonObject>, "use"> {
  readonly plan: ToolPlan;
  /** The client asked for the usage of its stream. */
  readonly usageAsked: boolean;
  /** Adds an answer of the model, as JSON text, and the results of its tools, to what is sent in the next step. */
  add(message: Uint8Array, results: readonly ToolResult[]): void;
  /** What the steps before this one used. */
  usedBefore(): JsonObject | undefined;
}

export interface CompletionStepsParts extends StepsParts, Pick<RelayParts, "wantsUsage"> {
  readonly writeDefinitions: WriteDefinitions;
}

/** Opens the steps of a request; asks nothing yet. */
export function openCompletionSteps(
  parts: CompletionStepsParts,
  admitted: AdmittedRequest,
  plan: ToolPlan,
  next: Answer,
): CompletionSteps {
  const { attempts, body, format, target } = admitted;
  const { context } = attempts;
  const prepared = applyEdits(prepareBody(body, target, format, injectsUsage(body, target, format, parts.wantsUsage)));
  const conversation = openConversation(prepared, body.value, parts.writeDefinitions(plan.definitions));
  const usage = createUsageSum(context, addUsage, toTokenUsage);
  const options = body.value["stream_options"];
  const streams = body.value["stream"] === true;
  const usageAsked = isJsonObject(options) && options["include_usage"] === true;
  const wantsUsage = streams && (usageAsked || parts.wantsUsage);
  const { writeDefinitions } = parts;
  const asking = createAskProvider(admitted, {
    first: openFirstCompletion(parts, admitted, conversation),
    openOther: (other) =>
      Promise.resolve(openOtherCompletion({ next, plan, writeDefinitions, wantsUsage, conversation }, other)),
    receive: withMaskedErrors,
  });
  const steps = openSteps(parts, admitted, plan, conversation, asking);

  return {
    ...steps,
    plan,
    usageAsked,
    async readWhole(answer) {
      const bytes = await steps.readWhole(answer);
      return judgeAnswer(context, asking.current.as.provider, bytes, readUsage(bytes));
    },
    add(message, results) {
      conversation.add([message, ...results.map(toMessage)]);
      usage.nextStep();
      steps.next();
    },
    usedBefore: usage.before,
    use: usage.use,
  };
}
