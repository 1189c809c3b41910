import { expect, test } from "bun:test";
import { type FromWorker, spawnWithChannel } from "../../../src/cli/workers/worker-process.ts";
import { within } from "../../fixtures/within.ts";

// A process that was killed is like this one for a moment: its channel is closed, and its exit is not known yet.
test("what is sent to a worker whose channel has closed is lost, though it has not ended", async () => {
  const ended = Promise.withResolvers<number | string>();
  const ready = Promise.withResolvers<FromWorker>();
  const script = `process.on("message", () => process.disconnect());
    process.send({ kind: "ready" });
    setInterval(() => {}, 1000);`;
  const worker = spawnWithChannel([process.execPath, "-e", script], { said: ready.resolve, ended: ended.resolve });
  expect(await within(ready.promise, 3000, "its first words")).toEqual({ kind: "ready" });
  let isEnded = false;
  void ended.promise.then(() => (isEnded = true));
  // The first one has it close the channel, while the others are sent.
  try {
    for (const until = performance.now() + 300; performance.now() < until; await Bun.sleep(1)) {
      worker.send({ kind: "drain" });
    }
    expect(isEnded).toBe(false);
  } finally {
    worker.kill();
  }
  expect(await within(ended.promise, 3000, "its end")).toBe("SIGKILL");
  expect(() => worker.send({ kind: "drain" })).not.toThrow();
  expect(() => worker.kill()).not.toThrow();
});
