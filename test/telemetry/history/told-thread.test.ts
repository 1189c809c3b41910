import { expect, test } from "bun:test";
import type { RequestContext } from "../../../src/core/request-context.ts";
import { createLosses, createProblems } from "../../../src/telemetry/history/history-state.ts";
import { recordRequests } from "../../../src/telemetry/history/record-requests.ts";
import { createSpoolWriter } from "../../../src/telemetry/history/spool-writer.ts";
import { scratchFolder } from "../../fixtures/scratch-folder.ts";

const ROUTE = "/v1/chat/completions";

/** Of a stream, whose row is written at once. */
const requestOf = (index: number) =>
  ({
    ...{ id: `r${index}`, route: ROUTE, startedAt: 0, status: 200, outcome: "answered", streaming: true },
    ...{ bytesIn: 1, bytesOut: 2 },
  }) as unknown as RequestContext;

/** Writes the rows of requests, and notes after which of them the thread is told, and the timers that are set. */
function openRecording(sizes: { readonly segmentBytes: number; readonly maxBytes: number }, keepsContent = false) {
  const folder = scratchFolder("history");
  const writer = createSpoolWriter({ folder, slot: 0, firstSegment: 1, maxUnwrittenBytes: 1 << 20, ...sizes });
  const timers: { readonly work: () => void; readonly ms: number }[] = [];
  const told: { readonly rows: number; readonly bytes: number }[] = [];
  let rows = 0;
  const recording = recordRequests({
    writer,
    formats: new Map([[ROUTE, "chat"]]),
    problems: createProblems(() => {}),
    losses: createLosses(() => {}),
    content: keepsContent ? { over() {}, lose() {}, flush() {} } : undefined,
    clock: () => 1,
    timers: { now: () => 0, setTimer: (work, ms) => timers.push({ work, ms }), clearTimer() {} },
    onWritten: () => told.push({ rows, bytes: writer.position().bytes }),
  });
  return {
    timers,
    told,
    write(count: number) {
      for (let index = 0; index < count; index++) recording.observe(requestOf(rows++), 5);
    },
    [Symbol.dispose]() {
      recording.close();
      writer.close();
    },
  };
}

test("few rows wait for the timer of the first of them, and the next ones for another", () => {
  using recording = openRecording({ segmentBytes: 1 << 20, maxBytes: 1 << 30 });
  recording.write(20);
  expect([recording.timers.length, recording.told]).toEqual([1, []]);
  recording.timers[0]?.work();
  expect(recording.told.map(({ rows }) => rows)).toEqual([20]);
  recording.write(1);
  expect(recording.timers.length).toBe(2);
});

test("rows wait for a shorter time if bodies wait in memory with them", () => {
  using plain = openRecording({ segmentBytes: 1 << 20, maxBytes: 1 << 30 });
  using content = openRecording({ segmentBytes: 1 << 20, maxBytes: 1 << 30 }, true);
  plain.write(1);
  content.write(1);
  expect(content.timers[0]?.ms).toBeLessThan(plain.timers[0]?.ms ?? 0);
});

test.each([
  ["an eighth of what may wait", { segmentBytes: 1 << 20, maxBytes: 64 * 1024 }, 8 * 1024],
  ["half a segment", { segmentBytes: 32 * 1024, maxBytes: 1 << 30 }, 16 * 1024],
])("the thread is told at once of %s, and not of each row behind it", (_, sizes, bytes) => {
  using recording = openRecording(sizes);
  recording.write(1);
  const { told } = recording;
  while (told.length === 0) recording.write(1);
  const [first] = told;
  expect(first?.bytes).toBeGreaterThan(bytes);
  expect(first?.bytes).toBeLessThan(bytes + 1024);
  while (told.length === 1) recording.write(1);
  const between = (told[1]?.rows ?? 0) - (first?.rows ?? 0);
  expect(Math.abs(between - (first?.rows ?? 0))).toBeLessThan(5);
  expect(recording.timers.length).toBe(1);
});
