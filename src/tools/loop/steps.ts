import { CHAT } from "../../formats/chat/format.ts";
import { toTokenUsage } from "../../formats/usage.ts";
import type { RequestContext, TokenUsage } from "../../core/request-context.ts";
import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
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

/** The rounds of one chat completion: the model is asked, tools are run, the model is asked again. */
export interface Steps {
  readonly plan: ToolPlan;
  /** The calls to the provider; whoever opened the rounds closes them. */
  readonly calls: CallChain;
  /** The client asked for the usage of its stream. */
  readonly usageAsked: boolean;
  /** Whether the model has not been asked a second time. */
  isFirst(): boolean;
  /** How often the model may be asked again. */
  left(): number;
  /** The id of the call at an index of this round, where the provider gave it none. */
  newId(index: number): string;
  /**
   * Asks the model with all that was said so far. Every call has its own deadlines.
   * @throws Failure where the provider cannot be reached or answers with an error
   */
  ask(): Promise<UpstreamResponse>;
  /** Runs calls of the gateway's tools, and resolves with their messages. Throws the reason for which the rounds ended. */
  run(calls: readonly ToolCall[]): Promise<readonly Uint8Array[]>;
  /** Adds an answer of the model, and the messages of its tools, to what is said in the next round. */
  add(message: Uint8Array, results: readonly Uint8Array[]): void;
  /** What the rounds before this one used. */
  usedBefore(): JsonObject | undefined;
  /** Notes what this round has used so far, and gives the sum with the rounds before, for the client and for the books. */
  use(usage: JsonObject | undefined): UsedTokens;
}

/** What all rounds together used: as the provider says it, and as the gateway books it. */
export interface UsedTokens {
  readonly told: JsonObject | undefined;
  readonly booked: TokenUsage | undefined;
}

/** What rounds need of the rest of the gateway. */
export interface StepsParts extends Pick<RelayParts, "book" | "openCall" | "requestHeaders" | "wantsUsage"> {
  /** How often the model may be asked again within one chat completion. */
  readonly maxRounds: number;
}

/** Opens the rounds of a request; asks nothing yet. */
export function openSteps(
  { book: requests, openCall, requestHeaders, wantsUsage, maxRounds }: StepsParts,
  context: RequestContext,
  request: Request,
  { body, target, url }: AdmittedRequest,
  plan: ToolPlan,
): Steps {
  const prepared = prepareBody(body, target, CHAT.hasStreamOptions, wantsUsage);
  const conversation = openConversation(prepared.bytes, body.value, plan);
  const headers = requestHeaders(target.provider, request.headers);
  // To the client all rounds are one request; to a provider each has a body of its own, which one key cannot stand for.
  const { "idempotency-key": _, ...laterHeaders } = headers;
  const calls = chainCalls(() => openCall(target.provider, request.signal), request.signal);
  const options = body.value["stream_options"];
  let round = 0;
  let before: JsonObject | undefined;
  let now: JsonObject | undefined;
  context.toolRounds = 0;
  context.toolCalls = 0;

  return {
    plan,
    calls,
    usageAsked: isJsonObject(options) && options["include_usage"] === true,
    isFirst: () => round === 0,
    left: () => maxRounds - round,
    newId: (index) => `call_${round}_${index}`,
    async ask() {
      const toolChoice = round === 0 ? undefined : plan.laterChoice(round === maxRounds);
      const response = await calls.send({
        url,
        method: "POST",
        headers: round === 0 ? headers : laterHeaders,
        body: conversation.body(toolChoice),
      });
      if (round === 0) requests.markFirstByte(context);
      if (response.status >= 300) throw await readProviderFailure(response, calls, target.provider);
      return response;
    },
    run(toRun) {
      context.toolCalls = (context.toolCalls ?? 0) + toRun.length;
      return runTools(plan.offer, toRun, calls.signal());
    },
    add(message, results) {
      conversation.add([message, ...results]);
      before = now;
      round += 1;
      context.toolRounds = round;
    },
    usedBefore: () => before,
    use(usage) {
      now = addUsage(before, usage);
      context.usage = now && toTokenUsage(now);
      return { told: now, booked: context.usage };
    },
  };
}
