import { expect, test } from "bun:test";
import { MAX_AT_ONCE, MAX_CALLS_RUN, runTools, toMessage } from "../../../src/tools/loop/run-tools.ts";
import type { ToolCall } from "../../../src/tools/loop/tool-call.ts";
import type { ToolSet } from "../../../src/tools/mcp/tool-registry.ts";
import { settle } from "../../fixtures/manual-clock.ts";

const callsOf = (count: number): ToolCall[] =>
  Array.from({ length: count }, (_, index) => ({
    id: `c${index}`,
    name: "tool",
    args: index,
    isFunction: true,
    item: {},
  }));

/** Tools whose runs end when the test says so. */
function openTools() {
  const runs: { readonly args: unknown; readonly end: () => void }[] = [];
  const offer: ToolSet = {
    tools: [],
    definitions: () => [],
    owns: () => true,
    execute(_, args, signal) {
      signal.throwIfAborted();
      const { promise, resolve, reject } = Promise.withResolvers<string>();
      signal.addEventListener("abort", () => reject(signal.reason));
      runs.push({ args, end: () => resolve(`result ${String(args)}`) });
      return promise;
    },
  };
  const ending = new AbortController();
  const run = async (count: number, maxBytes = 1024 * 1024): Promise<Record<string, unknown>[]> =>
    (await runTools(offer, callsOf(count), ending.signal, { maxBytes, onHeld() {} }, { now: () => 0, ran() {} })).map(
      (result) => JSON.parse(Buffer.from(toMessage(result)).toString()) as Record<string, unknown>,
    );
  return { runs, run, ending };
}

test("a call that finds too many before it begins when one of them ends; results stay in the order of the calls", async () => {
  const { runs, run } = openTools();
  const results = run(MAX_AT_ONCE + 3);
  await settle();
  expect(runs).toHaveLength(MAX_AT_ONCE);
  runs[5]?.end();
  await settle();
  expect(runs.map(({ args }) => args)).toEqual([...Array(MAX_AT_ONCE).keys(), MAX_AT_ONCE]);
  // The last that began ends first.
  for (let left = 4; left > 0; left--) {
    for (const { end } of runs.toReversed()) end();
    await settle();
  }
  expect(await results).toEqual(
    callsOf(MAX_AT_ONCE + 3).map(({ id }, index) => ({ role: "tool", tool_call_id: id, content: `result ${index}` })),
  );
});

test("calls beyond the most of one answer are not run, and say so", async () => {
  const { runs, run } = openTools();
  const results = run(MAX_CALLS_RUN + 2);
  for (let round = 0; round <= MAX_CALLS_RUN / MAX_AT_ONCE; round++) {
    await settle();
    for (const { end } of runs) end();
  }
  const messages = await results;
  expect(runs).toHaveLength(MAX_CALLS_RUN);
  expect(messages).toHaveLength(MAX_CALLS_RUN + 2);
  expect(messages[MAX_CALLS_RUN - 1]?.["content"]).toBe(`result ${MAX_CALLS_RUN - 1}`);
  expect(messages.slice(MAX_CALLS_RUN)).toEqual(
    [MAX_CALLS_RUN, MAX_CALLS_RUN + 1].map((index) => ({
      role: "tool",
      tool_call_id: `c${index}`,
      content: "Error: not run, because one answer may call at most 128 tools",
    })),
  );
});

test("what waits for its turn is not begun once the signal is aborted", async () => {
  const { runs, run, ending } = openTools();
  const results = run(MAX_AT_ONCE + 3).catch((error: unknown) => error);
  await settle();
  const reason = new Error("the client is gone");
  ending.abort(reason);
  expect(await results).toBe(reason);
  expect(runs).toHaveLength(MAX_AT_ONCE);
});

test("results of one answer that are too long together are cut, and say so", async () => {
  const { runs, run } = openTools();
  const results = run(3, 100);
  await settle();
  for (const { end } of runs) end();
  const texts = (await results).map((message) => String(message["content"]));
  expect(texts).toEqual([
    "result 0",
    expect.stringMatching(/^r[esult ]*\n\[cut: the first \d of 8 bytes\]$/),
    "\n[cut: the first 0 of 8 bytes]",
  ]);
});
