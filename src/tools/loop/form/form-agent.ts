import { toJson } from "../../../core/json/bytes.ts";
import type { JsonLimits } from "../../../core/json/limits.ts";
import type { AnswerEvent } from "../../../formats/form/answer-events.ts";
import type { AnswerError, ModelAnswer } from "../../../formats/form/answer.ts";
import type { Block } from "../../../formats/form/blocks.ts";
import { toTokenUsage } from "../../../formats/form/token-usage.ts";
import { answerFailure } from "../../../pipeline/translate/answer-failure.ts";
import { ownerOf, type ReplayCache } from "../../../pipeline/translate/replay-cache.ts";
import { withContentType } from "../../../pipeline/translate/response-type.ts";
import { readWholeAnswer } from "../../../pipeline/translate/read-whole-answer.ts";
import { framingOf, responseWith } from "../../../pipeline/translate/translated-answer.ts";
import { bodyOfBytes } from "../../../upstream/body.ts";
import type { Agent } from "../agent.ts";
import { stopsAtLimit } from "../next-step.ts";
import type { ToolResult } from "../run-tools.ts";
import type { Steps } from "../steps.ts";
import type { ToolPlan } from "../tool-plan.ts";
import { createUsageSum } from "../usage.ts";
import { type ClientWriter, openClientWriter } from "./client-writer.ts";
import { openFormStep } from "./form-step.ts";
import { addUsage } from "./form-usage.ts";
import type { OpenedForm } from "./opened-form.ts";
import { readAsked, shownOf } from "./step-blocks.ts";

export interface FormAgentOptions {
  readonly plan: Pick<ToolPlan, "isOurs">;
  /** Adds an answer, and the results of its tools, to what is sent in the next step. */
  readonly add: (said: readonly Block[], results: readonly ToolResult[]) => void;
  /** Show the client the calls that the gateway runs. */
  readonly showTools: boolean;
  readonly jsonLimits: JsonLimits;
  /** What clients lose of answers; absent if it is not kept for them. */
  readonly replays: ReplayCache | undefined;
}

/** Runs a request in the form between all APIs: each step is read from the provider's API and told in the client's. */
export function createFormAgent(
  opened: OpenedForm,
  steps: Steps,
  { plan, add: addTurn, showTools, jsonLimits, replays }: FormAgentOptions,
): Agent {
  const { attempts, format, client, ask, side } = opened;
  const sum = createUsageSum(attempts.context, addUsage, toTokenUsage);
  /** What steps have said that came in one piece. */
  const said: Block[] = [];
  let writer: ClientWriter | undefined;
  let booked: Agent["usage"] = () => undefined;

  // What is relayed natively comes back as the client sends it.
  const lost = (): ReplayCache | undefined => (side().isNative ? undefined : replays);

  const read = (bytes: Uint8Array): Promise<ModelAnswer | { readonly error: AnswerError }> => {
    const { wire, target, provider } = side();
    return readWholeAnswer(bytes, { wire, target, provider, jsonLimits, stop: attempts.request });
  };

  const add = (blocks: readonly Block[], results: readonly ToolResult[]): void => {
    addTurn(blocks, results);
    sum.nextStep();
    steps.next();
  };

  const newId = steps.newId;
  const streamType = ask.isArray ? "application/json" : "text/event-stream";

  return {
    steps,
    streams: ask.request.stream,
    isFramed: (response) => framingOf(side().wire, response) !== undefined,
    async readWhole(answered) {
      const { response } = answered;
      const bytes = await steps.readWhole(answered);
      const answer = await read(bytes);
      if ("error" in answer) throw answerFailure(answer.error, { provider: side().provider, format, response });
      const used = sum.use(answer.usage);
      booked = () => used.booked;
      const asked = readAsked(answer.blocks, answer.stop, plan, newId);
      const shown = shownOf(answer.blocks, plan, showTools);
      // As from providers with a chat API, a chat completion in one piece has what was said last.
      const isChat = format.api === "chat";
      const earlier = isChat ? [] : [...said];
      const { isNative } = side();
      const isUntouched = isNative && steps.isFirst() && asked.shape.ours === 0;
      return {
        ...asked,
        async add(results) {
          said.push(...shown);
          add(await asked.said(), results);
        },
        forClient() {
          if (asked.shape.theirs > 0) lost()?.remember(ownerOf(attempts.context), answer.blocks);
          if (isUntouched) return { status: response.status, headers: response.headers, body: bodyOfBytes(bytes) };
          const stop = stopsAtLimit(asked.shape) ? ({ reason: "length" } as const) : answer.stop;
          const blocks = [...earlier, ...(isChat ? shownOf(answer.blocks, plan, false) : shown)];
          const told = { ...ask, keepsId: ask.keepsId === true && isNative };
          const written = toJson(client.writeAnswer({ ...answer, blocks, stop, usage: used.told }, told));
          return responseWith(response, "application/json", bodyOfBytes(written));
        },
      };
    },
    openStep() {
      writer ??= openClientWriter(client, ask, said);
      const listen = (): ((event: AnswerEvent) => void) | undefined => lost()?.listen(ownerOf(attempts.context));
      const memory = { newId, mayRemember: steps.remember, mayHold: steps.holdBack, listen };
      const step = openFormStep(opened, { client: writer, plan, showsOurs: showTools, ...memory, sum, read, add });
      booked = step.usage;
      return step;
    },
    streamHead: ({ status, headers: given }) => ({ status, headers: withContentType(given, streamType) }),
    usage: () => booked(),
    replyHeaders: () => side().headers(),
  };
}
