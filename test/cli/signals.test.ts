import { expect, test } from "bun:test";
import { createEndSignalHandler } from "../../src/cli/signals.ts";

function setUp() {
  const rig = { now: 5000, did: [] as string[], handle: (_: "SIGINT" | "SIGTERM") => {} };
  rig.handle = createEndSignalHandler({
    begin: (signal) => rig.did.push(`begin ${signal}`),
    atOnce: (code) => rig.did.push(`at once ${code}`),
    now: () => rig.now,
  });
  return rig;
}

test("one press of Ctrl+C that arrives two or three times is one", () => {
  const rig = setUp();
  rig.handle("SIGINT");
  rig.handle("SIGINT");
  rig.now += 999;
  rig.handle("SIGINT");
  expect(rig.did).toEqual(["begin SIGINT"]);
});

test("so is a SIGTERM that is passed on, for a moment only", () => {
  const rig = setUp();
  rig.handle("SIGTERM");
  rig.now += 49;
  rig.handle("SIGTERM");
  expect(rig.did).toEqual(["begin SIGTERM"]);
  rig.now += 1;
  rig.handle("SIGTERM");
  expect(rig.did).toEqual(["begin SIGTERM", "at once 143"]);
});

test.each([
  ["SIGINT", "SIGINT", 1000, 130],
  ["SIGINT", "SIGTERM", 0, 143],
  ["SIGTERM", "SIGINT", 0, 130],
] as const)("after %s, %s %i ms later ends the process at once, with code %i", (first, second, later, code) => {
  const rig = setUp();
  rig.handle(first);
  rig.now += later;
  rig.handle(second);
  expect(rig.did).toEqual([`begin ${first}`, `at once ${code}`]);
});
