import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Config } from "../../../src/config/load-config.ts";
import { joinTimeouts } from "../../../src/core/timeouts.ts";
import { createManualClock } from "../../fixtures/manual-clock.ts";
import { passTime } from "../../fixtures/passing-time.ts";
import { chunk, head, type Step, wait } from "../../fixtures/script.ts";
import { type AgentRig, call, calling, CHAT, delta, startAgentRig, STREAM, stream } from "./loop-rig.ts";

const clock = createManualClock();
const { passUntil, passed } = passTime(clock);
let agent: AgentRig;
/** The signals of the tool that never ends. */
const signals: AbortSignal[] = [];

beforeAll(async () => {
  const timeouts = joinTimeouts([{ of: "provider openai", timeouts: { firstTokenMs: 10_000 } }]);
  const change = (config: Config): Config => ({
    ...config,
    providers: config.providers.map((provider) => (provider.id === "openai" ? { ...provider, timeouts } : provider)),
  });
  const endless = {
    name: "endless",
    run: (_args: unknown, signal: AbortSignal) => {
      signals.push(signal);
      return new Promise<never>(() => {});
    },
  };
  const settings = { MCP_REQUEST_TIMEOUT: "1h" };
  agent = await startAgentRig(settings, [endless], clock, { change });
});
afterAll(() => agent[Symbol.asyncDispose]());

/** An answer that calls a tool, as a stream or in one piece. */
const answerCalling = (name: string, args: object, isStream: boolean): Step[] => {
  const asked = call("call-1", name, args);
  if (!isStream) return calling(asked);
  return stream([delta({ role: "assistant", tool_calls: [{ index: 0, ...asked }] }), delta({}, "tool_calls")]);
};

test("each step has a first token of its own to come: a call of a tool is one, a role is none", async () => {
  const silent = async function* (): AsyncGenerator<Step> {
    yield head(200, { "content-type": "text/event-stream", "transfer-encoding": "chunked" });
    for (;;) {
      yield chunk(delta({ role: "assistant", content: "" }));
      yield wait(passed(1000));
    }
  };
  agent.answer(answerCalling("add", { a: 2, b: 3 }, true));
  agent.rig.provider.answer(silent);
  const { text, line } = await passUntil(agent.chat(STREAM));
  expect(text).toContain("sent no content in time (timeouts.first_token of provider openai)");
  expect(line).toMatchObject({ outcome: "cut", failure: "first_token_timeout", tool_rounds: 1, tool_calls: 1 });
});

test.each([
  ["a whole answer", CHAT, false],
  ["a stream", STREAM, true],
])("X-Request-Timeout ends %s while a tool runs, and the tool", async (_, asked, isStream) => {
  agent.answer(answerCalling("endless", {}, isStream));
  const { status, text } = await passUntil(agent.chat(asked, { "x-request-timeout": "20s" }));
  expect(status).toBe(isStream ? 200 : 504);
  expect(text).toContain("The request was not answered in time (X-Request-Timeout)");
  expect(signals.pop()?.aborted).toBe(true);
});
