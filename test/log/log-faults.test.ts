import { expect, test } from "bun:test";
import { createLog } from "../../src/telemetry/log.ts";
import { collectLogLines } from "../fixtures/log-lines.ts";

test("what is thrown again and again is written at its first, tenth and hundredth time, by its kind", () => {
  const lines = collectLogLines();
  const { onFault } = createLog({ level: "info", environment: "lab" }, lines);
  const error = new Error("broken");
  for (let count = 0; count < 250; count++) onFault(error);
  onFault("another");
  const unfit: unknown = Object.create(null);
  onFault(unfit);

  const msg = "something failed outside of a request";
  expect(lines.lines).toMatchObject([
    { level: "error", msg, count: 1, cause: expect.stringContaining("Error: broken\n") },
    { count: 10 },
    { count: 100 },
    { level: "error", msg, count: 1, cause: "another" },
    { level: "error", msg, count: 1, cause: "object" },
  ]);
});

test("faults that all differ do not fill memory or the log", () => {
  const lines = collectLogLines();
  const { onFault } = createLog({ level: "info", environment: "lab" }, lines);
  for (let count = 0; count < 5000; count++) onFault(`fault ${count}`);
  expect(lines.lines.length).toBeLessThan(110);
});
