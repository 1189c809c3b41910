import { bodyOfBytes, bodyOfStream } from "../../upstream/body.ts";
import type { Reply } from "../../pipeline/attempt.ts";
import { beginsWithEvent, isEventStream } from "../../pipeline/read-response.ts";
import type { Stage } from "../../pipeline/stage.ts";
import { createTranslatedAnswer, type TranslationParts } from "../../pipeline/translate/translate.ts";
import type { ToolRegistry } from "../mcp/tool-registry.ts";
import { parseResponse } from "./answer.ts";
import { createDefinitionWriter } from "./conversation.ts";
import { nextStep } from "./next-step.ts";
import type { StepReply } from "./ask-provider.ts";
import { openSteps, type Steps, type StepsParts } from "./steps.ts";
import { streamSteps, type StreamOptions } from "./stream-steps.ts";
import { planTools } from "./tool-plan.ts";

/** What the tool loop needs from the rest of the gateway. */
export interface ToolLoopParts extends Omit<StepsParts, "writeDefinitions" | "answerTranslated">, TranslationParts {
  readonly toolRegistry: ToolRegistry;
  readonly timers: StreamOptions["timers"];
}

/** Any value of this header, even an empty one, leaves a request to the plain pipeline. */
const BYPASS_HEADER = "x-mcp-bypass";

/** With `true`, a stream shows the calls that the gateway runs itself. */
const SHOW_TOOLS_HEADER = "x-mcp-show-tools";

/**
 * Creates the stage that gives chat completions the tools of the MCP servers: it offers them to the model, runs the
 * calls that the model makes of them, and asks again with the results, until the model answers without such calls.
 */
export function createToolLoop(parts: ToolLoopParts): Stage {
  const { toolRegistry, timers, jsonLimits } = parts;
  const stepsParts: StepsParts = {
    ...parts,
    writeDefinitions: createDefinitionWriter(),
    answerTranslated: createTranslatedAnswer(parts),
  };

  return (admitted, next) => {
    const { headers } = admitted.attempts.request;
    if (admitted.format.api !== "chat" || !toolRegistry.available() || headers.has(BYPASS_HEADER))
      return next(admitted);
    const plan = planTools(admitted.body.value, toolRegistry, admitted.target.provider.id);
    if (!plan) return next(admitted);
    const showTools = headers.get(SHOW_TOOLS_HEADER)?.trim().toLowerCase() === "true";
    const streams = admitted.body.value["stream"] === true;
    return answer(openSteps(stepsParts, admitted, plan), showTools, streams);
  };

  async function answer(steps: Steps, showTools: boolean, streams: boolean): Promise<Reply> {
    for (;;) {
      const step = await steps.ask();
      if (isEventStream(step.response) || (streams && (await beginsWithEvent(step.response, step.call))))
        return answerAsStream(steps, step, showTools);
      const whole = await answerWhole(steps, step);
      if (whole) return whole;
    }
  }

  /** Ends one step whose answer came in one piece: with the answer for the client, or with nothing to ask again. */
  async function answerWhole(steps: Steps, answered: StepReply): Promise<Reply | undefined> {
    const { status, headers } = answered.response;
    const bytes = await steps.readWhole(answered);
    const parsed = await parseResponse(bytes, steps.plan, steps.newId, jsonLimits);
    const used = steps.use(parsed.usage);
    const next = nextStep(parsed.shape, steps.left());
    if (next !== "return") {
      // From now until the next attempt, no deadline of the provider is running.
      answered.close();
      const results = await steps.run(parsed.ours);
      if (next === "ask_again") {
        steps.add(await parsed.message(), results);
        return undefined;
      }
    }
    return {
      response: { status, headers, body: bodyOfBytes(parsed.forClient(used.told)) },
      call: answered.isClosed ? steps.attempts : answered.call,
      usageInjected: false,
      usage: () => used.booked,
      headers: answered.headers,
    };
  }

  function answerAsStream(steps: Steps, first: StepReply, showTools: boolean): Reply {
    const { status, headers } = first.response;
    const { body, usage } = streamSteps(steps, first, { showTools, timers });
    return {
      response: { status, headers, body: bodyOfStream(body) },
      call: steps.attempts,
      usageInjected: false,
      usage,
      headers: first.headers,
    };
  }
}
