import type { TimerSource } from "../../core/deadlines.ts";
import type { Reply } from "../../pipeline/attempt/attempt.ts";
import { beginsWithEvent } from "../../pipeline/attempt/read-response.ts";
import { isEventStream } from "../../upstream/response-headers.ts";
import { bodyOfStream } from "../../upstream/body.ts";
import type { Agent } from "./agent.ts";
import type { StepReply } from "./ask-provider.ts";
import { nextStep } from "./next-step.ts";
import { streamSteps } from "./stream-steps.ts";

/** Asks the model, runs the tools that it calls and asks it again, until there is an answer for the client. */
export async function answerSteps(agent: Agent, timers: Pick<TimerSource, "setTimer" | "clearTimer">): Promise<Reply> {
  const { steps, streams } = agent;
  for (;;) {
    const step = await steps.ask();
    const { response, call } = step;
    const isStream = isEventStream(response) || agent.isFramed(response);
    if (isStream || (streams && (await beginsWithEvent(response, call)))) {
      const body = bodyOfStream(streamSteps(agent, step, timers));
      return replyOf(agent, { ...agent.streamHead(response), body }, steps.attempts);
    }
    const whole = await answerWhole(agent, step);
    if (whole) return whole;
  }
}

/** Ends one step whose answer came in one piece: with the answer for the client, or with nothing to ask again. */
async function answerWhole(agent: Agent, answered: StepReply): Promise<Reply | undefined> {
  const { steps } = agent;
  const step = await agent.readWhole(answered);
  const next = nextStep(step.shape, steps.left());
  if (next !== "return") {
    // From now until the next attempt, no deadline of the provider is running.
    answered.close();
    const results = await steps.run(step.ours);
    if (next === "ask_again") {
      await step.add(results);
      return undefined;
    }
  }
  return replyOf(agent, step.forClient(), answered.isClosed ? steps.attempts : answered.call);
}

function replyOf(agent: Agent, response: Reply["response"], call: Reply["call"]): Reply {
  return { response, call, usageInjected: false, usage: agent.usage, headers: agent.replyHeaders() };
}
