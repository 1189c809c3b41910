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
  rig.handle("SIGTERM");
  expect(rig.did).toEqual(["begin SIGINT"]);
});

test.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)("a later %s ends the process at once, with code %i", (signal, code) => {
  const rig = setUp();
  rig.handle("SIGINT");
  rig.now += 1000;
  rig.handle(signal);
  expect(rig.did).toEqual(["begin SIGINT", `at once ${code}`]);
});
