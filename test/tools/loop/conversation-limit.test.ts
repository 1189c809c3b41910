import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createDeltaMerger, type MutableObject } from "../../../src/tools/loop/merge-delta.ts";
import { createToolCallAccumulator } from "../../../src/tools/loop/tool-call-accumulator.ts";
import {
  type AgentRig,
  bodyOf,
  call,
  calling,
  CHAT,
  completion,
  delta,
  startAgentRig,
  STREAM,
  stream,
} from "./loop-rig.ts";

const KIB = 1024;
const LIMIT = 64 * KIB;

let rig: AgentRig;
beforeAll(async () => {
  rig = await startAgentRig(
    { MCP_MAX_CONVERSATION_BYTES: "64KiB", MCP_MAX_RESULT_BYTES: "40KiB", MCP_MAX_ITERATIONS: "50" },
    [{ name: "long", run: () => ({ content: [{ type: "text", text: "x".repeat(39 * KIB) }] }) }],
  );
});
afterAll(async () => {
  await rig.finish();
  await rig[Symbol.asyncDispose]();
});

/** A stream that calls a tool. */
const streamed = (called: object) =>
  stream([delta({ tool_calls: [{ index: 0, ...called }] }), delta({}, "tool_calls")]);

const asked = () =>
  rig
    .asked()
    .map((request) => bodyOf(request) as { messages: { role: string; content: string }[]; tool_choice?: unknown });
const firstChoice = (text: string) =>
  (JSON.parse(text) as { choices: { message: { content: string }; finish_reason: string }[] }).choices[0];
const sizes = (): number[] => rig.asked().map((request) => request.body.length);

describe("a conversation that tools make too long", () => {
  test("has its results cut with a note, and the model is asked a last time without tools", async () => {
    rig.answer(
      calling(call("a", "mcp_long"), call("b", "mcp_long"), call("c", "mcp_long")),
      completion({ content: "This is what I found." }),
    );
    const { status, text } = await rig.chat(CHAT);
    expect([status, firstChoice(text)?.message.content]).toEqual([200, "This is what I found."]);
    const [first = 0, second = 0] = sizes();
    expect(second - first).toBeGreaterThan(LIMIT / 2);
    expect(second - first).toBeLessThan(LIMIT + KIB);
    const results = asked()[1]?.messages.filter(({ role }) => role === "tool") ?? [];
    // Whichever result comes first has all the room it needs.
    const cut = results.filter(({ content }) => /\[cut: the first \d+ of \d+ bytes\]$/.test(content));
    expect([results.length, cut.length]).toEqual([3, 2]);
    expect(asked().map(({ tool_choice: choice }) => choice)).toEqual([undefined, "none"]);
  });

  test("ends with finish_reason length if the model calls tools all the same", async () => {
    rig.rig.provider.answerAlways(() => calling(call("a", "mcp_long")));
    const { status, text, line } = await rig.chat(CHAT);
    expect([status, firstChoice(text)?.finish_reason]).toEqual([200, "length"]);
    expect(line["tool_rounds"]).toBeLessThan(4);
    expect(Math.max(...sizes())).toBeLessThan(LIMIT + 4 * KIB);
  });

  test("does so in a stream", async () => {
    rig.rig.provider.answerAlways(() => streamed(call("a", "mcp_long")));
    const { status, text, line } = await rig.chat(STREAM);
    expect([status, text.includes('"finish_reason":"length"'), text.endsWith("data: [DONE]\n\n")]).toEqual([
      200,
      true,
      true,
    ]);
    expect(line["tool_rounds"]).toBeLessThan(4);
  });

  test("ends with an error event if the model's own calls are too long", async () => {
    rig.answer(streamed(call("a", "mcp_long", { text: "y".repeat(LIMIT) })));
    const { text } = await rig.chat(STREAM);
    expect(text).toContain("MCP_MAX_CONVERSATION_BYTES");
    expect(text).not.toContain("[DONE]");
  });
});

describe("deltas cost what they weigh", () => {
  /** Milliseconds of processor time. */
  const costOf = (act: () => void): number => {
    const before = process.cpuUsage();
    act();
    return process.cpuUsage(before).user / 1000;
  };
  const shapes: readonly (readonly [name: string, merge: (count: number) => void])[] = [
    [
      "of one call, in pieces",
      (count) => {
        const calls = createToolCallAccumulator({ isOurs: () => true, showsOurs: false, nextIndex: () => 0 });
        for (let at = 0; at < count; at += 1) {
          calls.take({ index: 0, id: "a", function: { name: "mcp_x", arguments: "1" } }, Buffer.alloc(0));
          calls.haveOurs();
        }
      },
    ],
    [
      "of ever new members",
      (count) => {
        const mergeDelta = createDeltaMerger();
        const built: MutableObject = {};
        for (let at = 0; at < count; at += 1) mergeDelta(built, { [`m${at}`]: at });
      },
    ],
    [
      "of ever new parts, by index and without",
      (count) => {
        const mergeDelta = createDeltaMerger();
        const built: MutableObject = {};
        for (let at = 0; at < count; at += 1) mergeDelta(built, { content: [{ index: at, text: "a" }, { text: "b" }] });
      },
    ],
  ];
  test.each(shapes)("%s", (_, merge) => {
    merge(1000);
    const small = costOf(() => merge(5_000));
    const large = costOf(() => merge(40_000));
    // Eight times as many; with a square it would be 64 times as much.
    expect(large).toBeLessThan(Math.max(small, 4) * 30);
  });

  test("and no answer may begin calls without end", () => {
    const calls = createToolCallAccumulator({ isOurs: () => true, showsOurs: false, nextIndex: () => 0 });
    const begin = (index: number) => calls.take({ index, function: { name: "mcp_x" } }, Buffer.alloc(0));
    expect(() => {
      for (let index = 0; index < 2000; index += 1) begin(index);
    }).toThrow("calls more than 1024 tools");
  });
});
