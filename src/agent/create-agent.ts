import { CHAT } from "../dialects/chat.ts";
import type { Exchange } from "../exchange/exchange.ts";
import type { ToolBox } from "../mcp/tool-box.ts";
import { holdCall } from "../relay/hold-call.ts";
import { openEventStream } from "../relay/open-event-stream.ts";
import type { RelayParts, TakeOver } from "../relay/relay-call.ts";
import { isEventStream, sendWholeAnswer } from "../relay/whole-answer.ts";
import { bodyOfStream } from "../transport/stream-body.ts";
import type { Answer } from "../transport/transport.ts";
import type { KeepAliveOptions } from "./keep-alive.ts";
import { nextStep } from "./next-step.ts";
import { parseAnswer } from "./parse-answer.ts";
import { openRounds, type Rounds, type RoundsParts } from "./rounds.ts";
import { streamRounds } from "./stream-rounds.ts";
import { planTools } from "./tool-plan.ts";

/** What the agent needs of the rest of the gateway. */
export interface AgentParts extends RoundsParts, Pick<RelayParts, "connections" | "jsonLimits"> {
  readonly toolBox: ToolBox;
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
export function createAgent(parts: AgentParts): TakeOver {
  const { toolBox, book, keepAlive, jsonLimits } = parts;

  return (exchange, request, admitted) => {
    if (!toolBox.available() || request.headers.has(BYPASS_HEADER)) return undefined;
    const plan = planTools(admitted.body.value, toolBox);
    return plan && answer(exchange, request, openRounds(parts, exchange, request, admitted, plan));
  };

  async function answer(exchange: Exchange, request: Request, rounds: Rounds): Promise<Response> {
    const close = holdCall(parts, exchange, request, rounds.calls);
    let isPassedOn = false;
    try {
      for (;;) {
        const response = await rounds.ask();
        if (isEventStream(response)) {
          const showTools = request.headers.get(SHOW_TOOLS_HEADER)?.trim().toLowerCase() === "true";
          const stream = await answerAsStream(exchange, rounds, response, showTools, close);
          isPassedOn = true;
          return stream;
        }
        const whole = await answerWhole(exchange, rounds, response, close);
        // A long answer closes the calls itself, when the client has taken it.
        isPassedOn = whole !== undefined && exchange.outcome === undefined;
        if (whole) return whole;
      }
    } finally {
      if (!isPassedOn) close();
    }
  }

  /** Ends one round whose answer came in one piece: with the response for the client, or with nothing to ask again. */
  async function answerWhole(
    exchange: Exchange,
    rounds: Rounds,
    response: Answer,
    close: () => void,
  ): Promise<Response | undefined> {
    const bytes = await rounds.readWhole(response);
    const parsed = await parseAnswer(bytes, rounds.plan, rounds.newId, jsonLimits);
    const used = rounds.use(parsed.usage);
    const step = nextStep(parsed.shape, rounds.left());
    if (step !== "return") {
      rounds.calls.rest();
      const results = await rounds.run(parsed.ours);
      if (step === "ask_again") {
        rounds.add(parsed.message(), results);
        return undefined;
      }
    }
    const answer = { exchange, response, call: rounds.calls, book, close };
    return sendWholeAnswer(answer, parsed.forClient(used.told), used.booked);
  }

  async function answerAsStream(
    exchange: Exchange,
    rounds: Rounds,
    response: Answer,
    showTools: boolean,
    close: () => void,
  ): Promise<Response> {
    const { body, usage } = streamRounds(rounds, response, { showTools, keepAlive });
    return openEventStream({
      exchange,
      response: { status: response.status, headers: response.headers, body: bodyOfStream(body) },
      // The rounds see to the time of each of their calls themselves.
      call: { ...rounds.calls, becomeStream() {}, touch() {}, awaitClient() {} },
      dialect: CHAT,
      book,
      usageInjected: false,
      usage,
      close,
    });
  }
}
