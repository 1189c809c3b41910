import { parsed } from "../../pipeline/body/received-body.ts";
import type { Stage } from "../../pipeline/stage.ts";
import type { ToolRegistry } from "../mcp/tool-registry.ts";
import { answerSteps } from "./answer-steps.ts";
import { createCompletionAgent, type CompletionAgentOptions } from "./completion-agent.ts";
import { type CompletionStepsParts, openCompletionSteps } from "./completion-steps.ts";
import { createDefinitionWriter } from "./conversation.ts";
import { createFormLoop, type FormLoopParts } from "./form/form-loop.ts";
import { planTools } from "./tool-plan.ts";

/** What the tool loop needs from the rest of the gateway. */
export interface ToolLoopParts
  extends Omit<CompletionStepsParts, "writeDefinitions">, Pick<CompletionAgentOptions, "jsonLimits">, FormLoopParts {
  readonly toolRegistry: ToolRegistry;
}

/** Any value of this header, even an empty one, leaves a request to the plain pipeline. */
const BYPASS_HEADER = "x-mcp-bypass";

/** With `true`, the client is shown the calls that the gateway runs itself. */
const SHOW_TOOLS_HEADER = "x-mcp-show-tools";

/**
 * Creates the stage that gives requests the tools of the MCP servers: it offers them to the model, runs the calls that
 * the model makes of them, and asks again with the results, until the model answers without such calls. A chat
 * completion at a provider that has that API stays in its own bytes; everything else runs on the form between all APIs.
 */
export function createToolLoop(parts: ToolLoopParts): Stage {
  const { toolRegistry, timers, jsonLimits } = parts;
  const completionParts: CompletionStepsParts = { ...parts, writeDefinitions: createDefinitionWriter() };
  const answerOnForm = createFormLoop(parts);

  const offerTools: Stage = (admitted, next) => {
    const { headers } = admitted.attempts.request;
    if (!toolRegistry.available() || headers.has(BYPASS_HEADER)) return next(admitted);
    const showTools = headers.get(SHOW_TOOLS_HEADER)?.trim().toLowerCase() === "true";
    const { format, wire, body, target, attempts } = admitted;
    const parsing = parsed(body, attempts.request);
    if (parsing) return parsing.then(() => offerTools(admitted, next));
    if (format.api !== "chat" || wire !== "chat") return answerOnForm(admitted, next, showTools);
    const plan = planTools(body.value, toolRegistry, target.provider.id);
    if (!plan) return next(admitted);
    const streams = body.value["stream"] === true;
    const steps = openCompletionSteps(completionParts, admitted, plan, next);
    return answerSteps(createCompletionAgent(steps, { showTools, streams, jsonLimits }), timers);
  };
  return offerTools;
}
