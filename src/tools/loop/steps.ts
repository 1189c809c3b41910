import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import { nextTurn } from "../../core/event-loop.ts";
import { readUsage } from "../../formats/usage.ts";
import { judgeAnswer } from "../../pipeline/whole-response.ts";
import { injectsUsage, prepareBody } from "../../pipeline/prepare-body.ts";
import type { RelayParts } from "../../pipeline/relay.ts";
import type { AdmittedRequest } from "../../pipeline/stage.ts";
import type { StreamedCall } from "../../pipeline/stream-listener.ts";
import { type AskProviderParts, createAskProvider, type StepReply } from "./ask-provider.ts";
import { openConversation, type WriteDefinitions } from "./conversation.ts";
import { runTools } from "./run-tools.ts";
import { openStepMemory, type StepMemory } from "./step-memory.ts";
import type { ToolCall } from "./tool-call.ts";
import type { ToolPlan } from "./tool-plan.ts";
import { createUsageSum, type UsageSum } from "./usage.ts";

/** The steps of one chat completion: the model is asked, tools are run, the model is asked again. */
export interface Steps extends Pick<StepMemory, "readWhole" | "remember">, Pick<UsageSum, "use"> {
  readonly plan: ToolPlan;
  /** All attempts together: what ends one of them, or the tools between them, ends this. */
  readonly attempts: StreamedCall;
  /** The client asked for the usage of its stream. */
  readonly usageAsked: boolean;
  /** Whether the model has not been asked a second time. */
  isFirst(): boolean;
  /**
   * How often the model may be asked again: not at all once what was added to the conversation is as long as it may be.
   */
  left(): number;
  /** The id of the call at an index of this step, if the provider gave it none. */
  newId(index: number): string;
  /**
   * Asks the model with all that was said so far: see {@link AskProvider}.
   */
  ask(): Promise<StepReply>;
  /** Notes that bytes of a streamed answer have come. */
  firstByte(): void;
  /**
   * Runs calls of the gateway's tools, and resolves with their messages, which are cut so that the conversation does
   * not become too long. Throws the reason why the steps ended.
   */
  run(calls: readonly ToolCall[]): Promise<readonly Uint8Array[]>;
  /** Adds an answer of the model, and the messages of its tools, to what is sent in the next step. */
  add(message: Uint8Array, results: readonly Uint8Array[]): void;
  /** What the steps before this one used. */
  usedBefore(): JsonObject | undefined;
}

/** A longer conversation gets a turn of the event loop to be sent in: 16 MiB take 20 ms. */
const MAX_BYTES_IN_TURN = 1024 * 1024;

/** What steps need from the rest of the gateway. */
export interface StepsParts extends AskProviderParts, Pick<RelayParts, "wantsUsage" | "memory"> {
  readonly writeDefinitions: WriteDefinitions;
  /** How often the model may be asked again within one chat completion. */
  readonly maxFurtherSteps: number;
  /** How many bytes all steps together may add to what the client sent. */
  readonly maxConversationBytes: number;
}

/** Opens the steps of a request; asks nothing yet. */
export function openSteps(parts: StepsParts, admitted: AdmittedRequest, plan: ToolPlan): Steps {
  const { wantsUsage, writeDefinitions, maxFurtherSteps, maxConversationBytes } = parts;
  const { attempts, body, format, target } = admitted;
  const { context } = attempts;
  const prepared = prepareBody(body, target, format, injectsUsage(body, target, format, wantsUsage));
  const conversation = openConversation(prepared, body.value, writeDefinitions(plan.definitions));
  const held = openStepMemory(parts, attempts, conversation, maxConversationBytes);
  const usage = createUsageSum(context);
  const askProvider = createAskProvider(parts, admitted);
  const options = body.value["stream_options"];
  let step = 0;
  context.toolsOffered();

  const left = (): number => (held.room() === 0 ? 0 : maxFurtherSteps - step);

  return {
    plan,
    attempts,
    usageAsked: isJsonObject(options) && options["include_usage"] === true,
    isFirst: () => step === 0,
    left,
    newId: (index) => `call_${step}_${index}`,
    async ask() {
      await held.holdRequest();
      const toolChoice = step === 0 ? undefined : plan.laterChoice(left() === 0);
      // To copy and send it takes long enough, after the last tool has had its turn.
      if (conversation.bytes() > MAX_BYTES_IN_TURN) await nextTurn();
      return askProvider(conversation.body(toolChoice), conversation.bytes(), step === 0);
    },
    firstByte: () => context.firstByte(),
    async readWhole(answer) {
      const bytes = await held.readWhole(answer);
      return judgeAnswer(context, target.provider, bytes, readUsage(bytes));
    },
    remember: held.remember,
    async run(toRun) {
      context.toolsCalled(toRun.length);
      try {
        return await runTools(plan.offer, toRun, attempts.signal(), {
          maxBytes: held.room(),
          onHeld: held.holdResults,
        });
      } catch (error) {
        // Other tools of the step may still run.
        attempts.abort(attempts.explain(error));
        throw error;
      }
    },
    add(message, results) {
      conversation.add([message, ...results]);
      usage.nextStep();
      held.nextStep();
      step += 1;
      context.toolStep();
    },
    usedBefore: usage.before,
    use: usage.use,
  };
}
