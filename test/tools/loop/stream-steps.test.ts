import { beforeEach, expect, test } from "bun:test";
import type { StepReply } from "../../../src/tools/loop/ask-provider.ts";
import { createCompletionAgent } from "../../../src/tools/loop/completion-agent.ts";
import type { CompletionSteps } from "../../../src/tools/loop/completion-steps.ts";
import type { ToolResult } from "../../../src/tools/loop/run-tools.ts";
import { DEFAULT_JSON_LIMITS } from "../../../src/core/json/limits.ts";
import { streamSteps } from "../../../src/tools/loop/stream-steps.ts";
import type { ToolSet } from "../../../src/tools/mcp/tool-registry.ts";
import { Failure, toFailure } from "../../../src/core/errors.ts";
import { bodyOfStream } from "../../../src/upstream/body.ts";
import type { UpstreamCall } from "../../../src/upstream/call.ts";
import { createManualClock, settle } from "../../fixtures/manual-clock.ts";
import { rejectionOf } from "../../fixtures/rejection.ts";
import { delta } from "./loop-rig.ts";

const CALL = delta({
  tool_calls: [{ index: 0, id: "c", type: "function", function: { name: "mcp_x", arguments: "{}" } }],
});
const FIRST = [delta({ role: "assistant", content: "one" }), CALL, delta({}, "tool_calls"), "data: [DONE]\n\n"];

let ended: Failure | undefined;
beforeEach(() => {
  ended = undefined;
});
const call: UpstreamCall = {
  send: () => Promise.reject(new Error("not used")),
  awaitsContent: false,
  contentBegan() {},
  becomeStream() {},
  awaitClient() {},
  touch() {},
  abort(reason) {
    ended ??= reason;
  },
  onAbort() {},
  explain: toFailure,
  close() {},
};

const offer: ToolSet = {
  tools: [],
  definitions: () => [],
  owns: () => true,
  execute: () => Promise.resolve(""),
};

/** An answer whose body goes on only as the test says. */
function openAnswer() {
  const stream = new TransformStream<Uint8Array, Uint8Array>(undefined, undefined, { highWaterMark: 1000 });
  const writer = stream.writable.getWriter();
  return {
    answer: {
      call,
      isClosed: false,
      response: {
        status: 200,
        headers: new Headers({ "content-type": "text/event-stream" }),
        body: bodyOfStream(stream.readable),
      },
      close() {},
    } satisfies StepReply,
    write: (events: readonly string[]) => Promise.all(events.map((event) => writer.write(Buffer.from(event)))),
    close: () => writer.close(),
  };
}

function setUp() {
  const clock = createManualClock();
  const tools = Promise.withResolvers<readonly ToolResult[]>();
  const answer = Promise.withResolvers<StepReply>();
  const seen = { ran: 0, asked: 0 };
  let step = 0;
  const steps: CompletionSteps = {
    plan: { offer, definitions: [], isOurs: () => true, laterChoice: () => undefined },
    contentOf: undefined,
    attempts: call,
    usageAsked: false,
    isFirst: () => step === 0,
    left: () => 5,
    newId: String,
    readWhole: () => Promise.reject(new Error("no answer of these comes in one piece")),
    firstByte() {},
    holdBack: () => true,
    remember: (bytes) => bytes <= 32 * 1024 * 1024,
    ask() {
      seen.asked += 1;
      return answer.promise;
    },
    run() {
      seen.ran += 1;
      return tools.promise;
    },
    next() {
      step += 1;
    },
    add() {
      step += 1;
    },
    usedBefore: () => undefined,
    use: () => ({ told: undefined, booked: undefined }),
  };
  const first = openAnswer();
  const agent = createCompletionAgent(steps, { showTools: false, streams: true, jsonLimits: DEFAULT_JSON_LIMITS });
  const body = streamSteps(agent, first.answer, clock);
  const reader = body.getReader();
  const read = async (): Promise<string | undefined> => {
    const { value } = await reader.read();
    return value && Buffer.from(value).toString();
  };
  return { clock, tools, answer, seen, first, read };
}

test("a provider that says [DONE] and does not end its answer is waited for a second, not for ever", async () => {
  const { clock, seen, first, read } = setUp();
  await first.write(FIRST);
  await read();
  void read();
  await clock.advance(999);
  expect(seen.ran).toBe(0);
  await clock.advance(1);
  await settle();
  expect(seen.ran).toBe(1);
});

test("a provider whose answer is too long to be remembered is let go of", async () => {
  const { first, read } = setUp();
  const long = delta({ content: "x".repeat(1024 * 1024 - 1000) });
  void first.write([CALL, ...Array.from({ length: 34 }, () => long)]).catch(() => {});
  const readAll = async (): Promise<void> => {
    while ((await read()) !== undefined);
  };
  expect(await rejectionOf(readAll())).toMatchObject({ code: "upstream_invalid_response" });
  expect(ended).toMatchObject({ code: "upstream_invalid_response" });
});
