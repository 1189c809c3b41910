import { nextTurn } from "../../core/event-loop.ts";
import { contentOfWire } from "../../formats/content-of-wires.ts";
import type { JudgeContent } from "../../formats/first-content.ts";
import type { RelayParts } from "../../pipeline/relay.ts";
import type { AdmittedRequest } from "../../pipeline/stage.ts";
import type { StreamedCall } from "../../pipeline/stream-listener.ts";
import type { AskProvider, AskProviderParts, StepProvider, StepReply } from "./ask-provider.ts";
import type { GrowingRequest } from "./growing-request.ts";
import { type RunCall, runTools, type ToolResult } from "./run-tools.ts";
import { openStepMemory, type StepMemory } from "./step-memory.ts";
import type { ToolPlan } from "./tool-plan.ts";

/** The steps of one request: the model is asked, tools are run, the model is asked again. */
export interface Steps extends Pick<StepMemory, "readWhole" | "remember" | "holdBack"> {
  /** All attempts together: what ends one of them, or the tools between them, ends this. */
  readonly attempts: StreamedCall;
  /** Whether the model has not been asked a second time. */
  isFirst(): boolean;
  /**
   * How often the model may be asked again: not at all once what was added to the conversation is as long as it may be.
   */
  left(): number;
  /** The id of the call at an index of this step, if the provider gave it none. */
  newId(index: number): string;
  /** Asks the model with all that was said so far: see {@link AskProvider}. */
  ask(): Promise<StepReply>;
  /** Tells the first event with content of the provider's streams; undefined if whatever comes says something. */
  readonly contentOf: JudgeContent | undefined;
  /** Notes that bytes of a streamed answer have come. */
  firstByte(): void;
  /**
   * Runs calls of the gateway's tools, and resolves with their results, which are cut so that the conversation does not
   * become too long. Throws the reason why the steps ended.
   */
  run(calls: readonly RunCall[]): Promise<readonly ToolResult[]>;
  /** The answer and the results of its tools have become a part of the request. */
  next(): void;
}

/** A longer conversation gets a turn of the event loop to be sent in: 16 MiB take 20 ms. */
const MAX_BYTES_IN_TURN = 1024 * 1024;

/** What steps need from the rest of the gateway. */
export interface StepsParts extends AskProviderParts, Pick<RelayParts, "memory" | "now"> {
  /** How often the model may be asked again within one request. */
  readonly maxFurtherSteps: number;
  /** How many bytes all steps together may add to what the client sent. */
  readonly maxConversationBytes: number;
}

/** Opens the steps of a request; asks nothing yet. */
export function openSteps<Choice>(
  parts: StepsParts,
  admitted: AdmittedRequest,
  plan: Pick<ToolPlan<Choice>, "offer" | "laterChoice">,
  request: GrowingRequest<Choice>,
  asking: Pick<AskProvider<Choice, StepProvider<Choice>>, "ask">,
): Steps {
  const { maxFurtherSteps, maxConversationBytes } = parts;
  const { attempts } = admitted;
  const { context } = attempts;
  const held = openStepMemory(parts, attempts, request, maxConversationBytes);
  let step = 0;
  context.toolsOffered();

  const left = (): number => (held.room() === 0 ? 0 : maxFurtherSteps - step);

  return {
    attempts,
    contentOf: contentOfWire(admitted.wire),
    isFirst: () => step === 0,
    left,
    newId: (index) => `call_${step}_${index}`,
    async ask() {
      await held.holdRequest();
      const toolChoice = step === 0 ? undefined : plan.laterChoice(left() === 0);
      // To copy and send it takes long enough, after the last tool has had its turn.
      if (request.bytes() > MAX_BYTES_IN_TURN) await nextTurn();
      return asking.ask({ toolChoice, keptBytes: request.bytes(), isFirst: step === 0 });
    },
    firstByte: () => context.firstByte(),
    readWhole: held.readWhole,
    remember: held.remember,
    holdBack: held.holdBack,
    async run(toRun) {
      context.toolsCalled(toRun.length);
      // Tools are never run again because a provider fails later.
      attempts.commit();
      const limits = { maxBytes: held.room(), onHeld: held.holdResults };
      context.waits();
      try {
        return await runTools(plan.offer, toRun, attempts.signal(), limits, {
          now: parts.now,
          trace: context.trace,
          ran: (run) => context.toolRan(run),
        });
      } catch (error) {
        // Other tools of the step may still run.
        attempts.abort(attempts.explain(error));
        throw error;
      } finally {
        context.waited();
      }
    },
    next() {
      held.nextStep();
      step += 1;
      context.toolStep();
    },
  };
}
