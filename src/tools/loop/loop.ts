import { CHAT } from "../../formats/chat/format.ts";
import type { RequestContext } from "../../core/request-context.ts";
import type { ToolRegistry } from "../mcp/tool-registry.ts";
import { holdCall, type RelayParts, type ToolLoop } from "../../pipeline/relay.ts";
import { beginsWithEvent } from "../../pipeline/detect-events.ts";
import { openEventStream } from "../../pipeline/event-stream.ts";
import { isEventStream, sendWholeResponse } from "../../pipeline/whole-response.ts";
import { bodyOfStream } from "../../upstream/body.ts";
import type { UpstreamResponse } from "../../upstream/transport.ts";
import { nextStep } from "./next-step.ts";
import { parseResponse } from "./answer.ts";
import { openSteps, type Steps, type StepsParts } from "./steps.ts";
import { streamSteps, type StreamOptions } from "./stream-steps.ts";
import { planTools } from "./tool-plan.ts";

/** What the tool loop needs from the rest of the gateway. */
export interface ToolLoopParts extends StepsParts, Pick<RelayParts, "connections" | "jsonLimits" | "heartbeat"> {
  readonly toolBox: ToolRegistry;
  readonly timers: StreamOptions["timers"];
}

/** Any value of this header, even an empty one, leaves a request to the plain pipeline. */
const BYPASS_HEADER = "x-mcp-bypass";

/** With `true`, a stream shows the calls that the gateway runs itself. */
const SHOW_TOOLS_HEADER = "x-mcp-show-tools";

/**
 * Creates what gives chat completions the tools of the MCP servers: it offers them to the model, runs the calls that
 * the model makes of them, and asks again with the results, until the model answers without such calls.
 */
export function createToolLoop(parts: ToolLoopParts): ToolLoop {
  const { toolBox: toolRegistry, timers, heartbeat, jsonLimits } = parts;

  return (context, request, admitted) => {
    if (!toolRegistry.available() || request.headers.has(BYPASS_HEADER)) return undefined;
    const plan = planTools(admitted.body.value, toolRegistry);
    const streams = admitted.body.value["stream"] === true;
    return plan && answer(context, request, openSteps(parts, context, request, admitted, plan), streams);
  };

  async function answer(context: RequestContext, request: Request, steps: Steps, streams: boolean): Promise<Response> {
    const close = holdCall(parts, context, request, steps.calls);
    let isPassedOn = false;
    try {
      for (;;) {
        const response = await steps.ask();
        if (isEventStream(response) || (streams && (await beginsWithEvent(response, steps.calls)))) {
          const showTools = request.headers.get(SHOW_TOOLS_HEADER)?.trim().toLowerCase() === "true";
          const stream = await answerAsStream(context, steps, response, showTools, close);
          isPassedOn = true;
          return stream;
        }
        const whole = await answerWhole(context, steps, response, close);
        // A long answer closes the calls itself, when the client has taken it.
        isPassedOn = whole !== undefined && context.outcome === undefined;
        if (whole) return whole;
      }
    } finally {
      if (!isPassedOn) close();
    }
  }

  /** Ends one step whose answer came in one piece: with the response for the client, or with nothing to ask again. */
  async function answerWhole(
    context: RequestContext,
    steps: Steps,
    response: UpstreamResponse,
    close: () => void,
  ): Promise<Response | undefined> {
    const bytes = await steps.readWhole(response);
    const parsed = await parseResponse(bytes, steps.plan, steps.newId, jsonLimits);
    const used = steps.use(parsed.usage);
    const step = nextStep(parsed.shape, steps.left());
    if (step !== "return") {
      steps.calls.rest();
      const results = await steps.run(parsed.ours);
      if (step === "ask_again") {
        steps.add(await parsed.message(), results);
        return undefined;
      }
    }
    const answer = { context, response, call: steps.calls, close };
    return sendWholeResponse(answer, parsed.forClient(used.told), used.booked);
  }

  async function answerAsStream(
    context: RequestContext,
    steps: Steps,
    response: UpstreamResponse,
    showTools: boolean,
    close: () => void,
  ): Promise<Response> {
    const { body, usage } = streamSteps(steps, response, { showTools, timers });
    return openEventStream({
      context,
      response: { status: response.status, headers: response.headers, body: bodyOfStream(body) },
      // The steps handle the deadlines of each of their calls themselves.
      call: { ...steps.calls, becomeStream() {}, touch() {}, awaitClient() {} },
      format: CHAT,
      usageInjected: false,
      usage,
      heartbeat,
      close,
    });
  }
}
