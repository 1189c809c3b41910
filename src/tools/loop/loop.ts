import { CHAT } from "../../formats/chat/format.ts";
import type { RequestContext } from "../../core/request-context.ts";
import type { ToolRegistry } from "../mcp/tool-registry.ts";
import { holdCall, type RelayParts, type ToolLoop } from "../../pipeline/relay.ts";
import { openEventStream } from "../../pipeline/event-stream.ts";
import { isEventStream, readWholeResponse, sendWholeResponse } from "../../pipeline/whole-response.ts";
import { bodyOfStream } from "../../upstream/body.ts";
import type { UpstreamResponse } from "../../upstream/transport.ts";
import type { KeepAliveOptions } from "./keep-alive.ts";
import { nextStep } from "./next-step.ts";
import { parseResponse } from "./answer.ts";
import { openSteps, type Steps, type StepsParts } from "./steps.ts";
import { streamSteps } from "./stream-steps.ts";
import { planTools } from "./tool-plan.ts";

/** What the agent needs of the rest of the gateway. */
export interface ToolLoopParts extends StepsParts, Pick<RelayParts, "connections"> {
  readonly toolBox: ToolRegistry;
  readonly keepAlive: KeepAliveOptions;
}

/** Any value of this header, and none too, leaves a request to the plain relay. */
const BYPASS_HEADER = "x-mcp-bypass";

/** With `true`, a stream shows the calls that the gateway runs itself. */
const SHOW_TOOLS_HEADER = "x-mcp-show-tools";

/**
 * Makes what gives chat completions the tools of the MCP servers: it offers them to the model, runs the calls that the
 * model makes of them, and asks again with the results, until the model answers without such calls.
 */
export function createToolLoop(parts: ToolLoopParts): ToolLoop {
  const { toolBox: toolRegistry, book: requests, keepAlive } = parts;

  return (context, request, admitted) => {
    if (!toolRegistry.available() || request.headers.has(BYPASS_HEADER)) return undefined;
    const plan = planTools(admitted.body.value, toolRegistry);
    return plan && answer(context, request, openSteps(parts, context, request, admitted, plan));
  };

  async function answer(context: RequestContext, request: Request, steps: Steps): Promise<Response> {
    const close = holdCall(parts, context, request, steps.calls);
    let streaming = false;
    try {
      for (;;) {
        const response = await steps.ask();
        if (isEventStream(response)) {
          const showTools = request.headers.get(SHOW_TOOLS_HEADER)?.trim().toLowerCase() === "true";
          const stream = await answerAsStream(context, steps, response, showTools, close);
          streaming = true;
          return stream;
        }
        const whole = await answerWhole(context, steps, response);
        if (whole) return whole;
      }
    } finally {
      if (!streaming) close();
    }
  }

  /** Ends one round whose answer came in one piece: with the response for the client, or with nothing to ask again. */
  async function answerWhole(
    context: RequestContext,
    steps: Steps,
    response: UpstreamResponse,
  ): Promise<Response | undefined> {
    const bytes = await readWholeResponse(response, steps.calls);
    steps.calls.rest();
    const parsed = parseResponse(bytes, steps.plan, steps.newId);
    const used = steps.use(parsed.usage);
    const step = nextStep(parsed.shape, steps.left());
    if (step !== "return") {
      const results = await steps.run(parsed.ours);
      if (step === "ask_again") {
        steps.add(parsed.message(), results);
        return undefined;
      }
    }
    return sendWholeResponse(requests, context, response, parsed.forClient(used.told), used.booked);
  }

  async function answerAsStream(
    context: RequestContext,
    steps: Steps,
    response: UpstreamResponse,
    showTools: boolean,
    close: () => void,
  ): Promise<Response> {
    const { body, usage } = streamSteps(steps, response, { showTools, keepAlive });
    return openEventStream({
      exchange: context,
      response: { status: response.status, headers: response.headers, body: bodyOfStream(body) },
      // The rounds see to the time of each of their calls themselves.
      call: { ...steps.calls, becomeStream() {}, touch() {}, awaitClient() {} },
      dialect: CHAT,
      book: requests,
      usageInjected: false,
      usage,
      close,
    });
  }
}
