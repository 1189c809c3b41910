import { CHAT } from "../../formats/chat/format.ts";
import { readUsage, toTokenUsage } from "../../formats/usage.ts";
import type { RequestContext, TokenUsage } from "../../core/request-context.ts";
import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import { memoryExhausted } from "../../core/memory/budget.ts";
import { nextTurn } from "../../core/next-turn.ts";
import { parsedWeight } from "../../core/memory/parsed-weight.ts";
import { UNCOUNTED_BYTES, readWholeResponse } from "../../pipeline/whole-response.ts";
import { judgeAnswer } from "../../pipeline/judge-answer.ts";
import { prepareBody } from "../../pipeline/prepare-body.ts";
import { readProviderFailure } from "../../pipeline/provider-failure.ts";
import type { AdmittedRequest, RelayParts } from "../../pipeline/relay.ts";
import type { UpstreamResponse } from "../../upstream/transport.ts";
import { addUsage } from "./usage.ts";
import { type CallChain, chainCalls } from "./call-chain.ts";
import { openConversation } from "./conversation.ts";
import { runTools } from "./run-tools.ts";
import type { ToolCall } from "./tool-call.ts";
import type { ToolPlan } from "./tool-plan.ts";

/** The steps of one chat completion: the model is asked, tools are run, the model is asked again. */
export interface Steps {
  readonly plan: ToolPlan;
  /** The calls to the provider; whoever opened the steps closes them. */
  readonly calls: CallChain;
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
   * Asks the model with all that was said so far. Every call has its own deadlines.
   * @throws Failure if the provider cannot be reached or answers with an error
   */
  ask(): Promise<UpstreamResponse>;
  /**
   * Reads an answer that came in one piece.
   * @throws Failure if it cannot be read whole, or `memory_exhausted` if there is no room for it
   */
  readWhole(response: UpstreamResponse): Promise<Uint8Array>;
  /** Notes that bytes of a streamed answer have come. */
  firstByte(): void;
  /**
   * Notes how many bytes of a streamed answer are remembered for the next step.
   * @returns false if they alone are more than may be added to a conversation
   * @throws Failure `memory_exhausted`
   */
  remember(bytes: number): boolean;
  /**
   * Runs calls of the gateway's tools, and resolves with their messages, which are cut so that the conversation does
   * not become too long. Throws the reason why the steps ended.
   */
  run(calls: readonly ToolCall[]): Promise<readonly Uint8Array[]>;
  /** Adds an answer of the model, and the messages of its tools, to what is sent in the next step. */
  add(message: Uint8Array, results: readonly Uint8Array[]): void;
  /** What the steps before this one used. */
  usedBefore(): JsonObject | undefined;
  /**
   * Notes what this step has used so far; returns the sum with the steps before, for the client and for the records.
   */
  use(usage: JsonObject | undefined): UsedTokens;
}

/** A longer conversation gets a turn of the event loop to be sent in: 16 MiB take 20 ms. */
const MAX_BYTES_IN_TURN = 1024 * 1024;

/** What all steps together used: as the provider reports it, and as the gateway records it. */
export interface UsedTokens {
  readonly told: JsonObject | undefined;
  readonly booked: TokenUsage | undefined;
}

/** What steps need from the rest of the gateway. */
export interface StepsParts extends Pick<RelayParts, "openCall" | "requestHeaders" | "wantsUsage" | "memory"> {
  /** How often the model may be asked again within one chat completion. */
  readonly maxRounds: number;
  /** How many bytes all steps together may add to what the client sent. */
  readonly maxConversationBytes: number;
}

/** Opens the steps of a request; asks nothing yet. */
export function openSteps(
  { openCall, requestHeaders, wantsUsage, memory, maxRounds, maxConversationBytes }: StepsParts,
  context: RequestContext,
  request: Request,
  { body, target, url }: AdmittedRequest,
  plan: ToolPlan,
): Steps {
  const prepared = prepareBody(body, target, CHAT.hasStreamOptions, wantsUsage);
  const conversation = openConversation(prepared.bytes, body.value, plan);
  const headers = requestHeaders(target.provider, request.headers, "chat");
  // To the client all steps are one request; to a provider each has its own body, which one key cannot identify.
  const { "idempotency-key": _, ...laterHeaders } = headers;
  const calls = chainCalls(() => openCall(target.provider, request.signal), request.signal);
  const options = body.value["stream_options"];
  /** Bytes of the answer of this step. */
  let answerBytes = 0;
  /** Bytes of it that the budget counts. */
  let remembered = 0;
  let round = 0;
  let before: JsonObject | undefined;
  let now: JsonObject | undefined;
  context.toolsOffered();

  const room = (): number => Math.max(0, maxConversationBytes - conversation.addedBytes() - answerBytes);
  const left = (): number => (room() === 0 ? 0 : maxRounds - round);
  /** Notes in the budget that so many bytes are held beside the conversation. */
  const holdBeside = (bytes: number): void => {
    if (!memory.tryHold(context, conversation.bytes() + bytes)) throw memoryExhausted();
  };

  return {
    plan,
    calls,
    usageAsked: isJsonObject(options) && options["include_usage"] === true,
    isFirst: () => round === 0,
    left,
    newId: (index) => `call_${round}_${index}`,
    async ask() {
      answerBytes = 0;
      const toolChoice = round === 0 ? undefined : plan.laterChoice(left() === 0);
      // The body of a step is a copy, held until it is sent.
      await memory.hold(context, conversation.bytes() * 2, request.signal);
      // To copy and send it takes long enough, after the last tool has had its turn.
      if (conversation.bytes() > MAX_BYTES_IN_TURN) await nextTurn();
      const free = (): void => void memory.tryHold(context, conversation.bytes());
      const response = await calls
        .send({
          url,
          method: "POST",
          headers: round === 0 ? headers : laterHeaders,
          body: conversation.body(toolChoice),
          onSent: free,
        })
        .finally(free);
      context.responseHeader();
      if (response.status >= 300) throw await readProviderFailure(context, response, calls, target.provider);
      return response;
    },
    async readWhole(response) {
      const bytes = await readWholeResponse(response, calls, memory, context, conversation.bytes());
      if (!(bytes instanceof Uint8Array)) {
        bytes.tooMuch.cancel();
        throw memoryExhausted();
      }
      answerBytes = bytes.length;
      await memory.hold(context, conversation.bytes() + bytes.length + parsedWeight(bytes), request.signal);
      return judgeAnswer(context, target.provider, bytes, readUsage(bytes));
    },
    firstByte: () => context.firstByte(),
    remember(bytes) {
      if (bytes > maxConversationBytes) return false;
      answerBytes = bytes;
      if (bytes - remembered < UNCOUNTED_BYTES) return true;
      remembered = bytes;
      holdBeside(bytes);
      return true;
    },
    async run(toRun) {
      context.toolsCalled(toRun.length);
      try {
        return await runTools(plan.offer, toRun, calls.signal(), {
          maxBytes: room(),
          onHeld: (bytes) => holdBeside(answerBytes + bytes),
        });
      } catch (error) {
        // Other tools of the step may still run.
        calls.abort(calls.explain(error));
        throw error;
      }
    },
    add(message, results) {
      conversation.add([message, ...results]);
      before = now;
      round += 1;
      remembered = 0;
      context.toolStep();
    },
    usedBefore: () => before,
    use(usage) {
      now = addUsage(before, usage);
      context.used(now && toTokenUsage(now));
      return { told: now, booked: context.usage };
    },
  };
}
