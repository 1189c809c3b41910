import { describe, expect, test } from "bun:test";
import { openClientStream } from "../../../src/tools/loop/client-stream.ts";
import { openCompletionStream } from "../../../src/tools/loop/step-stream.ts";
import type { ToolPlan } from "../../../src/tools/loop/tool-plan.ts";
import { createEventEditor } from "../../../src/core/sse/event-filter.ts";
import { showFigures } from "../../fixtures/figures.ts";
import { readRecordedStreams } from "../../fixtures/recorded-streams.ts";
import { call, delta } from "./loop-rig.ts";

const plan: ToolPlan = {
  offer: { tools: [], definitions: () => [], owns: () => true, execute: () => Promise.resolve("") },
  definitions: [],
  isOurs: ({ name, isFunction }) => isFunction && name.startsWith("mcp_"),
  laterChoice: () => undefined,
};

function open(given = plan) {
  const client = openClientStream({
    showsOurs: false,
    wantsUsage: true,
    usedBefore: () => undefined,
    isFirstStep: () => true,
  });
  return openCompletionStream(given, client, String, (bytes) => bytes <= 32 * 1024 * 1024);
}

const MEBIBYTE = Buffer.from(delta({ content: "x".repeat(1024 * 1024) }));
const CALL = Buffer.from(delta({ tool_calls: [{ index: 0, ...call("c", "mcp_x") }] }));

describe("an answer that is too long to be remembered", () => {
  test("fails if it calls tools, early or late", () => {
    for (const position of [0, 33]) {
      const step = open();
      expect(() => {
        for (let count = 0; count <= 34; count += 1) step.translate(count === position ? CALL : MEBIBYTE);
        step.translate(MEBIBYTE);
      }).toThrow(expect.objectContaining({ code: "upstream_invalid_response" }));
    }
  });

  test("goes on if it only talks, and is forgotten", async () => {
    const step = open();
    for (let count = 0; count < 40; count += 1) expect(step.translate(MEBIBYTE)).toBe(MEBIBYTE);
    expect((await step.end().message()).length).toBeLessThan(1000);
  });
});

const streams = (await readRecordedStreams()).filter(({ kind }) => kind === "chat");

function replay(body: string, size: number, isOurs: boolean) {
  const bytes = Buffer.from(body);
  const step = open({ ...plan, isOurs: ({ isFunction }) => isOurs && isFunction });
  const editor = createEventEditor(step.translate, 1024 * 1024);
  const passed: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += size) passed.push(editor.push(bytes.subarray(at, at + size)));
  passed.push(editor.flush());
  return { step, passed: Buffer.concat(passed).toString() };
}

describe.skipIf(streams.length === 0)("recorded streams of real providers", () => {
  test.each(streams.map(({ name, body }) => [name, body] as const))("%s", (_, body) => {
    for (const size of [7, 4096]) expect(replay(body, size, false).passed).toBe(body);
    const { step, passed } = replay(body, 37, true);
    expect(passed).not.toMatch(/"tool_calls":\s*\[/);
    const { ours, complete, shape } = step.end();
    expect(shape.theirs).toBe(0);
    for (const { id, name, args } of ours) {
      expect(id).not.toBe("");
      expect(name).toMatch(/^[\w-]+$/);
      expect(JSON.parse(String(args) || "{}")).toBeObject();
      expect(complete).toBe(true);
    }
    if (body.includes('"tool_calls":[{')) expect(ours).not.toBeEmpty();
  });

  test("are some that call tools", () => {
    const calling = streams.filter(({ body }) => replay(body, 4096, true).step.end().ours.length > 0);
    showFigures("Tools are called in %d recorded streams.", calling.length);
    expect(calling.length).toBeGreaterThan(5);
  });
});
