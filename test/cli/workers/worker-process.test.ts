import { expect, test } from "bun:test";
import { handleOf } from "../../../src/cli/workers/worker-process.ts";
import { within } from "../../fixtures/within.ts";

// A process that was killed is like this one for a moment: it does not receive, and its exit is not known yet.
test("what is sent to a worker whose channel has closed is lost, though it has not ended", async () => {
  const closed = Promise.withResolvers<void>();
  const script = "setInterval(() => {}, 1000); process.disconnect();";
  const child = Bun.spawn([process.execPath, "-e", script], {
    stdio: ["ignore", "inherit", "inherit"],
    ipc() {},
    onDisconnect: () => closed.resolve(),
  });
  const worker = handleOf(child);
  await within(closed.promise, 3000, "the channel to close");
  expect([child.exitCode, child.signalCode]).toEqual([null, null]);
  expect(() => worker.send({ kind: "drain" })).not.toThrow();
  worker.kill();
  expect(await within(child.exited, 3000, "the process to end")).not.toBe(0);
  expect(() => worker.send({ kind: "drain" })).not.toThrow();
  expect(() => worker.kill()).not.toThrow();
});
