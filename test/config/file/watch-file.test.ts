import { describe, expect, test } from "bun:test";
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { watchFile } from "../../../src/config/file/watch-file.ts";
import { createManualClock, settle } from "../../fixtures/manual-clock.ts";
import { within } from "../../fixtures/within.ts";
import { newFolder } from "./load-file.ts";

function openWatch(hasEvents = true) {
  const clock = createManualClock();
  let changes = 0;
  let state: string | undefined = "first";
  let listening = 0;
  let report: (name: string | undefined) => void = () => {};
  let fail: () => void = () => {};
  const watch = watchFile("/etc/gateway/gateway.yaml", () => (changes += 1), {
    timers: clock,
    watchFolder(folder, onEvent, onError) {
      expect(folder).toBe("/etc/gateway");
      if (!hasEvents) throw new Error("not supported");
      listening += 1;
      report = onEvent;
      fail = onError;
      return { close: () => (listening -= 1) };
    },
    fingerprint: async () => state,
  });
  return {
    ...{ clock, close: watch.close, changes: () => changes, listening: () => listening },
    event: (name: string | undefined) => report(name),
    fail: () => fail(),
    hold: (next: string | undefined) => (state = next),
  };
}

describe("a watch", () => {
  test("calls once, when the file has been left alone for a tenth of a second", async () => {
    const { clock, event, changes } = openWatch();
    event("gateway.yaml");
    await clock.advance(60);
    event("gateway.yaml");
    await clock.advance(99);
    expect(changes()).toBe(0);
    await clock.advance(1);
    expect(changes()).toBe(1);
    await clock.advance(10_000);
    expect(changes()).toBe(1);
  });

  test("calls after a second of a file that is never left alone", async () => {
    const { clock, event, changes } = openWatch();
    for (let count = 0; count < 20; count += 1) {
      event("gateway.yaml");
      await clock.advance(50);
    }
    expect(changes()).toBe(1);
  });

  test("takes the links of Kubernetes and names that are not known for the file, and others not", async () => {
    const { clock, event, changes } = openWatch();
    for (const name of ["gateway.yaml.swp", "other.yaml", "4913"]) event(name);
    await clock.advance(1000);
    expect(changes()).toBe(0);
    event("..data");
    await clock.advance(1000);
    event(undefined);
    await clock.advance(1000);
    expect(changes()).toBe(2);
  });

  test.each([true, false])("looks itself every two seconds (events: %p)", async (hasEvents) => {
    const { clock, hold, changes, close } = openWatch(hasEvents);
    await settle();
    hold("second");
    await clock.advance(2100);
    expect(changes()).toBe(1);
    hold(undefined);
    await clock.advance(2100);
    hold("second");
    await clock.advance(2100);
    expect(changes()).toBe(3);
    close();
    expect(clock.timersWaiting()).toBe(0);
  });

  test("listens again after its folder was replaced, and to nothing when it is closed", async () => {
    const { clock, hold, fail, listening, close } = openWatch();
    await settle();
    expect(listening()).toBe(1);
    fail();
    expect(listening()).toBe(0);
    hold("second");
    await clock.advance(2100);
    expect(listening()).toBe(1);
    close();
    expect([listening(), clock.timersWaiting()]).toEqual([0, 0]);
  });
});

function openVolume(folder: string): void {
  for (const name of ["..1", "..2"]) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, "gateway.yaml"), name);
  }
  symlinkSync("..1", join(folder, "..data"));
  symlinkSync("..data/gateway.yaml", join(folder, "gateway.yaml"));
}

test.each<readonly [string, (folder: string) => void, boolean?]>([
  ["is written", (folder: string) => writeFileSync(join(folder, "gateway.yaml"), "b")],
  [
    "is replaced by a rename",
    (folder: string) => {
      writeFileSync(join(folder, "new"), "b");
      renameSync(join(folder, "new"), join(folder, "gateway.yaml"));
    },
  ],
  ["is removed", (folder: string) => rmSync(join(folder, "gateway.yaml"))],
  [
    "is in a volume of Kubernetes",
    (folder: string) => {
      symlinkSync("..2", join(folder, "..data_tmp"));
      renameSync(join(folder, "..data_tmp"), join(folder, "..data"));
    },
    true,
  ],
])("the system says that a file %s", async (_, change, isVolume = false) => {
  const folder = newFolder();
  if (isVolume) openVolume(folder);
  else writeFileSync(join(folder, "gateway.yaml"), "a");
  const changed = Promise.withResolvers<void>();
  const timers = {
    now: () => performance.now(),
    setTimer: (callback: () => void, delayMs: number) => setTimeout(callback, delayMs),
    clearTimer: (timer: unknown) => clearTimeout(timer as Timer),
  };
  // Without its own looking.
  const watch = watchFile(join(folder, "gateway.yaml"), changed.resolve, { timers, fingerprint: async () => "same" });
  change(folder);
  await within(changed.promise, 1000, "the change");
  watch.close();
});
